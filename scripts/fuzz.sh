#!/usr/bin/env bash
# Runs every fuzz target for as long as it is told ($1, 60s), two at a time, each on one core. A target that fails shows
# all it said, and the input is kept in the package's testdata for the next `go test`.
set -euo pipefail
cd "$(dirname "$0")/.."
export GO="${GO:-go}" FUZZTIME="${1:-60s}"

run() {
  local folder=$1 target=$2 out
  if out=$("$GO" test -run '^$' -fuzz "^$target\$" -fuzztime "$FUZZTIME" -fuzzminimizetime 1x -parallel 1 "./$folder" 2>&1); then
    printf 'fuzz   %-28s %-24s %s\n' "$folder" "$target" "$(grep -E '^fuzz: elapsed.*execs' <<<"$out" | tail -1 | sed 's/^fuzz: //')"
  else
    printf 'fuzz   %s %s failed:\n%s\n' "$folder" "$target" "$out"
    return 1
  fi
}
export -f run

grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' controlplane gofilter | sed -E 's|^(.*)/[^/]*:func (.*)$|\1 \2|' | sort |
  xargs -P 2 -L 1 bash -c 'run "$0" "$1"'
