"""Records TLS sessions of OpenSSL, nginx and curl, with their keys and what was sent inside.

Writes one capture a group, keys.log, keys/ and matrix.json: for each connection, found by its client port,
the version, the suite and the application data of both directions.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "record"))
import pcap  # noqa: E402

KEYS = HERE / "keys"
LOG = HERE / "keys.log"
PASSWORD = "open sesame"
ALL = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"
PSK = "00112233445566778899aabbccddeeff"
WORK = pathlib.Path(tempfile.mkdtemp())
BODY = "".join(f"line {i}: the quick brown fox jumps over the lazy dog\n" for i in range(12))
VERSIONS = {"-tls1": "TLS 1.0", "-tls1_1": "TLS 1.1", "-tls1_2": "TLS 1.2", "-tls1_3": "TLS 1.3"}

entries = []
missing = []
port = 20000


def run(*words, **more):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **more)


def make_keys():
    shutil.rmtree(KEYS, ignore_errors=True)
    KEYS.mkdir()
    subject = ["-subj", "/CN=tls.test.example", "-days", "7300"]
    for name, kind in [("rsa", ["rsa:2048"]), ("ec", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])]:
        key, cert = KEYS / f"{name}.key", KEYS / f"{name}.pem"
        run("openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-keyout", key, "-out", cert, *subject)
    run("openssl", "dsaparam", "-genkey", "-out", WORK / "dsa.key", "1024")
    run("openssl", "req", "-x509", "-new", "-key", WORK / "dsa.key", "-out", WORK / "dsa.pem", *subject)
    rsa = KEYS / "rsa.key"
    run("openssl", "rsa", "-in", rsa, "-traditional", "-out", KEYS / "rsa-pkcs1.key")
    run("openssl", "pkcs8", "-topk8", "-in", rsa, "-nocrypt", "-outform", "DER", "-out", KEYS / "rsa-pkcs8.der")
    for name, options in [
        ("pbes2-aes256", ["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"]),
        ("pbes2-3des", ["-v2", "des3", "-v2prf", "hmacWithSHA1"]),
    ]:
        run("openssl", "pkcs8", "-topk8", "-in", rsa, "-passout", f"pass:{PASSWORD}", *options,
            "-out", KEYS / f"rsa-{name}.key")
    for name, cipher in [("aes128", "-aes128"), ("3des", "-des3")]:
        run("openssl", "rsa", "-in", rsa, "-traditional", cipher, "-passout", f"pass:{PASSWORD}",
            "-out", KEYS / f"rsa-legacy-{name}.key")
    run("openssl", "pkcs12", "-export", "-inkey", rsa, "-in", KEYS / "rsa.pem", "-passout", f"pass:{PASSWORD}",
        "-out", KEYS / "rsa.p12")


class Dump:
    """tcpdump around a group of connections."""

    def __init__(self, name):
        self.path = HERE / f"{name}.pcap"

    def __enter__(self):
        words = ["tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-Z", "root", "-w", str(self.path), "tcp"]
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE)
        self.process.stderr.readline()
        time.sleep(0.4)
        return self

    def __exit__(self, *_):
        time.sleep(0.6)
        self.process.send_signal(signal.SIGINT)
        self.process.wait()


class Server:
    """openssl s_server; `-WWW` serves WORK, `-rev` sends lines back reversed."""

    def __init__(self, number, *options, www=True, env=None):
        self.number = number
        words = ["openssl", "s_server", "-accept", str(number), "-quiet", *options]
        words.append("-WWW" if www else "-rev")
        self.process = subprocess.Popen(words, cwd=WORK, env={**os.environ, **(env or {})},
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.number)) == 0:
                    break
            time.sleep(0.02)
        time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def digest(data):
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def note(group, name, client_port, version, suite, sent, received, **more):
    entries.append({"file": f"{group}.pcap", "name": name, "client_port": client_port, "version": version,
                    "suite": suite, "sent": digest(sent), "received": digest(received), **more})


def next_port():
    global port
    port += 1
    return port


def fetch(group, name, server, version, suite, *options, env=None, request=None, log=LOG, **more):
    """One request with s_client; what it prints is what was received."""
    own = next_port()
    request = request or f"GET /body.txt HTTP/1.0\r\nHost: {name}\r\n\r\n".encode()
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server}", "-bind", f"127.0.0.1:{own}", "-quiet",
             "-servername", "tls.test.example", *options]
    if log:
        words += ["-keylogfile", str(log)]
    try:
        done = subprocess.run(words, input=request, capture_output=True, timeout=6,
                              env={**os.environ, **(env or {})})
    except subprocess.TimeoutExpired:
        missing.append(f"{version} {suite} ({name}): timed out")
        return None
    if b"200 ok" not in done.stdout:
        missing.append(f"{version} {suite} ({name}): {done.stderr.decode(errors='replace').splitlines()[-1:]}")
        return None
    note(group, name, own, version, suite, request, done.stdout, **more)
    return own


def talk(group, name, server, version, suite, lines, *options, **more):
    """A conversation with `s_server -rev`; lines that are single letters are commands of s_client."""
    own = next_port()
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{server}", "-bind", f"127.0.0.1:{own}",
             "-keylogfile", str(LOG), *options]
    client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(0.4)
    for line in lines:
        client.stdin.write((line + "\n").encode())
        client.stdin.flush()
        time.sleep(0.25)
    client.stdin.write(b"Q\n")
    client.stdin.flush()
    client.wait(timeout=5)
    said = [line for line in lines if len(line) > 1]
    sent = "".join(line + "\n" for line in said).encode()
    received = "".join(line[::-1] + "\n" for line in said).encode()
    note(group, name, own, version, suite, sent, received, **more)
    return own


def offered(flag):
    """(OpenSSL's name, IANA's name, authentication) of the suites that OpenSSL offers for a version."""
    out = run("openssl", "ciphers", "-V", "-stdname", "-s", flag, "-psk", "-srp", "-ciphersuites", SUITES13, ALL).stdout.decode()
    for line in out.splitlines():
        words = line.split()
        yield words[4], words[2], next(word[3:] for word in words if word.startswith("Au=")), words


def suites():
    (WORK / "body.txt").write_text(BODY)
    common = ["-cipher", ALL, "-psk", PSK]
    with (
        Server(8443, "-cert", KEYS / "rsa.pem", "-key", KEYS / "rsa.key", "-dcert", KEYS / "ec.pem", "-dkey",
               KEYS / "ec.key", "-ciphersuites", SUITES13, *common),
        Server(8444, "-cert", WORK / "dsa.pem", "-key", WORK / "dsa.key", *common),
    ):
        for flag, version in VERSIONS.items():
            group = version.lower().replace(" ", "").replace(".", "")
            with Dump(group):
                for own, iana, auth, words in list(offered(flag)):
                    if "CAMELLIA" in own or "ARIA" in own:
                        continue
                    if "Kx=SRP" in words:
                        missing.append(f"{version} {iana}: needs a verifier file; not recorded")
                        continue
                    choose = ["-ciphersuites", own] if flag == "-tls1_3" else ["-cipher", own + ":@SECLEVEL=0"]
                    if "PSK" in own:
                        choose += ["-psk", PSK]
                    fetch(group, iana, 8444 if auth == "DSS" else 8443, version, iana, flag, *choose)


SUITES13 = ("TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:"
            "TLS_AES_128_CCM_8_SHA256")


def national():
    """Camellia and ARIA, in every suite that OpenSSL offers of them, with RSA, ECDSA, DSA, anonymous or pre-shared keys."""
    (WORK / "body.txt").write_text(BODY)
    run("openssl", "dsaparam", "-genkey", "-out", WORK / "dsa.key", "1024")
    run("openssl", "req", "-x509", "-new", "-key", WORK / "dsa.key", "-out", WORK / "dsa.pem", "-subj", "/CN=tls.test.example", "-days", "7300")
    common = ["-cipher", ALL, "-psk", PSK]
    with (
        Server(8443, "-cert", KEYS / "rsa.pem", "-key", KEYS / "rsa.key", "-dcert", KEYS / "ec.pem", "-dkey",
               KEYS / "ec.key", *common),
        Server(8444, "-cert", WORK / "dsa.pem", "-key", WORK / "dsa.key", *common),
        Dump("national"),
    ):
        for flag, version in VERSIONS.items():
            for own, iana, auth, words in list(offered(flag)):
                if "CAMELLIA" not in own and "ARIA" not in own or "Kx=SRP" in words:
                    continue
                choose = ["-cipher", own + ":@SECLEVEL=0"] + (["-psk", PSK] if "PSK" in own else [])
                fetch("national", iana, 8444 if auth == "DSS" else 8443, version, iana, flag, *choose)
        env = config("national-mac-first", "-EncryptThenMac,-ExtendedMasterSecret")
        fetch("national", "mac first", 8443, "TLS 1.2", "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256", "-tls1_2", "-cipher",
              "CAMELLIA256-SHA256:@SECLEVEL=0", env=env)


def config(name, options):
    path = WORK / f"{name}.cnf"
    path.write_text("openssl_conf = main\n[main]\nssl_conf = ssl\n[ssl]\nsystem_default = here\n"
                    f"[here]\nOptions = {options}\nCipherString = {ALL}\n")
    return {"OPENSSL_CONF": str(path)}


def cbc():
    """CBC with and without encrypt-then-MAC and extended master secret; opened by key log and by server key."""
    rsa = ["-cert", KEYS / "rsa.pem", "-key", KEYS / "rsa.key", "-cipher", ALL]
    with Server(8445, *rsa), Dump("cbc"):
        for etm in (True, False):
            for ems in (True, False):
                options = ",".join(["" if etm else "-EncryptThenMac", "" if ems else "-ExtendedMasterSecret"])
                env = config(f"cbc-{etm}-{ems}", options.strip(",") or "EncryptThenMac")
                for flag in ("-tls1", "-tls1_1", "-tls1_2"):
                    for own, iana in [("AES128-SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"),
                                      ("AES256-SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA256"),
                                      ("ECDHE-RSA-AES256-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
                                      ("AES128-GCM-SHA256", "TLS_RSA_WITH_AES_128_GCM_SHA256")]:
                        if flag != "-tls1_2" and own != "AES128-SHA":
                            continue
                        fetch("cbc", f"etm={etm} ems={ems}", 8445, VERSIONS[flag], iana, flag, "-cipher",
                              own + ":@SECLEVEL=0", env=env, etm=etm, ems=ems, server_key="ECDHE" not in own)


def features():
    cert = ["-cert", KEYS / "rsa.pem", "-key", KEYS / "rsa.key", "-cipher", ALL]
    with (
        Server(8447, *cert, "-client_renegotiation", "-tls1_2", www=False),
        Server(8448, *cert, "-groups", "P-256", www=False),
        Server(8449, *cert, "-Verify", "1", "-verify_return_error", "-CAfile", KEYS / "ec.pem", www=False),
        Server(8450, *cert),
        Server(8451, *cert, "-no_ticket", "-tls1_2"),
        Dump("features"),
    ):
        lines = ["hello there", "second line of it"]
        t13, suite13 = "TLS 1.3", "TLS_AES_256_GCM_SHA384"
        t12, suite12 = "TLS 1.2", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
        talk("features", "hello-retry", 8448, t13, suite13, lines, "-tls1_3", "-groups", "X25519:P-256")
        talk("features", "renegotiation", 8447, t12, suite12, ["before it", "R", "after it"], "-tls1_2", "-cipher",
             "ECDHE-RSA-AES256-GCM-SHA384")
        for flag, suite in (("-tls1_3", suite13), ("-tls1_2", suite12)):
            talk("features", "client-certificate", 8449, VERSIONS[flag], suite, lines, flag, "-cert",
                 KEYS / "ec.pem", "-key", KEYS / "ec.key", client_certificate=True)
        resumptions = [("-tls1_3", 8450, t13, suite13, "psk", []),
                       ("-tls1_2", 8450, t12, "TLS_RSA_WITH_AES_128_CBC_SHA", "ticket", ["-cipher", "AES128-SHA"]),
                       ("-tls1_2", 8451, t12, "TLS_RSA_WITH_AES_128_CBC_SHA", "id", ["-cipher", "AES128-SHA"])]
        for flag, server, version, suite, how, more in resumptions:
            session = WORK / f"session-{how}"
            fetch("features", f"first-{how}", server, version, suite, flag, *more, "-sess_out", session,
                  server_key=bool(more))
            # Without a line in the key log where the server's key must do.
            fetch("features", f"resumed-{how}", server, version, suite, flag, *more, "-sess_in", session,
                  server_key=bool(more))
        dialogues(cert)


def dialogue(name, number, options, steps, more=(), sent=b"", version="TLS 1.3"):
    """Lines of client (`c`) and server (`s`) in turn; single letters are commands of s_client and s_server.
    The server is new each time: s_server without a mode serves one connection and takes early data."""
    words = ["openssl", "s_server", "-accept", str(number), *options]
    quiet = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    server = subprocess.Popen([str(word) for word in words], **quiet)
    time.sleep(0.3)
    own = next_port()
    words = ["openssl", "s_client", "-connect", f"127.0.0.1:{number}", "-bind", f"127.0.0.1:{own}", "-tls1_3",
             "-keylogfile", LOG, *more]
    client = subprocess.Popen([str(word) for word in words], **quiet)
    time.sleep(0.4)
    received = b""
    for who, line in steps:
        (client if who == "c" else server).stdin.write(line.encode() + b"\n")
        (client if who == "c" else server).stdin.flush()
        if len(line) > 1 and who == "c":
            sent += line.encode() + b"\n"
        elif len(line) > 1:
            received += line.encode() + b"\n"
        time.sleep(0.25)
    client.stdin.write(b"Q\n")
    client.stdin.flush()
    client.wait(timeout=5)
    server.kill()
    server.wait()
    note("features", name, own, version, "TLS_AES_256_GCM_SHA384", sent, received)


def dialogues(cert):
    lines = [("c", "first of the client"), ("s", "first of the server")]
    update = [("c", "K"), ("c", "after the update"), ("s", "likewise"), ("s", "k"), ("s", "once more"), ("c", "k"),
              ("c", "the last of the client"), ("s", "the last of the server")]
    dialogue("key-update", 8452, cert, lines + update)
    early = b"early line\n"
    (WORK / "early").write_bytes(early)
    session = WORK / "session-early"
    words = ["openssl", "s_server", "-accept", "8453", "-quiet", "-tls1_3", "-early_data", *cert]
    server = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(0.3)
    for name, first in (("before-early", True), ("early-data", False)):
        own = next_port()
        words = ["openssl", "s_client", "-connect", "127.0.0.1:8453", "-bind", f"127.0.0.1:{own}", "-tls1_3",
                 "-keylogfile", LOG]
        words += ["-sess_out", session] if first else ["-sess_in", session, "-early_data", WORK / "early"]
        client = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
        time.sleep(0.4)
        client.stdin.write(b"later line\n")
        client.stdin.flush()
        server.stdin.write(b"from the server\n")
        server.stdin.flush()
        time.sleep(0.3)
        client.stdin.write(b"Q\n")
        client.stdin.flush()
        client.wait(timeout=5)
        sent = b"later line\n" if first else early + b"later line\n"
        note("features", name, own, "TLS 1.3", "TLS_AES_256_GCM_SHA384", sent, b"from the server\n")
    server.kill()
    server.wait()


NGINX = """
daemon off; pid {work}/nginx.pid; error_log {work}/error.log; worker_processes 1;
events {{ }}
http {{
  access_log off; client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work};
  uwsgi_temp_path {work}; scgi_temp_path {work}; default_type text/plain;
  server {{
    listen 127.0.0.1:9443 ssl; ssl_certificate {keys}/rsa.pem; ssl_certificate_key {keys}/rsa.key;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers ALL; ssl_session_cache shared:s:1m; root {work}; add_header X-Pad "{pad}";
  }}
}}
"""


def connect_proxy(listen):
    """A proxy that knows CONNECT and nothing else."""
    server = socket.create_server(("127.0.0.1", listen))

    def pump(source, target):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)

    def serve():
        while True:
            client, _ = server.accept()
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            host, number = head.split()[1].decode().split(":")
            upstream = socket.create_connection(("127.0.0.1", int(number)))
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            threading.Thread(target=pump, args=(client, upstream), daemon=True).start()
            threading.Thread(target=pump, args=(upstream, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def nginx_and_curl():
    conf = WORK / "nginx.conf"
    conf.write_text(NGINX.format(work=WORK, keys=KEYS, pad="x" * 50))
    os.chmod(WORK, 0o755)
    server = subprocess.Popen(["nginx", "-c", str(conf)], stderr=subprocess.DEVNULL)
    time.sleep(0.6)
    connect_proxy(9080)
    with Dump("curl"):
        for name, options, version, suite in [
            ("gcm", ["--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256"], "TLS 1.2",
             "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            ("cbc", ["--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES256-SHA384:@SECLEVEL=0"], "TLS 1.2",
             "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
            ("rsa", ["--tls-max", "1.2", "--ciphers", "AES256-GCM-SHA384"], "TLS 1.2",
             "TLS_RSA_WITH_AES_256_GCM_SHA384"),
            ("chacha", ["--tls13-ciphers", "TLS_CHACHA20_POLY1305_SHA256"], "TLS 1.3",
             "TLS_CHACHA20_POLY1305_SHA256"),
            ("tls13", [], "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
            ("proxy", ["-x", "http://127.0.0.1:9080"], "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
        ]:
            own = next_port()
            command = ["curl", "-sk", "--http1.1", "--local-port", str(own), "-o", WORK / "out", "-D", WORK / "head",
                       "-H", "Authorization: Bearer " + "t" * 2600, "-H", f"X-Case: {name}", *options,
                       "https://127.0.0.1:9443/body.txt", "https://127.0.0.1:9443/none.txt"]
            subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL,
                           env={**os.environ, "SSLKEYLOGFILE": str(LOG)})
            note("curl", name, own, version, suite, b"", b"", exchanges=["/body.txt", "/none.txt"])
    server.terminate()
    server.wait()


def port_of(name):
    return next(entry["client_port"] for entry in entries if entry["name"] == name)


def derived():
    """Files made from the recordings: what was lost, and where the keys are."""
    header, packets = pcap.read(HERE / "curl.pcap")

    def of(name, group=None):
        number = port_of(name)
        return [packet for packet in packets if number in ports(packet[1])]

    def ports(body):
        at = 14 + (body[14] & 15) * 4
        return [int.from_bytes(body[at : at + 2], "big"), int.from_bytes(body[at + 2 : at + 4], "big")]

    def data(packet):
        return pcap.payload(packet[1])[0]

    for name in ("tls13", "gcm"):
        stream = of(name)
        hello = next(i for i, packet in enumerate(stream) if data(packet)[:1] == b"\x16" and data(packet)[5:6] == b"\x02")
        pcap.write(HERE / f"lost-server-hello-{name}.pcap", header, stream[:hello] + stream[hello + 1 :])
        first = next(i for i, packet in enumerate(stream) if data(packet)[:1] == b"\x17" and len(data(packet)) > 1000
                     and ports(packet[1])[1] == 9443)
        pcap.write(HERE / f"midway-{name}.pcap", header, stream[first:])
    # A suite that is named and not opened: OpenSSL offers none, so a hello says another than was agreed on.
    stream = of("rsa")
    at = next(i for i, packet in enumerate(stream) if data(packet)[:1] == b"\x16" and data(packet)[5:6] == b"\x02")
    stamp, body = stream[at]
    stream[at] = (stamp, body.replace(b"\x00\x9d\x00", b"\x00\x96\x00", 1))
    assert stream[at][1] != body
    pcap.write(HERE / "unsupported.pcap", header, stream)
    (HERE / "keys-last.pcapng").write_bytes(pcap.pcapng(of("tls13"), LOG.read_bytes()))
    lines = LOG.read_text().splitlines()
    (HERE / "other-keys.log").write_text(next(line for line in lines if line.startswith("CLIENT_RANDOM")) + "\n")
    odd = ["\ufeff# a key log that went through several hands", ""]
    for line in lines:
        words = line.split()
        if words and not words[0].startswith("#"):
            odd += [f"{words[0]}  {words[1].upper()}\t{words[2]} ", "QUIC_CLIENT_TRAFFIC_SECRET_0 00 11",
                    "SOMETHING_ELSE 0011 2233"] if len(odd) % 40 == 2 else [f"{words[0]} {words[1].upper()} {words[2]}"]
    (HERE / "odd-keys.log").write_bytes("\r\n".join(odd).encode() + b"\r\n")


GROUPS = {"national": national}


def main():
    global port
    names = sys.argv[1:]
    if names:
        # Some files anew, beside those that are there.
        known = json.loads((HERE / "matrix.json").read_text())
        entries.extend(entry for entry in known if entry["file"] not in {f"{name}.pcap" for name in names})
        missing.extend((HERE / "missing.txt").read_text().splitlines())
        port = max(entry["client_port"] for entry in entries)
        for name in names:
            GROUPS[name]()
    else:
        LOG.unlink(missing_ok=True)
        make_keys()
        suites()
        national()
        cbc()
        features()
        nginx_and_curl()
    derived()
    text = "[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n"
    (HERE / "matrix.json").write_text(text)
    (HERE / "missing.txt").write_text("".join(line + "\n" for line in missing))
    print(f"{len(entries)} connections, {len(missing)} not recorded")


main()
