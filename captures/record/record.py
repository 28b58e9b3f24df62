"""Records the scenarios: curl speaks to nginx through mitmproxy, tcpdump listens, each export is kept.

Run it by `captures/record.sh`, which puts it in a network namespace of its own.
"""

import argparse
import base64
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate

import exports
import http2
import pcap
import scenarios
import tokens
import wrapped

HERE = pathlib.Path(__file__).resolve().parent
CAPTURES = HERE.parent
PLAIN, PROXY, TLS, H2C, H2 = 8080, 80, 443, 8082, 8443


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def nginx_conf(work, steps, cert, wrap=False):
    """A server that knows each step by its client-request-id and gives the answer that was planned."""
    rules = "".join(f"    {step.id} {number};\n" for number, step in enumerate(steps))
    answers = ""
    for number, step in enumerate(steps):
        headers = "".join(f"add_header {name} {quoted(value)} always; " for name, value in step.answer_headers)
        body = f" {quoted(step.answer)}" if step.answer else ' ""'
        answers += f"    location @a{number} {{ default_type {quoted(step.answer_type.split(';')[0])}; {headers}return {step.status}{body}; }}\n"
        answers += f"    error_page {460 + number} = @a{number};\n"
    entry = "".join(f"      if ($answer = {number}) {{ return {460 + number}; }}\n" for number in range(len(steps)))
    return f"""
daemon off; master_process off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{}}
http {{
  access_log off; client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work}; uwsgi_temp_path {work}; scgi_temp_path {work};
  large_client_header_buffers 8 64k; gzip on; gzip_types text/xml application/json; charset utf-8; charset_types text/xml application/json; gzip_min_length 0; server_tokens off;
  map $http_client_request_id $answer {{
    default x;
{rules}  }}
  server {{
    listen 127.0.0.1:{PLAIN}; listen 127.0.0.1:{TLS} ssl; listen 127.0.0.1:{H2C} http2; listen 127.0.0.1:{H2} ssl http2;
    {wrapped.listens() if wrap else f"ssl_certificate {cert}; ssl_certificate_key {cert}; ssl_protocols TLSv1.2 TLSv1.3;"}
    recursive_error_pages on;
    location / {{
{entry}      return 418;
    }}
{answers}  }}
}}
"""


def curl_config(steps, scheme, port, ca):
    """One curl process for all steps, so that connections persist."""
    parts = []
    for step in steps:
        lines = ["http1.1", f'url = "{scheme}://{step.host}{step.path}"', f'request = "{step.method}"', "globoff", "silent", 'output = "/dev/null"', f'connect-to = "::127.0.0.1:{port}"']
        if scheme == "https":
            lines.append(f'cacert = "{ca}"')
        for name, value in [*step.headers, ("client-request-id", step.id)]:
            escaped = f"{name}: {value}".replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'header = "{escaped}"')
        if step.body is not None:
            lines.append('data-binary = "{}"'.format(step.body.replace("\\", "\\\\").replace('"', '\\"')))
            lines.append('header = "Expect:"')
        parts.append("\n".join(lines))
    return "\nnext\n".join(parts)


class Running:
    """A process that is there while the block runs, and ended gently after it."""

    def __init__(self, *command, wait=None, **kw):
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **kw)
        self.wait = wait

    def __enter__(self):
        for _ in range(200):
            if self.wait is None or self.wait():
                return self
            time.sleep(0.05)
        raise SystemExit(f"{self.process.args[0]} did not start")

    def __exit__(self, *_):
        time.sleep(0.3)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def listening(port):
    def check():
        return subprocess.run(["sh", "-c", f"ss -ltn | grep -q '127.0.0.1:{port} '"]).returncode == 0

    return check


def over_http2(work, target, steps, server_pem):
    """The scenario once more over HTTP/2: in the clear with prior knowledge, and by ALPN with the keys inside."""
    for name, port in [("traffic-h2c", H2C), ("traffic-h2", H2)]:
        capture, keylog = work / f"{name}.pcap", work / f"{name}.keys"
        with Running("tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w", str(capture), f"tcp port {port}", wait=capture.exists):
            time.sleep(0.2)
            tls = dict(keylog=str(keylog), ca=str(server_pem)) if port == H2 else {}
            statuses = http2.fetch(steps, tokens.HOST, port, **tls)
            assert statuses == [step.status for step in steps], statuses
        if tls:
            subprocess.run(["editcap", "--inject-secrets", f"tls,{keylog}", str(capture), str(target / f"{name}.pcapng")], check=True)
        else:
            shutil.copy(capture, target / f"{name}.pcap")


def record(name, case, target, server_pem):
    work = pathlib.Path(tempfile.mkdtemp())
    steps = case["steps"]
    (work / "nginx.conf").write_text(nginx_conf(work, steps, server_pem, case.get("wrapped")))
    target.mkdir(parents=True, exist_ok=True)
    for old in target.glob("traffic*"):
        old.unlink()
    with Running("nginx", "-c", str(work / "nginx.conf"), "-p", str(work), wait=listening(PLAIN)):
        proxy = ("mitmdump", "--mode", f"reverse:http://127.0.0.1:{PLAIN}@127.0.0.1:{PROXY}", "--set", "keep_host_header=true", "--set", f"confdir={work}", "-w", str(work / "flows"), "--set", f"hardump={work / 'traffic.har'}")
        if case.get("date"):
            shifted = formatdate(time.time() + case["date"], usegmt=True)
            proxy += ("--set", f"modify_headers=/~s/Date/{shifted}")
        with Running(*proxy, wait=listening(PROXY)):
            with Running("tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w", str(work / "traffic.pcap"), f"tcp port {PROXY}", wait=lambda: (work / "traffic.pcap").exists()):
                time.sleep(0.2)
                (work / "curl").write_text(curl_config(steps, "http", PROXY, server_pem))
                subprocess.run(["curl", "-K", str(work / "curl")], check=True)
        statuses = [flow.response.status_code for flow in exports.flows(work / "flows")]
        assert statuses == [step.status for step in steps], f"{name}: {statuses}"
        if case.get("h2"):
            over_http2(work, target, steps, server_pem)
        if case.get("wrapped"):
            wrapped.record(work, target, case["wrapped"], lambda scheme, port: curl_config(steps, scheme, port, server_pem))
        if case.get("tls"):
            keylog = target / "keys.log"
            keylog.unlink(missing_ok=True)
            with Running("tcpdump", "-i", "lo", "-U", "--immediate-mode", "-s", "0", "-w", str(work / "tls.pcap"), f"tcp port {TLS}", wait=lambda: (work / "tls.pcap").exists()):
                time.sleep(0.2)
                (work / "curl").write_text(curl_config(steps, "https", TLS, server_pem))
                subprocess.run(["curl", "-K", str(work / "curl")], check=True, env={**os.environ, "SSLKEYLOGFILE": str(keylog)})
    derived = case.get("derive")
    shutil.copy(work / "traffic.pcap", target / "traffic.pcap")
    if derived:
        getattr(pcap, derived)(target / "traffic.pcap", PROXY)
    else:
        shutil.copy(work / "flows", target / "traffic.mitm")
        har = json.loads((work / "traffic.har").read_text())
        (target / "traffic.har").write_text(json.dumps(har, indent=1) + "\n")
        exports.saz(work / "flows", target / "traffic.saz")
    if case.get("tls"):
        shutil.copy(work / "tls.pcap", target / "traffic-tls.pcap")
        subprocess.run(["editcap", "--inject-secrets", f"tls,{keylog}", str(work / "tls.pcap"), str(target / "traffic-tls.pcapng")], check=True)
    for log, lines in case.get("logs", {}).items():
        (target / log).write_text(lines(time.time()))
    (target / "case.toml").write_text(case_toml(name, case))
    shutil.rmtree(work)


def secrets(case):
    """Strings that no output may hold: signatures, Basic values, passwords, opaque tokens."""
    found = set(case.get("secrets", []))

    def tokens_in(text):
        for word in text.replace("&", " ").replace("=", " ").replace('"', " ").split():
            parts = word.split(".")
            if len(parts) == 3 and parts[0].startswith("eyJ"):
                if parts[2]:
                    found.add(parts[2])
                try:
                    claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
                except ValueError:
                    continue
                for claim in ("actortoken", "actort"):
                    if claim in claims:
                        tokens_in(claims[claim])

    for step in case["steps"]:
        found.update(getattr(step, "secrets", []))
        for _, value in step.headers:
            tokens_in(value)
        tokens_in(step.body or "")
        tokens_in(step.answer)
    return sorted(found)


def case_toml(name, case):
    expect = case["expect"]
    lines = [f"title = {json.dumps(case['title'])}", f'tenant = ["{tokens.TENANT}", "{tokens.DOMAIN}"]']
    lines.append(f'cert = "../certs/{case.get("cert", "OAuthCert.cer")}"')
    if case.get("sts_keys", True):
        lines.append('sts_keys = "../certs/acs-metadata.json"')
    if case.get("tls_key"):
        lines.append(f'tls_key = "{case["tls_key"]}"')
    if case.get("logs"):
        lines.append(f"logs = {json.dumps(sorted(case['logs']))}")
    lines.append(f"secrets = {json.dumps(secrets(case))}")
    lines += ["", "[expect]", f"status = {expect['status']}", f'verdict = "{expect["verdict"]}"']
    if expect.get("rules"):
        lines.append(f"rules = {json.dumps(expect['rules'])}")
    if case.get("cause"):
        lines.append(f'cause = "{case["cause"]}"')
    lines += ["", "[expect.checks]"] + [f'{check} = "{outcome}"' for check, outcome in expect["checks"].items()]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=pathlib.Path, required=True, help="folder for private keys, outside the project; kept between runs")
    parser.add_argument("names", nargs="*", help="scenarios; all when none is named")
    options = parser.parse_args()
    options.keys.mkdir(parents=True, exist_ok=True)
    auth = "Microsoft Exchange Server Auth Certificate"
    keys = {
        "acs": tokens.Signer(options.keys, "acs", "accounts.accesscontrol.windows.net", -100, 700),
        "exchange": tokens.Signer(options.keys, "exchange", auth, -300, 5 * 365 - 300),
        "rolled": tokens.Signer(options.keys, "rolled", auth, -2, 5 * 365 - 2),
        "expired": tokens.Signer(options.keys, "expired", auth, -5 * 365 - 20, -20),
        "server": tokens.Signer(options.keys, "server", tokens.HOST, -10, 3650),
    }
    # Until now the subject alternative names were not needed; curl wants them.
    server_pem = options.keys / "server-san.pem"
    if not server_pem.exists():
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", f"/CN={tokens.HOST}", "-addext", f"subjectAltName=DNS:{tokens.HOST},DNS:{tokens.STS_HOST},DNS:ex99.contoso.example", "-keyout", str(server_pem), "-out", str(server_pem) + ".crt"], check=True, capture_output=True)
        server_pem.write_text(server_pem.read_text() + pathlib.Path(str(server_pem) + ".crt").read_text())
    certs = CAPTURES / "certs"
    certs.mkdir(exist_ok=True)
    (certs / "OAuthCert.cer").write_bytes(keys["exchange"].der)
    (certs / "OAuthCert-next.cer").write_bytes(keys["rolled"].der)
    (certs / "expired.cer").write_bytes(keys["expired"].der)
    (certs / "acs-metadata.json").write_text(json.dumps(tokens.metadata([keys["acs"]]), indent=1) + "\n")
    wanted = scenarios.build(keys)
    for name in options.names or wanted:
        record(name, wanted[name], CAPTURES / name, server_pem)
        print(name, flush=True)


if __name__ == "__main__":
    sys.exit(main())
