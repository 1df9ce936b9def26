#!/usr/bin/env bash
# Builds the images, starts the mesh in containers and returns when the gateway answers.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

# A port taken by somebody else is said in a sentence here, before anything is built.
if [[ -z $("${compose[@]}" ps -q 2>/dev/null) ]]; then
  for name in GATEWAY_PORT API_PORT ETCD_PORT ADMIN_PORT; do
    if (exec 3<>"/dev/tcp/127.0.0.1/${!name}") 2>/dev/null; then
      fail "port ${!name} of 127.0.0.1 is in use (by \`make run\`?); stop what uses it, or choose another: $name=… make compose-up"
    fi
  done
fi

./images.sh
"${compose[@]}" up -d --remove-orphans
started=$SECONDS

answers() {
  [[ $(call "$hello/hash" '["hello"]') == 99162322 ]] &&
    [[ $(curl -s --max-time 5 "$gateway/demo-http/hello") == 'hello, world' ]]
}
until answers; do
  if ((SECONDS > started + gateway_up_within)); then
    "${compose[@]}" ps >&2
    "${compose[@]}" logs --no-color --tail=15 controlplane gateway provider-small http-one >&2
    fail "the gateway at $gateway does not answer after ${gateway_up_within}s; the logs above may say why, make compose-down removes everything"
  fi
  sleep 0.5
done

dc="${compose[*]:0:${#compose[@]}-4} -f compose/compose.yaml" # what a user types
ip=$("${compose[@]}" exec -T provider-small hostname -i | tr -d '\r')
cat <<EOF

The mesh runs; everything is published on 127.0.0.1 only.

$(printf '  %-13s  %-22s  %s\n' \
  gateway "$gateway" 'Envoy: POST /<interface>/<method>, or /<HTTP service>/<path>' \
  'Envoy admin' "http://127.0.0.1:$ADMIN_PORT" 'statistics, configuration dump' \
  'control plane' "http://127.0.0.1:$API_PORT" 'API, /metrics' \
  etcd "127.0.0.1:$ETCD_PORT" 'registrations and weights under /dubbomesh' \
  Dubbo '(inside)' 'provider-small, provider-medium, provider-large; weights 100, 200, 300' \
  HTTP '(inside)' 'http-one, http-two')

Three things to try (from the repository's root):

  1. call a Dubbo service
     curl -s -d '["hello"]' -H 'content-type: application/json' $gateway/$hello/hash

  2. take the small provider out of the traffic, and see who answers
     $dc exec etcd etcdctl put /dubbomesh/weights/$echo/$ip:20880 0
     curl -s -d '[]' -H 'content-type: application/json' -w '\\n' "$gateway/$echo/whoami#[1-12]"
     $dc exec etcd etcdctl del --prefix /dubbomesh/weights/

  3. stop a provider while calling: it deregisters first, and no call fails
     $dc stop provider-medium
     $dc start provider-medium

make compose-test checks all of it; make compose-down removes it.
EOF
