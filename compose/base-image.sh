#!/usr/bin/env bash
# Sees to it that there is an image debian:bookworm-slim: the one at hand, the official one, or, where no registry is
# reached, one built here with mmdebstrap from Debian's packages.
set -euo pipefail
image=debian:bookworm-slim

docker image inspect "$image" >/dev/null 2>&1 && exit 0
echo "image  $image" >&2
timeout 300 docker pull -q "$image" >/dev/null 2>&1 && exit 0

command -v mmdebstrap >/dev/null || {
  echo "base-image.sh: $image cannot be pulled here, and mmdebstrap is missing to build it (Debian: apt-get install mmdebstrap)" >&2
  exit 1
}
echo "image  $image cannot be pulled; building it with mmdebstrap (a minute)" >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$folder/rootfs.tar" 2>"$folder/log" || {
  echo "base-image.sh: mmdebstrap failed:" >&2
  tail -20 "$folder/log" >&2
  exit 1
}
docker import --change 'CMD ["bash"]' "$folder/rootfs.tar" "$image" >/dev/null
