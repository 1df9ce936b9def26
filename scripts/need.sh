#!/usr/bin/env bash
# need.sh TOOL… fails with one sentence that names the first tool that is missing and how to get it.
set -euo pipefail
for tool; do
  case $tool in
    go)     hint="Go 1.26 or later from go.dev/dl" ;;
    cc)     hint="a C compiler (Debian: apt-get install gcc libc6-dev)" ;;
    pip)    hint="python3 with pip (Debian: apt-get install python3-pip)" ;;
    java)   hint="a JDK, 17 or later (Debian: apt-get install openjdk-17-jdk-headless)" ;;
    mvn)    hint="Maven 3.8 or later (Debian: apt-get install maven)" ;;
    wrk)    hint="wrk (Debian: apt-get install wrk)" ;;
    *)      hint="$tool" ;;
  esac
  if [[ $tool == cc ]]; then
    tool=${CC:-cc}
    tool=${tool%% *} # what follows are arguments, as in CC="ccache gcc"
  fi
  if [[ $tool == pip ]]; then
    python3 -m pip --version >/dev/null 2>&1 && continue
  else
    command -v "$tool" >/dev/null && continue
  fi
  echo "make: '$tool' is missing; install $hint" >&2
  exit 1
done
