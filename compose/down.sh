#!/usr/bin/env bash
# Removes the containers, the network and etcd's volume. Options go to `docker compose down`: --rmi all removes the images too.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
"${compose[@]}" down --volumes --remove-orphans "$@"
