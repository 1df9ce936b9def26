#!/usr/bin/env bash
# Runs every fuzz target for as long as it is told ($1, 60s), two at a time, each on one core. A target that fails shows
# all it said, and the input is kept in the package's testdata for the next `go test`.
set -euo pipefail
cd "$(dirname "$0")/.."
export GO="${GO:-go}" FUZZTIME="${1:-60s}"

# Whether the output ($2) of a failed target ($1) says no more than that the time was over: up to Go 1.26 the coordinator
# takes the end of -fuzztime for a failure when it sees it before its workers do (https://go.dev/issue/75804). What a
# target finds is written to a file, and a worker that hangs or dies is told of.
overtime() {
  [[ $(sed -n '/^--- FAIL/,$p' <<<"$2" | sed -E '1s/ \(.*//; $s/\t.*//') == \
    "--- FAIL: $1"$'\n    context deadline exceeded\nFAIL\nexit status 1\nFAIL' ]]
}

run() {
  local folder=$1 target=$2 out
  if out=$("$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 1x -parallel 1 "./$folder" 2>&1) || overtime "$target" "$out"; then
    printf 'fuzz   %-28s %-24s %s\n' "$folder" "$target" "$(grep -E '^fuzz: elapsed.*execs' <<<"$out" | tail -1 | sed 's/^fuzz: //')"
  else
    printf 'fuzz   %s %s failed:\n%s\n' "$folder" "$target" "$out"
    return 1
  fi
}
export -f run overtime

grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' controlplane gofilter | sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort |
  xargs -P 2 -L 1 bash -c 'run "$0" "$1"'
