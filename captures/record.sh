#!/bin/sh
# Records all cases (or those named) anew: captures/record.sh [NAME ...]
# Needs root (a network namespace of its own, tcpdump) and Debian's nginx-light, curl, tcpdump, tshark (for
# editcap), ethtool, iproute2, openssl, and a Python with mitmproxy 11 (PYTHON=…; its folder must hold mitmdump).
# Private keys stay in KEYS (default: a folder in the user's cache), never in the project.
set -eu
cd "$(dirname "$0")/record"
PYTHON=${PYTHON:-python3}
KEYS=${KEYS:-$HOME/.cache/oauthtrace-captures}
export PYTHON KEYS PATH="$(dirname "$(command -v "$PYTHON")"):$PATH" PYTHONDONTWRITEBYTECODE=1
# Segments as on a real network: no offloading, 1500 bytes.
exec unshare -n sh -c '
  ip link set lo up mtu 1500
  ethtool -K lo tso off gso off gro off >/dev/null 2>&1
  exec "$PYTHON" record.py --keys "$KEYS" "$@"' record "$@"
