#!/usr/bin/env bash
# Makes sure that this machine has what the named things need, and says nothing when it has:
#
#   infra/setup/ensure.sh [postgres] [compiler] [chromium] [linter] [speech] [sipp] [phones]
#
# What is missing is installed with apt-get by root, or by a user whose sudo asks for no password. Any other user gets
# the same Debian packages unpacked under .bin/debian, with a small script in .bin/debian/bin for each program, so that
# nothing outside the checkout changes. Where neither works, one sentence names the command to run and the exit status
# is 1.
set -euo pipefail
cd "$(dirname "$0")/../.."

linter_version=2.15.0
unpacked=$PWD/.bin/debian
export PATH="$PATH:/usr/local/go/bin:$unpacked/bin"
export DEBIAN_FRONTEND=noninteractive

say() { echo "setup: $*" >&2; }

# Each thing has a test whether it is here, the Debian packages that bring it, and its name for a person.

has_postgres() {
  local folder
  for folder in "${ONEDOOR_POSTGRES_BIN:-}" "$(dirname "$(command -v initdb || true)")" /usr/lib/postgresql/*/bin; do
    [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] || continue
    # 15 is Debian 12's, and the oldest that the migrations were tried on.
    [[ $("$folder/postgres" --version) =~ \ ([0-9]+) ]] && ((BASH_REMATCH[1] >= 15)) && return
  done
  return 1
}

# The race detector needs a C compiler with the C library's headers, so a trial compilation is the only honest test.
has_compiler() {
  local trial status=0
  trial=$(mktemp -d)
  printf '#include <pthread.h>\nint main(void) { return 0; }\n' >"$trial/trial.c"
  "${CC:-gcc}" -pthread -o "$trial/trial" "$trial/trial.c" 2>/dev/null && "$trial/trial" || status=1
  rm -r "$trial"
  return $status
}

has_chromium() {
  local name
  for name in headless_shell headless-shell chromium chromium-browser google-chrome google-chrome-stable; do
    "$name" --version >/dev/null 2>&1 && return
  done
  return 1
}

has_linter() {
  [[ $(.bin/golangci-lint version 2>/dev/null) =~ version\ v?${linter_version//./\\.}\ built\ with\ (go1\.[0-9]+) ]] &&
    [[ $(go env GOVERSION) =~ ^${BASH_REMATCH[1]}(\.|$) ]]
}

has_speech() { espeak-ng --version >/dev/null 2>&1; }

# sipp ends with 99 after it has printed its version.
has_sipp() { [[ $(sipp -v 2>/dev/null) == *SIPp* ]]; }

# A registrar and a telephone that others wrote.
has_phones() {
  kamailio -v >/dev/null 2>&1 && command -v baresip >/dev/null
}

packages_of() {
  case $1 in
    postgres) echo postgresql ;;
    compiler) echo gcc libc6-dev ;;
    chromium) echo chromium ;;
    speech) echo espeak-ng ;;
    sipp) echo sip-tester ;;
    phones) echo kamailio baresip ;;
  esac
}

name_of() {
  case $1 in
    postgres) echo "PostgreSQL 15 or newer" ;;
    compiler) echo "a C compiler (for the race detector)" ;;
    chromium) echo "Chromium" ;;
    speech) echo "espeak-ng (the voice of the telephone line)" ;;
    sipp) echo "sipp (a telephone for tests)" ;;
    phones) echo "Kamailio and baresip (a registrar and a telephone for tests)" ;;
  esac
}

# The first way: apt-get, as root.

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n --preserve-env=DEBIAN_FRONTEND "$@"; fi
}

may_be_root() {
  command -v apt-get >/dev/null || return
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -n true 2>/dev/null; }
}

install_packages() {
  local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=300)
  # Debian's package would make and start a cluster of its own. Ours is private, and theirs would take port 5432.
  local quiet=/etc/postgresql-common/createcluster.d/onedoor-setup.conf ours=
  if [[ " $* " == *" postgresql "* ]] && [ ! -e "$quiet" ]; then
    as_root mkdir -p "$(dirname "$quiet")"
    echo 'create_main_cluster = false' | as_root tee "$quiet" >/dev/null
    ours=yes
  fi
  local status=0
  # A package list that is absent or stale shows itself as a failure to install: then it is fetched, once.
  as_root apt-get "${options[@]}" install "$@" >"$log" 2>&1 || {
    as_root apt-get "${options[@]}" update >"$log" 2>&1 && as_root apt-get "${options[@]}" install "$@" >>"$log" 2>&1
  } || status=1
  [ -z "$ours" ] || as_root rm -f "$quiet"
  return $status
}

# The second way: an ordinary user keeps a package list and the packages' files in the checkout.

unpack_packages() {
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return
  local state=$unpacked/apt root=$unpacked/root
  local options=(-y -q --no-install-recommends -o "Dir::State=$state" -o Dir::State::status=/var/lib/dpkg/status
    -o "Dir::Cache=$state/cache" -o "Dir::Log=$state/log" -o Debug::NoLocking=1 -o APT::Sandbox::User=)
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root/usr/bin" "$root/usr/lib" "$root/usr/sbin"
  local name
  for name in bin lib sbin; do [ -e "$root/$name" ] || ln -s "usr/$name" "$root/$name"; done
  apt-get "${options[@]}" update >"$log" 2>&1 || return
  apt-get "${options[@]}" --download-only install "$@" >>"$log" 2>&1 || return
  local package
  for package in "$state"/cache/archives/*.deb; do
    # The C library must stay the system's own: its loader and its libraries are of one build.
    [[ $package == */libc6_* ]] && continue
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --no-same-owner || return
    rm "$package"
  done
  rm -rf "$state/cache"
  adopt_system_libraries "$root"
  write_launchers "$root"
}

# The unpacked compiler looks for libraries below the unpacked root only, and those that the system already had were
# not unpacked there.
adopt_system_libraries() {
  local library here
  for library in /lib/*-linux-gnu/*.so.* /lib64/ld-linux*; do
    here=$1${library}
    [ -e "$here" ] || { mkdir -p "$(dirname "$here")" && ln -s "$library" "$here"; }
  done
}

# launcher NAME PROGRAM [ARGUMENT…] writes .bin/debian/bin/NAME. It finds its files from its own place, so a checkout
# can be moved.
launcher() {
  local name=$1 program=$2
  shift 2
  [ -x "$unpacked/root/$program" ] || return 0
  mkdir -p "$unpacked/bin"
  cat >"$unpacked/bin/$name" <<LAUNCHER
#!/bin/sh
# Written by infra/setup/ensure.sh: runs a Debian package that was unpacked, not installed.
case \$0 in */*) root=\${0%/*}/../root ;; *) root=$unpacked/root ;; esac
root=\$(cd "\$root" && pwd)
libraries=\$(echo "\$root"/usr/lib/*-linux-gnu)
LD_LIBRARY_PATH=\$libraries:\$libraries/pulseaudio:\$root/usr/lib
FONTCONFIG_FILE=\$root/fonts.conf
export LD_LIBRARY_PATH FONTCONFIG_FILE
exec "\$root/$program" $* "\$@"
LAUNCHER
  chmod +x "$unpacked/bin/$name"
}

write_launchers() {
  local program
  for program in "$1"/usr/lib/postgresql/*/bin/*; do
    [ -x "$program" ] && launcher "$(basename "$program")" "${program#"$1"/}"
  done
  cat >"$1/fonts.conf" <<'FONTS'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir prefix="relative">usr/share/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
FONTS
  launcher chromium usr/lib/chromium/chromium
  launcher sipp usr/bin/sipp
  # shellcheck disable=SC2016 # $root and $libraries are the launcher's
  launcher espeak-ng usr/bin/espeak-ng '--path="$(echo "$root"/usr/lib/*-linux-gnu)"'
  # shellcheck disable=SC2016
  launcher kamailio usr/sbin/kamailio '-L "$(echo "$root"/usr/lib/*-linux-gnu)/kamailio/modules"'
  launcher baresip usr/bin/baresip
  # shellcheck disable=SC2016 # $root is the launcher's
  launcher gcc usr/bin/gcc '"--sysroot=$root"' '"-B$root/usr/bin"'
}

# The linter comes from the Go module proxy: an installed one of the same version is taken, else it is built.
ensure_linter() {
  has_linter && return
  mkdir -p .bin
  local found
  for found in "$(command -v golangci-lint || true)" "$(go env GOPATH)/bin/golangci-lint"; do
    [ -x "$found" ] && ln -sf "$found" .bin/golangci-lint && has_linter && return
  done
  rm -f .bin/golangci-lint
  say "building golangci-lint $linter_version into .bin (once, about four minutes on two cores)"
  CGO_ENABLED=0 GOBIN=$PWD/.bin GOFLAGS="${GOFLAGS:-} -buildvcs=false" \
    go install "github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$linter_version" >"$log" 2>&1 && has_linter && return
  tail -n 20 "$log" >&2
  say "golangci-lint $linter_version could not be built. Run: GOBIN=$PWD/.bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$linter_version"
  return 1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT

command -v go >/dev/null || {
  say "Go is missing. Install Go 1.26 or newer, and put its bin folder on the PATH."
  exit 1
}

missing=()
packages=()
linter=
for thing in "$@"; do
  case $thing in
    linter) linter=wanted ;;
    postgres | compiler | chromium | speech | sipp | phones)
      if ! "has_$thing"; then
        missing+=("$thing")
        read -ra wanted <<<"$(packages_of "$thing")"
        packages+=("${wanted[@]}")
      fi
      ;;
    *)
      say "there is nothing called $thing to set up"
      exit 2
      ;;
  esac
done

if [ ${#missing[@]} = 0 ]; then
  : # the usual case
elif may_be_root; then
  say "installing ${packages[*]}"
  install_packages "${packages[@]}" || tail -n 20 "$log" >&2
else
  say "unpacking ${packages[*]} into .bin/debian (no right to install)"
  unpack_packages "${packages[@]}" || tail -n 20 "$log" >&2
fi
hash -r

status=0
for thing in ${missing[@]+"${missing[@]}"}; do
  "has_$thing" && continue
  say "$(name_of "$thing") is missing and could not be set up. Run: sudo apt-get install -y --no-install-recommends $(packages_of "$thing")"
  status=1
done
[ $status != 0 ] || [ -z "$linter" ] || ensure_linter || status=1
exit $status
