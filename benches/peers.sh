#!/bin/bash
# Measures `oauthtrace verify` beside its peers over captures made for it, in one run, and prints the table of
# goals: plain HTTP (a), TLS with a key log (b), HTTP/2 (c), exports (d), memory (e), the start (f), threads (g),
# loss and reordering.
#
#   benches/peers.sh [DIR]           captures of 100 MB, made in DIR (default: a temporary folder; 4 GB)
#   FULL=1 benches/peers.sh DIR      the sizes that the goals are stated for (25 GB, half an hour and more)
#   ROWS="mix fl" benches/peers.sh   only these: mix http dist tls h2 har saz fl small ooo loss
#
# Needs the load generator (CAPGEN, or OAUTHTRACE_SHARED/loadgen to build it from), python3, taskset, and of the peers
# tshark and unzip; those that are not there are named. The peer for HAR, sonic-rs, is built from benches/sonic-rs.
# Each figure is the least of RUNS (default 3). tshark runs once, on captures up to 1.2 GB; beyond
# it is scaled by size from the largest capture that it ran on. A figure counts only when all tokens are right: each row
# says how many are.
set -eu
cd "$(dirname "$0")/.."
shared=${OAUTHTRACE_SHARED:-../shared}
dir=${1:-$(mktemp -d)}
mkdir -p "$dir"
target=${CARGO_TARGET_DIR:-target}
if [ -z "${OURS:-}" ]; then
  cargo build --release -q
  OURS=$target/release/oauthtrace
fi
if [ -z "${CAPGEN:-}" ]; then
  CARGO_TARGET_DIR=$dir/capgen cargo build --release -q --manifest-path "$shared/loadgen/Cargo.toml"
  CAPGEN=$dir/capgen/release/capgen
fi
full=${FULL:-}
size() { if [ -n "$full" ]; then echo "$2"; else echo "$1"; fi; }
want() { [ -z "${ROWS:-}" ] || [[ " $ROWS " == *" $1 "* ]]; }
have() { command -v "$1" >/dev/null; }

make() { # name, arguments
  local name=$1
  shift
  [ -s "$dir/$name.pcap" ] && [ -s "$dir/$name.truth.json" ] || "$CAPGEN" gen --out "$dir/$name.pcap" \
    --truth "$dir/$name.truth.json" --tokens "$dir/$name.tok" --jwks "$dir/$name.jwks.json" \
    --metadata "$dir/$name.metadata.json" --seed 7 "$@" >/dev/null
}

# Runs a command several times; sets the least wall and the least cpu time of them (s), which need not be of one run,
# and the peak (MiB) of the run with the least CPU time.
measure() {
  local status=0 run
  : >"$dir/times"
  for run in $(seq "${RUNS:-3}"); do
    status=0
    /usr/bin/time -o "$dir/time" -f "%e %U %S %M" "$@" >"$dir/out" 2>/dev/null || status=$?
    tail -1 "$dir/time" >>"$dir/times"
    [ "$status" -lt 5 ] || { echo "$1 ended with status $status" >&2; exit 1; }
  done
  read -r cpu peak < <(awk '{ print $2 + $3, int($4 / 1024) }' "$dir/times" | sort -n | head -1)
  wall=$(awk '{ print $1 }' "$dir/times" | sort -n | head -1)
}

once() { RUNS=1 measure "$@"; }

lone="taskset -c 0"

# a / b with one digit.
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / (b + 0.0001) }'; }

row() { printf '%-12s %-26s %9s %9s %7s  %s\n' "$@"; }

# Outer tokens that were found against the truth: the first 8 bytes of each SHA-256, with repeats.
right() { # name, options
  local name=$1
  shift
  "$OURS" inspect -q -o json "$@" "$dir/$name.pcap" | python3 -c '
import json, sys
from collections import Counter
truth = open(sys.argv[1], "rb").read()
want = Counter(truth[at:at + 8] for at in range(0, len(truth), 8))
got, names, section = Counter(), [], None
exchanges = []
# Line by line: the document of a million exchanges does not fit into memory as objects.
for line in sys.stdin:
    if line.startswith("  \""):
        section = line.split("\"")[1]
    elif line.startswith("    {"):
        entry = json.loads(line.rstrip().rstrip(","))
        if section == "exchanges":
            exchanges.append(entry["tokens"])
        elif section == "tokens":
            names.append(bytes.fromhex(entry["fingerprint"]) if entry["role"] == "outer" else None)
for tokens in exchanges:
    got.update(names[at] for at in tokens if names[at])
print(f"{sum((want & got).values())} right of {sum(want.values())}, {sum((got - want).values())} wrong")
' "$dir/$name.tok"
}

realm_of() {
  python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["issuer"].split("@")[-1])' "$dir/$1.metadata.json"
}

# What a user types. Sets `verify`.
command_of() { # name, file, options
  local name=$1 file=$2
  shift 2
  verify=("$OURS" verify -q -o json --tenant "$(realm_of "$name")" --sts-keys "$dir/$name.jwks.json" "$@" "$file")
}

# We, with one thread and with two: sets one and two (wall), ours (CPU) and peak.
we() { # name, file, options
  local name=${as:-$1} same
  command_of "$@"
  measure $lone "${verify[@]}"
  local single=$cpu single_wall=$wall single_peak=$peak
  row "$name" "oauthtrace, 1 thread" "$wall" "$cpu" "$peak" ""
  cp "$dir/out" "$dir/out1"
  measure "${verify[@]}"
  same="report the same"
  cmp -s "$dir/out" "$dir/out1" || same="REPORT DIFFERS"
  row "$name" "oauthtrace, all threads" "$wall" "$cpu" "$peak" "$(ratio "$single_wall" "$wall") x as soon; $same"
  ours=$single one=$single_wall two=$wall our_peak=$single_peak
}

tshark_size=0
# Beside tshark. Arguments: name, key log or nothing, field.
tshark_of() {
  local name=$1 keylog=$2 field=$3 bytes keys=()
  have tshark || return 0
  bytes=$(stat -c %s "$dir/$name.pcap")
  [ -z "$keylog" ] || keys=(-o "tls.keylog_file:$keylog")
  if [ "$bytes" -lt 1200000000 ]; then
    once tshark -n -r "$dir/$name.pcap" "${keys[@]}" -o tcp.reassemble_out_of_order:TRUE -Y "$field" -T fields -e "$field"
    row "$name" tshark "$wall" "$cpu" "$peak" "$(ratio "$cpu" "$ours") x our CPU"
    if [ "$field" = http.authorization ] && [ -z "$keylog" ] && [ "$bytes" -gt "$tshark_size" ]; then
      tshark_size=$bytes tshark_cpu=$cpu
    fi
  elif [ "$tshark_size" -gt 0 ]; then
    cpu=$(awk "BEGIN { print $tshark_cpu * $bytes / $tshark_size }")
    row "$name" "tshark (scaled)" "" "$cpu" "" "$(ratio "$cpu" "$ours") x our CPU"
  fi
}

# A capture beside the walks and tshark. Arguments: name, key log or nothing, field of tshark.
capture() {
  local name=$1 keylog=${2:-} field=${3:-http.authorization} keys=()
  [ -z "$keylog" ] || keys=(--keylog "$keylog")
  measure $lone "$CAPGEN" walk --mode flows "$dir/$name.pcap"
  local walk=$cpu
  row "$name" "walk: headers, flows (R)" "$wall" "$cpu" "" ""
  measure $lone "$CAPGEN" walk --mode copy "$dir/$name.pcap"
  row "$name" "walk: and a copy" "$wall" "$cpu" "" ""
  measure cat "$dir/$name.pcap"
  local cat=$wall
  row "$name" cat "$wall" "$cpu" "" ""
  we "$name" "$dir/$name.pcap" "${keys[@]}"
  row "$name" "one thread / R" "" "$(ratio "$ours" "$walk")" "" "$(right "$name" "${keys[@]}")"
  row "$name" "all threads / cat" "$(ratio "$two" "$cat")" "" "" ""
  tshark_of "$name" "$keylog" "$field"
}

# An export beside a program that only unpacks or parses. Arguments: file, its name in the table, the program.
export_of() {
  local file=$1 label=$2
  shift 2
  as=$file we "$keys_of" "$dir/$file"
  have "$1" || { row "$file" "$label" "" "" "" "not on this machine"; return 0; }
  measure "$@"
  row "$file" "$label" "$wall" "$cpu" "$peak" "$(ratio "$cpu" "$ours") x our CPU, $(ratio "$wall" "$one") x our wall time"
}

mix="--mix http=0.60,bulk=0.25,noise=0.10,udp=0.05"
flows=$(size 100000 1000000)

row capture program "wall s" "CPU s" MiB note
if want small; then # (f)
  make small --size 60K --concurrent 3 --exch-max 4
  command_of small "$dir/small.pcap"
  start() { # command: milliseconds of one start, the middle of many
    python3 - "$@" <<'PY'
import os, subprocess, sys, time
def run():
    at = time.perf_counter()
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1000 * (time.perf_counter() - at)
print(f"{sorted(run() for _ in range(25))[12]:.1f}")
PY
  }
  once "${verify[@]}"
  nothing=$(start true) ours=$(start "${verify[@]}")
  row small "true" "$nothing ms" "" "" ""
  row small oauthtrace "$ours ms" "" "$peak" "$(awk "BEGIN { printf \"%.1f\", $ours - $nothing }") ms more than true"
  if have tshark; then
    row small tshark "$(start tshark -n -r "$dir/small.pcap" -Y http.authorization -T fields -e http.authorization) ms" "" "" ""
  fi
fi
if want mix; then # (a), (e), (g)
  make mix100m --size 100M $mix --concurrent 500
  capture mix100m
  small_peak=$our_peak
  large=$(size mix1g mix5g)
  make "$large" --size "$(size 1G 5G)" $mix --concurrent 2000 $([ -z "$full" ] || echo --outers 20000)
  capture "$large"
  row "$large" "peak / at 100 MB" "" "" "$(ratio "$our_peak" "$small_peak")" ""
fi
if want http; then
  make http --size "$(size 100M 1G)" --concurrent 1000 --outers 2000
  capture http
fi
if want dist; then
  make httpdist --size "$(size 100M 1G)" --concurrent 1000 --outers 0 --actors 1000
  capture httpdist
fi
if want tls; then # (b)
  for suite in tls13-128 tls12-gcm tls13-chacha tls12-cbcsha1 tls12-cbc; do
    make $suite --size "$(size 100M 500M)" --proto $suite --concurrent 300 --keylog "$dir/$suite.keys"
    capture $suite "$dir/$suite.keys"
    [ $suite != tls13-128 ] || aes=$ours
    [ $suite != tls13-chacha ] || row tls13-chacha "CPU / tls13-128" "" "$(ratio "$ours" "$aes")" "" ""
  done
fi
if want h2; then # (c)
  make h2c --size "$(size 100M 1G)" --proto h2c --concurrent 500
  capture h2c "" http2.headers.authorization
  make h2-tls13 --size "$(size 100M 500M)" --proto h2-tls13 --concurrent 300 --keylog "$dir/h2-tls13.keys"
  capture h2-tls13 "$dir/h2-tls13.keys" http2.headers.authorization
fi
if want har || want saz; then # (d)
  make small --size 60K --concurrent 3 --exch-max 4
  keys_of=small
  for kind in har saz; do
    want $kind || continue
    [ -s "$dir/$kind.$kind" ] || "$CAPGEN" $kind --out "$dir/$kind.$kind" --truth "$dir/$kind.truth.json" \
      --tokens "$dir/$kind.tok" --size "$(size 100M 500M)" --seed 7 >/dev/null
    case $kind in
      har)
        export_of har.har "python3 json" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$dir/har.har"
        ! have node || export_of har.har "node JSON.parse" node -e 'JSON.parse(require("fs").readFileSync(process.argv[1]))' "$dir/har.har"
        CARGO_TARGET_DIR=$dir/sonic-rs cargo build --release -q --manifest-path benches/sonic-rs/Cargo.toml
        export_of har.har "sonic-rs, typed" taskset -c 0 "$dir/sonic-rs/release/har-by-sonic-rs" "$dir/har.har"
        ! have jq || export_of har.har jq jq -c .log.version "$dir/har.har"
        ;;
      saz) export_of saz.saz "unzip -p" unzip -p "$dir/saz.saz" ;;
    esac
  done
fi
if want fl; then # (e)
  make fl --size "$(size 500M 5G)" --flows "$flows" --concurrent "$flows" --leave-open 1.0 --outers $((flows / 5))
  capture fl
fi
if want ooo; then
  make ooo0 --size 100M --ooo 0 --rtx 0
  capture ooo0
  ordered=$ours
  make ooo5 --size 100M --ooo 0.05 --rtx 0.05
  capture ooo5
  row ooo5 "CPU / ooo0" "" "$(ratio "$ours" "$ordered")" "" ""
fi
if want loss; then
  make loss --size 100M --ooo 0.01 --rtx 0.01 --drop 0.002
  capture loss
  row loss "can be recovered" "" "" "" "$(python3 -c '
import json, sys
truth = json.load(open(sys.argv[1]))
print(truth["bearer_tokens"] - truth["tokens_made_unrecoverable_by_capture_loss"], "of", truth["bearer_tokens"])
' "$dir/loss.truth.json")"
fi
for peer in tshark unzip node jq suricata gopacket PcapPlusPlus protolens ndpiReader; do
  have "$peer" || missing="${missing:+$missing, }$peer"
done
[ -z "${missing:-}" ] || echo "not on this machine, so not run: $missing"
