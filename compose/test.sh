#!/usr/bin/env bash
# Checks a mesh that up.sh started: a call, a weight changed with etcdctl, its effect, and a provider stopped under load.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"

providers=(small medium large)
work=$(mktemp -d)

# Whatever happens, the mesh is left as it was found.
cleanup() {
  touch "$work/stop"
  wait
  if [[ ${key:-} ]]; then in_etcd etcdctl del "$key" >/dev/null || true; fi
  if [[ ${stopped:-} ]]; then "${compose[@]}" start "$stopped" >/dev/null 2>&1 || true; fi
  rm -rf "$work"
}
trap cleanup EXIT

in_etcd() { "${compose[@]}" exec -T etcd "$@"; }

# hash TEXT prints what Java's String.hashCode is for a text of ASCII.
hash() {
  local i h=0 code
  for ((i = 0; i < ${#1}; i++)); do
    printf -v code %d "'${1:i:1}"
    ((h = (31 * h + code) & 0xffffffff))
  done
  echo $((h >= 0x80000000 ? h - 0x100000000 : h))
}

# split CALLS asks as often who answers, and sets `share` to the percentage of each provider.
declare -A share
split() {
  local name count
  # What follows # is not sent; it makes curl call this often on one connection.
  call "$echo/whoami#[1-$1]" '[]' -w ' %{http_code}\n' >"$work/answers"
  for name in "${providers[@]}"; do
    count=$(grep -c "^\"$name\" 200\$" "$work/answers" || true)
    share[$name]=$((100 * count / $1))
  done
  if odd=$(grep -vE '^"(small|medium|large)" 200$' "$work/answers"); then
    fail "whoami was answered with: $(sort <<<"$odd" | uniq -c | sort -rn | head -3)"
  fi
}

# expect WHEN SMALL MEDIUM LARGE compares 300 calls with these percentages.
expect() {
  local when=$1 name
  shift
  split 300
  for name in "${providers[@]}"; do
    ((share[$name] >= $1 - 5 && share[$name] <= $1 + 5)) ||
      fail "$when, $name answered ${share[$name]} % of the calls; $1 % were expected"
    shift
  done
  echo "ok     $when: small ${share[small]} %, medium ${share[medium]} %, large ${share[large]} % of 300 calls"
}

# 1. A call, with the answer that Java gives.
for text in hello '' 'The quick brown fox jumps over the lazy dog.' "run $RANDOM$RANDOM$RANDOM"; do
  answer=$(call "$hello/hash" "[\"$text\"]") || fail "the gateway at $gateway does not answer; make compose-up starts it"
  [[ $answer == "$(hash "$text")" ]] || fail "hash(\"$text\") was answered with '$answer'; $(hash "$text") was expected"
done
echo "ok     hash is answered as Java's String.hashCode"

# 2. Weights 100, 200, 300.
overridden=$(in_etcd etcdctl get --prefix --keys-only "/dubbomesh/weights/$echo/" | tr -d '\r' | xargs)
[[ -z $overridden ]] || fail "a weight is overridden: $overridden; take that back first, with etcdctl del"
expect 'as registered' 17 33 50

# 3. The small provider's weight, changed with etcdctl, takes effect within a second.
key=/dubbomesh/weights/$echo/$("${compose[@]}" exec -T provider-small hostname -i | tr -d ' \r'):20880
in_etcd etcdctl put "$key" 500 >/dev/null
changed=${EPOCHREALTIME/[.,]/}
until split 20 && ((share[small] >= 40)); do
  ((${EPOCHREALTIME/[.,]/} - changed < 1000000)) || fail "a second after etcdctl put $key 500, small answers ${share[small]} % of the calls; 50 % were expected"
done
echo "ok     etcdctl put took effect, seen $(((${EPOCHREALTIME/[.,]/} - changed) / 1000)) ms after it returned"
expect 'with weight 500 for small' 50 20 30
in_etcd etcdctl del "$key" >/dev/null
key=''

# 4. A provider is stopped, and started again, under load; no call fails.
load() {
  while [[ ! -e $work/stop ]]; do
    call "$hello/hash#[1-10]" '["hello"]' -w ' %{http_code}\n' >>"$1" || echo "curl: exit code $?" >>"$1"
  done
}
for n in 1 2 3 4; do load "$work/load.$n" & done
stopped=provider-small
"${compose[@]}" stop $stopped >/dev/null 2>&1
expect 'with small stopped' 0 40 60
"${compose[@]}" start $stopped >/dev/null 2>&1
stopped=''
back=$SECONDS
until split 20 && ((share[small] > 0)); do
  ((SECONDS < back + 30)) || fail "provider-small was started again, but gets no calls after 30 s"
done
touch "$work/stop"
wait
calls=$(cat "$work"/load.* | wc -l)
if failed=$(cat "$work"/load.* | grep -v '^99162322 200$'); then
  fail "while provider-small was stopped and started, of $calls calls $(wc -l <<<"$failed") failed: $(sort <<<"$failed" | uniq -c | sort -rn | head -3)"
fi
echo "ok     provider-small was stopped and started under load: $calls calls, none failed"
