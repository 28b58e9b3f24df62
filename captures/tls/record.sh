#!/bin/sh
# Records the TLS matrix anew: captures/tls/record.sh
# Needs root (a network namespace of its own, tcpdump) and Debian's openssl, nginx-light, curl, tcpdump,
# ethtool, iproute2 and python3. The keys in keys/ are made for the recording and protect nothing.
set -eu
cd "$(dirname "$0")"
export PYTHONDONTWRITEBYTECODE=1
# Segments as on a real network: no offloading, 1500 bytes.
exec unshare -n sh -c '
  ip link set lo up mtu 1500
  ethtool -K lo tso off gso off gro off >/dev/null 2>&1
  exec python3 record.py "$@"' record "$@"
