#!/usr/bin/env bash
# Everything that `make test` and `make test-peers` do. Whatever happens, the last line says how many passed, failed and
# were skipped, and the exit status says whether all is well.
#
#   infra/setup/test.sh          the linters, and every test with the race detector
#   infra/setup/test.sh peers    the tests named TestPeer…, which are built with the tag peers
set -uo pipefail
cd "$(dirname "$0")/../.."
export PATH="$PATH:/usr/local/go/bin:$PWD/.bin/debian/bin" CGO_ENABLED=1

results=.bin/test
rm -rf "$results"
mkdir -p "$results"
checks=()
chosen=()

check() {
  local name=$1
  shift
  if "$@"; then checks+=(-check "$name=passed"); else checks+=(-check "$name=failed"); fi
}

if ! infra/setup/ensure.sh compiler postgres chromium linter; then
  # Without these no result would mean anything. The sentence above says what to do.
  echo
  echo "0 passed, 1 failed, 0 skipped" | tee "$results/count"
  exit 1
fi

if [ "${1:-}" = peers ]; then
  chosen=(-tags peers -run '^TestPeer')
else
  echo "lint"
  check lint .bin/golangci-lint run
fi

echo "tests, with the race detector"
# Each package has fifteen minutes, and no result is taken from a cache.
go tool gotestsum --format pkgname --format-hide-empty-pkg --hide-summary=skipped --jsonfile "$results/tests.json" -- \
  -race -count=1 -timeout 15m "${chosen[@]}" ./...
status=$?

# Built, since `go run` would add a line of its own after the last.
go build -o .bin/testcount ./infra/testcount &&
  .bin/testcount "${checks[@]}" -status $status "$results/tests.json" | tee "$results/report"
status=$?
tail -n 1 "$results/report" >"$results/count"
exit $status
