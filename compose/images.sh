#!/usr/bin/env bash
# Builds the images. Everything is compiled on this machine; an image is a base and files copied into it, gathered in
# bin/compose/<image>/. Linked statically where possible, so that the programs run in other images too.
set -euo pipefail
cd "$(dirname "$0")/.."

compose/base-image.sh
CGO_ENABLED=0 make build bin/etcd envoy
echo "build  bin/etcdctl"
(cd compose/etcdctl && CGO_ENABLED=0 go build -trimpath -o ../../bin/etcdctl go.etcd.io/etcd/etcdctl/v3)
envoy=$(scripts/envoy.sh | tail -1)

# The builder that Docker prefers may not be installed; the one it has always had will do.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

# image NAME FILE… builds dubbomesh/NAME:local from its Dockerfile and the files. `gather`, when set, is a command that
# adds what is not simply copied to the directory it is given.
image() {
  local name=$1 context=bin/compose/$1 log
  shift
  echo "image  dubbomesh/$name:local"
  rm -rf "$context"
  mkdir -p "$context"
  cp "$@" "compose/images/$name/Dockerfile" "$context"
  ${gather:-true} "$context"
  chmod -R go+rX "$context" # whatever the umask is: the containers do not run as root
  log=$(docker build -q -t "dubbomesh/$name:local" "$context" 2>&1) || { printf '%s\n' "$log" >&2; exit 1; }
}

# gather_gateway adds Envoy and its bootstrap, changed for a gateway in a container: the control plane is another host
# (or several, the name may have more than one address), and a port can be published only when it is open on the
# container's own address.
gather_gateway() {
  cp "$envoy" "$1/envoy"
  sed -e 's/{address: 127\.0\.0\.1, port_value: 18000}/{address: controlplane, port_value: 18000}/' \
    -e 's/{address: 127\.0\.0\.1, port_value: 9901}/{address: 0.0.0.0, port_value: 9901}/' envoy/bootstrap.yaml >"$1/bootstrap.yaml"
  [[ $(diff envoy/bootstrap.yaml "$1/bootstrap.yaml" | grep -c '^>') == 2 ]] || {
    echo "images.sh: envoy/bootstrap.yaml no longer names 127.0.0.1:18000 and 127.0.0.1:9901 in the form replaced here" >&2
    exit 1
  }
}

wrapper=(bin/dubbomesh compose/images/registered compose/images/probe)
image etcd bin/etcd bin/etcdctl
image dubbomesh "${wrapper[@]}"
gather=gather_gateway image gateway bin/libdubbo.so compose/images/probe
image demo-provider "${wrapper[@]}" bin/demo-provider
image demo-http "${wrapper[@]}" bin/demo-http
