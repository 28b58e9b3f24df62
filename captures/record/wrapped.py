"""The scenario once more, wrapped: under older TLS, by RSA key exchange, after a HelloRetryRequest, and through
proxies. What is recorded is what a client and its server or proxy say to each other."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

KEYS = pathlib.Path(__file__).resolve().parent.parent / "tls" / "keys"
TLS, PLAIN, PROXIED = 8444, 8445, 8446
CONNECT, SOCKS = 9080, 9081

# File, server's port, port that is recorded, options of curl, settings of OpenSSL, whether the keys are logged.
OLDER = [
    ("traffic-tls10.pcap", TLS, TLS, ["--tls-max", "1.0", "--ciphers", "ALL:@SECLEVEL=0"], "", True),
    ("traffic-cbc.pcap", TLS, TLS, ["--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES256-SHA384:@SECLEVEL=0"], "", True),
    ("traffic-cbc-mac-first.pcap", TLS, TLS, ["--tls-max", "1.2", "--ciphers", "AES128-SHA256:@SECLEVEL=0"], "-EncryptThenMac,-ExtendedMasterSecret", True),
    ("traffic-rsa.pcap", TLS, TLS, ["--tls-max", "1.2", "--ciphers", "AES256-GCM-SHA384:@SECLEVEL=0"], "", False),
    ("traffic-hello-retry.pcap", TLS, TLS, ["--tlsv1.3", "--curves", "X25519:P-256"], "", True),
]
TUNNELS = [
    ("traffic-connect.pcap", PLAIN, CONNECT, ["-p", "-x", f"http://127.0.0.1:{CONNECT}"], "", False),
    ("traffic-connect-tls.pcap", TLS, CONNECT, ["-x", f"http://127.0.0.1:{CONNECT}"], "", True),
    ("traffic-socks4.pcap", PLAIN, SOCKS, ["--socks4", f"127.0.0.1:{SOCKS}"], "", False),
    ("traffic-socks4a.pcap", PLAIN, SOCKS, ["--socks4a", f"127.0.0.1:{SOCKS}"], "", False),
    ("traffic-socks5.pcap", PLAIN, SOCKS, ["--socks5-hostname", f"127.0.0.1:{SOCKS}"], "", False),
    ("traffic-socks5-password-tls.pcap", TLS, SOCKS, ["--socks5", f"127.0.0.1:{SOCKS}", "--proxy-user", "proxy:proxy-password-7b1d"], "", True),
    ("traffic-proxy-header.pcap", PROXIED, PROXIED, ["--haproxy-protocol"], "", False),
]
SETS = {"older": OLDER, "tunnels": TUNNELS}


def listens():
    """What the server adds for this: every version and suite, one curve (so that TLS 1.3 must ask again)."""
    return (
        f"listen 127.0.0.1:{TLS} ssl; listen 127.0.0.1:{PLAIN}; listen 127.0.0.1:{PROXIED} proxy_protocol;"
        " ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ALL:@SECLEVEL=0; ssl_ecdh_curve prime256v1;"
        f" ssl_certificate {KEYS}/rsa.pem; ssl_certificate_key {KEYS}/rsa.key;"
    )


def exactly(client, count):
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise OSError("closed")
        data += more
    return data


def until(client, end):
    data = b""
    while not data.endswith(end):
        data += exactly(client, 1)
    return data


def connect(client):
    """RFC 9110 9.3.6."""
    until(client, b"\r\n\r\n")
    return b"HTTP/1.1 200 Connection established\r\n\r\n"


def socks(client):
    """SOCKS 4, 4a and 5 (RFC 1928, 1929): whatever is asked for is granted."""
    if exactly(client, 1) == b"\x04":
        head = exactly(client, 7)
        until(client, b"\0")
        if head[3:6] == b"\0\0\0" and head[6]:
            until(client, b"\0")
        return b"\0\x5a" + bytes(6)
    methods = exactly(client, exactly(client, 1)[0])
    method = 2 if 2 in methods else 0
    client.sendall(bytes([5, method]))
    if method == 2:
        exactly(client, 1)
        for _ in range(2):
            exactly(client, exactly(client, 1)[0])
        client.sendall(b"\x01\0")
    kind = exactly(client, 4)[3]
    exactly(client, {1: 4, 4: 16}.get(kind) or exactly(client, 1)[0])
    exactly(client, 2)
    return b"\x05\0\0\x01" + bytes(6)


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def proxy(listen, greet, server):
    """A proxy that goes to one server, wherever it is asked to go."""
    listener = socket.create_server(("127.0.0.1", listen))

    def serve():
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            answer = greet(client)
            upstream = socket.create_connection(("127.0.0.1", server))
            client.sendall(answer)
            for ends in [(client, upstream), (upstream, client)]:
                threading.Thread(target=pump, args=ends, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener


def settings(work, options):
    path = work / "openssl.cnf"
    path.write_text(f"openssl_conf = main\n[main]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n[here]\nMinProtocol = TLSv1\nOptions = {options or 'EncryptThenMac'}\nCipherString = ALL:@SECLEVEL=0\n")
    return str(path)


def record(work, target, which, config):
    """Records one set; `config(scheme, port)` gives curl's configuration for the steps."""
    keylog = target / "keys.log"
    keylog.unlink(missing_ok=True)
    for name, server, listen, options, openssl, logged in SETS[which]:
        scheme = "https" if server == TLS else "http"
        (work / "wrapped").write_text(config(scheme, server))
        path = work / name
        greet = {CONNECT: connect, SOCKS: socks}.get(listen)
        listener = proxy(listen, greet, server) if greet else None
        dump = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-w", str(path), f"tcp port {listen}"], stderr=subprocess.PIPE)
        dump.stderr.readline()
        time.sleep(0.4)
        env = {**os.environ, "OPENSSL_CONF": settings(work, openssl)}
        if logged:
            env["SSLKEYLOGFILE"] = str(keylog)
        # Options count up to the next "next" of a configuration: each step needs them.
        parts = (work / "wrapped").read_text().split("\nnext\n")
        words = []
        for at, part in enumerate(parts):
            piece = work / f"wrapped-{at}"
            piece.write_text(part)
            words += (["--next"] if at else []) + ["-k", *options, "-K", str(piece)]
        subprocess.run(["curl", *words], check=True, env=env)
        time.sleep(0.5)
        dump.send_signal(signal.SIGINT)
        dump.wait()
        if listener:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        (target / name).write_bytes(path.read_bytes())
