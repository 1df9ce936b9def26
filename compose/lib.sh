# shellcheck shell=bash disable=SC2034
# Sourced by the scripts beside it: what they share. It leaves `compose` (an array), the settings of .env and the URLs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

gateway_up_within=120 # seconds

fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# What .env says, unless the environment says otherwise.
while IFS='=' read -r name value; do
  [[ -z $name || $name == \#* || -v $name ]] || export "$name=$value"
done <.env

gateway=http://127.0.0.1:$GATEWAY_PORT
hello=com.alibaba.dubbo.performance.demo.provider.IHelloService
echo=org.dubbomesh.demo.Echo

command -v curl >/dev/null || fail "curl is missing (Debian: apt-get install curl)"
command -v docker >/dev/null ||
  fail "docker is missing; Debian's packages are docker.io and docker-compose (apt-get install --no-install-recommends docker.io docker-compose)"
if docker compose version >/dev/null 2>&1; then
  compose=(docker compose)
elif command -v docker-compose >/dev/null; then
  compose=(docker-compose)
else
  fail "neither 'docker compose' nor 'docker-compose' is there; Debian's package is docker-compose (apt-get install --no-install-recommends docker-compose)"
fi
compose+=(-f "$PWD/compose.yaml" -p "$COMPOSE_PROJECT_NAME")
if ! answer=$(docker version --format '{{.Server.Version}}' 2>&1); then
  fail "the docker engine (Debian: package docker.io) cannot be used, start it or join the group docker: ${answer##*$'\n'}"
fi

# call SERVICE/METHOD JSON [CURL-OPTION…] prints the gateway's answer.
call() {
  local path=$1 body=$2
  shift 2
  curl -s --max-time 5 -H 'content-type: application/json' -d "$body" "$@" "$gateway/$path"
}
