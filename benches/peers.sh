#!/bin/bash
# Measures `oauthtrace verify` beside tshark and a bare walk over the same captures, in one run.
#
#   benches/peers.sh [DIR]      captures are made in DIR (default: a temporary folder; 3 GB)
#
# Needs the load generator (CAPGEN, or ../shared/loadgen to build it from), tshark, python3 and unzip. tshark runs
# on captures up to 100 MB only, and is scaled by size from there. Every figure is the median of RUNS runs
# (default 3) by CPU time; ratios are between programs of one run of this script. A figure counts only when
# all tokens are right.
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
make tls13 --size 100M --proto tls13-128 --concurrent 300 --keylog "$dir/tls13.keys"
make tls12 --size 100M --proto tls12-gcm --concurrent 300 --keylog "$dir/tls12.keys"
make h2c --size 50M --proto h2c --concurrent 100
for kind in har saz; do
  [ -s "$dir/${kind}500m.$kind" ] || "$CAPGEN" "$kind" --out "$dir/${kind}500m.$kind" \
    --truth "$dir/${kind}500m.truth.json" --tokens "$dir/${kind}500m.tok" --size 500M --seed 7 >/dev/null
done

# Runs a command several times; sets wall (s), cpu (s) and peak (MiB) of the run in the middle.
measure() {
  local status=0 run
  : >"$dir/times"
  for run in $(seq "${RUNS:-3}"); do
    status=0
    /usr/bin/time -o "$dir/time" -f "%e %U %S %M" "$@" >"$dir/out" 2>/dev/null || status=$?
    tail -1 "$dir/time" >>"$dir/times"
    [ "$status" -lt 5 ] || { echo "$1 ended with status $status" >&2; exit 1; }
  done
  read -r wall cpu peak < <(
    awk '{ print $1, $2 + $3, int($4 / 1024) }' "$dir/times" | sort -k2,2n | sed -n "$((("${RUNS:-3}" + 1) / 2))p"
  )
}

once() { RUNS=1 measure "$@"; }

# a / b with one digit.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / (b + 0.001) }'; }

# Outer tokens that were found against F.tok: the first 8 bytes of each SHA-256, with repeats.
right() { # name, options
  local name=$1
  shift
  "$ours" inspect -q -o json "$@" "$dir/$name.pcap" | python3 -c '
import json, sys
from collections import Counter
truth = open(sys.argv[1], "rb").read()
want = Counter(truth[at:at + 8] for at in range(0, len(truth), 8))
seen = json.load(sys.stdin)
tokens = seen["tokens"]
names = (tokens[at] for exchange in seen["exchanges"] for at in exchange["tokens"])
got = Counter(bytes.fromhex(token["fingerprint"]) for token in names if token["role"] == "outer")
print(f"{sum((want & got).values())} right of {sum(want.values())}, {sum((got - want).values())} wrong")
' "$dir/$name.tok"
}

row() { printf '%-10s %-28s %9s %9s %9s  %s\n' "$@"; }

realm_of() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["issuer"].split("@")[-1])' "$dir/$1.metadata.json"
}

# Beside tshark and the walk. Arguments: name, then options for both with the key log.
capture() {
  local name=$1 keylog=${2:-} display=${3:-http.authorization} size walk our_wall our_cpu
  local ours_keys=() peer_keys=()
  if [ -n "$keylog" ]; then
    ours_keys=(--keylog "$keylog") peer_keys=(-o "tls.keylog_file:$keylog")
  fi
  size=$(stat -c %s "$dir/$name.pcap")
  measure "$CAPGEN" walk --mode flows "$dir/$name.pcap"
  walk=$cpu
  row "$name" "walk (headers and flows)" "$wall" "$cpu" "$peak" ""
  measure "$ours" verify -q -o json --tenant "$(realm_of "$name")" --sts-keys "$dir/$name.jwks.json" \
    "${ours_keys[@]}" "$dir/$name.pcap"
  our_wall=$wall our_cpu=$cpu
  row "$name" "oauthtrace verify" "$wall" "$cpu" "$peak" \
    "$(ratio "$cpu" "$walk") x walk; $(right "$name" "${ours_keys[@]}")"
  if [ "$size" -lt 120000000 ]; then
    once tshark -n -r "$dir/$name.pcap" "${peer_keys[@]}" -Y "$display" -T fields -e "$display"
    row "$name" tshark "$wall" "$cpu" "$peak" ""
    if [ "$name" = mix100m ]; then tshark_wall=$wall tshark_cpu=$cpu tshark_size=$size; fi
  else
    wall=$(awk "BEGIN { print $tshark_wall * $size / $tshark_size }")
    cpu=$(awk "BEGIN { print $tshark_cpu * $size / $tshark_size }")
    row "$name" "tshark (scaled)" "$wall" "$cpu" "" ""
  fi
  row "$name" "tshark / oauthtrace" "$(ratio "$wall" "$our_wall")" "$(ratio "$cpu" "$our_cpu")" "" ""
}

# Beside a program that only unpacks or parses. Arguments: file, its name in the table, the program.
export_of() {
  local file=$1 label=$2 our_wall our_cpu
  shift 2
  measure "$ours" verify -q -o json --tenant "$(realm_of mix100m)" --sts-keys "$dir/mix100m.jwks.json" "$dir/$file"
  our_wall=$wall our_cpu=$cpu
  row "${file%.*}" "oauthtrace verify" "$wall" "$cpu" "$peak" ""
  measure "$@"
  row "${file%.*}" "$label" "$wall" "$cpu" "$peak" ""
  row "${file%.*}" "$label / oauthtrace" "$(ratio "$wall" "$our_wall")" "$(ratio "$cpu" "$our_cpu")" "" ""
}

row capture program "wall s" "CPU s" "MiB" note
for name in small mix100m ooo5 mix1g; do capture "$name"; done
capture tls13 "$dir/tls13.keys"
capture tls12 "$dir/tls12.keys"
capture h2c "" http2.headers.authorization
export_of har500m.har "python3 json" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$dir/har500m.har"
export_of saz500m.saz "unzip -p" unzip -p "$dir/saz500m.saz"
