#!/bin/bash
# Measures `oauthtrace verify` beside tshark and a bare walk over the same captures, in one run.
#
#   benches/peers.sh [DIR]      captures are made in DIR (default: a temporary folder; 1.4 GB)
#
# Needs the load generator (CAPGEN, or ../shared/loadgen to build it from) and tshark. tshark runs on the 100 MB
# capture only, and is scaled by size from there. A figure counts only when all tokens are right.
set -eu
cd "$(dirname "$0")/.."
shared=${OAUTHTRACE_SHARED:-../shared}
dir=${1:-$(mktemp -d)}
mkdir -p "$dir"
target=${CARGO_TARGET_DIR:-target}
cargo build --release -q
ours=$target/release/oauthtrace
if [ -z "${CAPGEN:-}" ]; then
  CARGO_TARGET_DIR=$dir/capgen cargo build --release -q --manifest-path "$shared/loadgen/Cargo.toml"
  CAPGEN=$dir/capgen/release/capgen
fi

make() { # name, arguments
  local name=$1; shift
  [ -s "$dir/$name.pcap" ] || "$CAPGEN" gen --out "$dir/$name.pcap" --truth "$dir/$name.truth.json" \
    --tokens "$dir/$name.tok" --jwks "$dir/$name.jwks.json" --metadata "$dir/$name.metadata.json" --seed 7 "$@" >/dev/null
}
mix="--mix http=0.60,bulk=0.25,noise=0.10,udp=0.05"
make small --size 60K --concurrent 3 --exch-max 4
make mix100m --size 100M $mix --concurrent 500
make mix1g --size 1G $mix --concurrent 2000
make ooo5 --size 100M --ooo 0.05 --rtx 0.05

# Runs a command; sets wall (s), cpu (s) and peak (MiB).
measure() {
  local status=0
  /usr/bin/time -o "$dir/time" -f "%e %U %S %M" "$@" >"$dir/out" 2>/dev/null || status=$?
  read -r wall user system peak < <(tail -1 "$dir/time")
  cpu=$(echo "$user + $system" | bc)
  peak=$((peak / 1024))
  [ "$status" -lt 5 ] || { echo "$1 ended with status $status" >&2; exit 1; }
}

# Outer tokens that were found against F.tok: the first 8 bytes of each SHA-256, with repeats.
right() { # name
  "$ours" inspect -q -o json "$dir/$1.pcap" | python3 -c '
import json, sys
from collections import Counter
truth = open(sys.argv[1], "rb").read()
want = Counter(truth[at:at + 8] for at in range(0, len(truth), 8))
seen = json.load(sys.stdin)
tokens = seen["tokens"]
names = (tokens[at] for exchange in seen["exchanges"] for at in exchange["tokens"])
got = Counter(bytes.fromhex(token["fingerprint"]) for token in names if token["role"] == "outer")
print(f"{sum((want & got).values())} right of {sum(want.values())}, {sum((got - want).values())} wrong")
' "$dir/$1.tok"
}

row() { printf '%-10s %-28s %9s %9s %9s  %s\n' "$@"; }
row capture program "wall s" "CPU s" "MiB" note
for name in small mix100m ooo5 mix1g; do
  size=$(stat -c %s "$dir/$name.pcap")
  realm=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["issuer"].split("@")[-1])' "$dir/$name.metadata.json")
  measure "$CAPGEN" walk --mode flows "$dir/$name.pcap"
  walk=$cpu
  row "$name" "walk (headers and flows)" "$wall" "$cpu" "$peak" ""
  measure "$ours" verify -q -o json --tenant "$realm" --sts-keys "$dir/$name.jwks.json" "$dir/$name.pcap"
  our_wall=$wall our_cpu=$cpu
  row "$name" "oauthtrace verify" "$wall" "$cpu" "$peak" "$(echo "scale=1; $cpu / ($walk + 0.001)" | bc) x walk; $(right "$name")"
  if [ "$size" -lt 200000000 ]; then
    measure tshark -n -r "$dir/$name.pcap" -Y http.authorization -T fields -e http.authorization
    row "$name" tshark "$wall" "$cpu" "$peak" ""
    if [ "$name" = mix100m ]; then tshark_wall=$wall tshark_cpu=$cpu tshark_size=$size; fi
  else
    wall=$(echo "scale=1; $tshark_wall * $size / $tshark_size" | bc)
    cpu=$(echo "scale=1; $tshark_cpu * $size / $tshark_size" | bc)
    row "$name" "tshark (scaled)" "$wall" "$cpu" "" ""
  fi
  row "$name" "tshark / oauthtrace" "$(echo "scale=0; $wall / ($our_wall + 0.001)" | bc)" "$(echo "scale=0; $cpu / ($our_cpu + 0.001)" | bc)" "" ""
done
