#!/usr/bin/env bash
# Everything that `make test` and `make test-peers` do. Whatever happens, the last line says how many passed, failed and
# were skipped, and the exit status says whether all is well.
#
#   infra/setup/test.sh          the linters, and every test, with the race detector where things run side by side
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

needed=(compiler postgres chromium linter speech sipp)
[ "${1:-}" != peers ] || needed+=(phones)
if ! infra/setup/ensure.sh "${needed[@]}"; then
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

# run FILE FLAGS... PACKAGES...: each package has fifteen minutes, and no result is taken from a cache.
status=0
run() {
  local file=$1
  shift
  go tool gotestsum --format pkgname --format-hide-empty-pkg --hide-summary=skipped --jsonfile "$results/$file.json" -- \
    -count=1 -timeout 15m "$@" || status=1
}

if [ "${1:-}" = peers ]; then
  run raced -race "${chosen[@]}" ./...
else
  # Nothing in these packages runs beside anything else, or what does is tried with the detector elsewhere (parity's channels
  # and the studio's handlers by app/e2e); without it their random tests try fifty times as much, and long texts are read in
  # seconds. So are a few long tests, each of which is one calculation.
  mapfile -t pure < <(go list ./policy/... ./app/channels/voice/parity ./app/understanding/local ./app/cmd/policies ./app/workspaces/studio \
    ./infra/lint | grep -v -e '/simulate$' -e '/access$')
  mapfile -t rest < <(go list ./... | grep -v -x -F "$(printf '%s\n' "${pure[@]}")")
  calculations='^(TestSpeechIsNotHeardAsKeys|TestMP3IsRead|TestMapEqualsEnforce)$'
  echo "tests, with the race detector"
  run raced -race -skip "$calculations" "${rest[@]}"
  echo "tests of what is pure"
  run pure "${pure[@]}"
  run calculations -run "$calculations" ./app/channels/voice/media ./policy/access
fi
cat "$results"/*.json >"$results/tests"

# Built, since `go run` would add a line of its own after the last.
go build -o .bin/testcount ./infra/testcount &&
  .bin/testcount "${checks[@]}" -status $status "$results/tests" | tee "$results/report"
status=$?
tail -n 1 "$results/report" >"$results/count"
exit $status
