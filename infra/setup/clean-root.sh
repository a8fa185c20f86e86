#!/usr/bin/env bash
# Tries the set-up on a machine that has nothing: run by hand, as root, on Debian, with debootstrap installed.
#
#   infra/setup/clean-root.sh SITUATION [COMMAND…]        COMMAND is `make test` when not given
#
#   root          root, nothing preinstalled
#   user          an ordinary user without sudo, nothing preinstalled
#   sudo          an ordinary user whose sudo asks for no password, nothing preinstalled
#   preinstalled  an ordinary user without sudo; PostgreSQL, Chromium and gcc are installed
#
# A minimal Debian 12 with git and make is made once in $CLEAN_ROOT (default /var/tmp/onedoor-clean-root), with this
# machine's Go, Node and ways to reach the package registries (certificates, apt's sources, npm's and Go's settings).
# None of these is ever committed: they are copied at the time of the trial. The situation gets a fresh copy of it, and
# in that a clone of HEAD. WARM=1 copies this machine's Go caches and linter too, to try the rest in less time. Mounts
# live in a namespace of their own and go away with it; the copy stays for a look until the next trial.
set -euo pipefail
cd "$(dirname "$0")/../.."

situation=${1:?name a situation: root, user, sudo or preinstalled}
shift
[ $# -gt 0 ] || set -- make test
where=${CLEAN_ROOT:-/var/tmp/onedoor-clean-root}
base=$where/base
trial=$where/$situation

make_base() {
  local new=$base.new
  rm -rf "$new"
  debootstrap --variant=minbase --include=ca-certificates,git,make,sudo bookworm "$new"
  cp "$(command -v node)" "$new/usr/bin/node"
  mkdir -p "$new/usr/lib/node_modules"
  cp -a "$(dirname "$(readlink -f "$(command -v npm)")")/.." "$new/usr/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$new/usr/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$new/usr/bin/npx"
  cp -a "$(go env GOROOT)" "$new/usr/local/go"
  # The ways to reach the registries.
  cp -L /etc/resolv.conf /etc/hosts "$new/etc/"
  cp -L /etc/ssl/certs/ca-certificates.crt "$new/etc/ssl/certs/"
  if [ -e /etc/apt/sources.list.d/debian.sources ]; then
    rm -f "$new/etc/apt/sources.list"
    cp /etc/apt/sources.list.d/debian.sources "$new/etc/apt/sources.list.d/"
  fi
  grep -lE '^Acquire' /etc/apt/apt.conf.d/* 2>/dev/null | grep -v docker | xargs -rI{} cp {} "$new/etc/apt/apt.conf.d/"
  [ ! -e ~/.npmrc ] || cp ~/.npmrc "$new/etc/skel/.npmrc"
  mkdir -p "$new/etc/skel/.config/go"
  printf 'GOPROXY=%s\nGOSUMDB=%s\nGONOSUMDB=%s\n' "$(go env GOPROXY)" "$(go env GOSUMDB)" "$(go env GONOSUMDB)" \
    >"$new/etc/skel/.config/go/env"
  cp -a "$new/etc/skel/." "$new/root/"
  chroot "$new" useradd --create-home --shell /bin/bash ana
  mv "$new" "$base"
}

[ -d "$base" ] || make_base
rm -rf "$trial" && mkdir -p "$trial"
cp -a --reflink=auto "$base/." "$trial"

home=/home/ana who=ana
case $situation in
  root) home=/root who=root ;;
  user | preinstalled) ;;
  sudo) echo 'ana ALL=(ALL) NOPASSWD: ALL' >"$trial/etc/sudoers.d/ana" ;;
  *) echo "there is no situation called $situation" >&2 && exit 2 ;;
esac

git clone --quiet --no-local . "$trial$home/onedoor"
git -C "$trial$home/onedoor" checkout --quiet "$(git rev-parse HEAD)"
if [ "${WARM:-}" = 1 ]; then
  mkdir -p "$trial$home/go/bin" "$trial$home/go/pkg" "$trial$home/.cache"
  cp -a "$(go env GOMODCACHE)" "$trial$home/go/pkg/mod"
  cp -a "$(go env GOCACHE)" "$trial$home/.cache/go-build"
  cp "$(command -v golangci-lint || echo "$(go env GOPATH)/bin/golangci-lint")" "$trial$home/go/bin/"
fi
chroot "$trial" chown -R "$who:$who" "$home"

# shellcheck disable=SC2016 # expanded by the inner shells
unshare --mount --pid --fork --kill-child bash -c '
  set -e
  trial=$1 situation=$2 who=$3 home=$4
  shift 4
  mount --make-rprivate /
  mount -t proc proc "$trial/proc"
  mount --rbind /dev "$trial/dev"
  if [ "$situation" = preinstalled ]; then
    chroot "$trial" sh -c "apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends postgresql chromium gcc libc6-dev" >"$trial/preinstalled.log" 2>&1
  fi
  exec chroot "$trial" env -i TERM=dumb LANG=C.UTF-8 PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --reuid="$who" --regid="$who" --init-groups env HOME="$home" USER="$who" \
    bash -c "cd && cd onedoor && time \"\$@\"" - "$@"
' - "$trial" "$situation" "$who" "$home" "$@" </dev/null
