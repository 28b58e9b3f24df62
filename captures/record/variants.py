"""The healthy recording in other clothes: link types, byte orders, resolutions, containers, and small damages.

Each variant is derived from `healthy/traffic.pcap` byte by byte; what a verifier must say of it stays the same but
where the variant itself takes evidence away.
"""

import gzip
import pathlib
import shutil
import struct
import subprocess

import pcap


def header(link, big=False, nanos=False):
    magic = 0xA1B23C4D if nanos else 0xA1B2C3D4
    return struct.pack((">" if big else "<") + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)


def save(path, link, frames, big=False, nanos=False):
    order = ">" if big else "<"
    out = header(link, big, nanos)
    for stamp, body in frames:
        seconds, micros = struct.unpack("<II", stamp)
        out += struct.pack(order + "IIII", seconds, micros * 1000 if nanos else micros, len(body), len(body)) + body
    path.write_bytes(out)


def link_types(source, folder):
    """Raw IP, cooked v1 and v2, BSD null and loop, VLAN and QinQ."""
    _, packets = pcap.read(source)
    mac = bytes.fromhex("000000000000")
    ip = [(stamp, body[14:]) for stamp, body in packets]
    save(folder / "traffic-raw.pcap", 101, ip)
    save(folder / "traffic-null.pcap", 0, [(s, struct.pack("<I", 2) + b) for s, b in ip])
    save(folder / "traffic-null-big-endian.pcap", 0, [(s, struct.pack(">I", 2) + b) for s, b in ip])
    save(folder / "traffic-loop.pcap", 108, [(s, struct.pack(">I", 2) + b) for s, b in ip])
    save(folder / "traffic-cooked.pcap", 113, [(s, struct.pack(">HHH", 0, 772, 6) + mac + b"\0\0" + b"\x08\x00" + b) for s, b in ip])
    save(folder / "traffic-cooked2.pcap", 276, [(s, b"\x08\x00\0\0" + struct.pack(">IHBB", 1, 772, 0, 6) + mac + b"\0\0" + b) for s, b in ip])
    save(folder / "traffic-vlan.pcap", 1, [(s, b[:12] + b"\x81\x00\x00\x64" + b[12:]) for s, b in packets])
    save(folder / "traffic-qinq.pcap", 1, [(s, b[:12] + b"\x88\xa8\x00\x0a\x81\x00\x00\x64" + b[12:]) for s, b in packets])


def containers(source, folder):
    """gzip, zstd, big-endian, nanoseconds, pcapng, NetMon."""
    _, packets = pcap.read(source)
    data = source.read_bytes()
    (folder / "traffic.pcap.gz").write_bytes(gzip.compress(data, mtime=0))
    subprocess.run(["zstd", "-q", "-f", str(source), "-o", str(folder / "traffic.pcap.zst")], check=True)
    save(folder / "traffic-big-endian.pcap", 1, packets, big=True)
    save(folder / "traffic-nanoseconds.pcap", 1, packets, nanos=True)
    for kind, name in [("netmon2", "traffic.cap"), ("pcapng", "traffic.pcapng")]:
        subprocess.run(["editcap", "-F", kind, str(source), str(folder / name)], check=True)
    (folder / "traffic-truncated.pcap").write_bytes(data[:-7])


def overlap(source, folder, port):
    """A second copy of a segment of the request comes later, with other bytes: the first copy counts."""
    head, packets = pcap.read(source)
    data = pcap.requests(packets, port)
    first = [i for i in data if b"Authorization: Bearer ey" in pcap.payload(packets[i][1])[0]][-1]
    victim = data[data.index(first) + 1]
    stamp, body = packets[victim]
    forged = bytearray(body)
    forged[-40:-20] = b"A" * 20
    pcap.write(folder / "traffic.pcap", head, packets[: victim + 1] + [(stamp, bytes(forged))] + packets[victim + 1 :])


def midway(source, folder, packets_lost, name="traffic.pcap"):
    """The capture began after the connection did."""
    head, packets = pcap.read(source)
    pcap.write(folder / name, head, packets[packets_lost:])


def hello(packets, number=0):
    """Index of the packet with the ServerHello of a connection."""
    found = [i for i, (_, body) in enumerate(packets) if pcap.payload(body)[0][:1] == b"\x16" and pcap.payload(body)[0][5:6] == b"\x02"]
    return found[number]


def odd(lines):
    """A key log that went through several hands: byte order mark, comments, upper case, foreign labels, CRLF."""
    out = ["\ufeff# kept by hand", "", "QUIC_CLIENT_TRAFFIC_SECRET_0 00 11", "SOMETHING_ELSE 0011 2233"]
    for line in lines:
        label, random, secret = line.split()
        out += [f"{label}  {random.upper()}\t{secret.upper()} ", "# and so on"]
    return "\r\n".join(out).encode() + b"\r\n"


def tls(captures, folder, made):
    """Keys that come last, are another connection's or look odd; a ServerHello that was lost; a late beginning."""
    healthy, older = captures / "healthy" / "traffic-tls.pcap", captures / "tls-older" / "traffic-cbc.pcap"
    keys = (captures / "healthy" / "keys.log").read_bytes()
    head, packets = pcap.read(healthy)
    (folder("tls-keys-last") / "traffic.pcapng").write_bytes(pcap.pcapng(packets, keys))
    made["tls-keys-last"] = "The keys stand in the file after all packets"
    for name, log, title in [
        ("tls-keys-foreign", (captures / "tls" / "other-keys.log").read_bytes(), "The key log is of another connection"),
        ("tls-keys-odd", odd(keys.decode().split("\n")[:-1]), "The key log has CRLF, upper case, comments and foreign labels"),
    ]:
        shutil.copy(healthy, folder(name) / "traffic.pcap")
        (captures / name / "keys.log").write_bytes(log)
        made[name] = title
    made["tls-hello-lost"] = "TLS 1.3 of which a ServerHello was never captured"
    target = folder("tls-hello-lost")
    lost = hello(packets)
    pcap.write(target / "traffic.pcap", head, packets[:lost] + packets[lost + 1 :])
    (target / "keys.log").write_bytes(keys)
    head, packets = pcap.read(older)
    lost = hello(packets)
    for name, kept, title in [
        ("tls12-hello-lost", packets[:lost] + packets[lost + 1 :], "TLS 1.2 of which the ServerHello was never captured"),
        ("tls12-midway", packets[lost + 4 :], "TLS 1.2 that began before the capture did"),
    ]:
        pcap.write(folder(name) / "traffic.pcap", head, kept)
        shutil.copy(captures / "tls-older" / "keys.log", captures / name / "keys.log")
        made[name] = title


def build(captures: pathlib.Path, port):
    """Writes all variants; gives name -> (title, what must come out)."""
    healthy = captures / "healthy" / "traffic.pcap"
    made = {}

    def folder(name):
        target = captures / name
        target.mkdir(exist_ok=True)
        for old in target.glob("traffic*"):
            old.unlink()
        return target

    link_types(healthy, folder("link-types"))
    made["link-types"] = "The healthy conversation on other link types"
    containers(healthy, folder("containers"))
    made["containers"] = "The healthy conversation in other files; the truncated one lacks the last bytes of its last packet"
    overlap(healthy, folder("conflicting-overlap"), port)
    made["conflicting-overlap"] = "A retransmission that differs from the first copy"
    # HTTP/2 from the middle: the calls that follow name their token by a table that nobody saw being filled.
    midway(captures / "http2" / "traffic-h2c.pcap", folder("http2-midway"), 18)
    made["http2-midway"] = "HTTP/2 that began before the capture did"
    tls(captures, folder, made)
    return made


MIDWAY = """
[expect]
status = 4
verdict = "incomplete"
cause = "none"

[expect.checks]
oauth = "pass"
issuer = "pass"
signature = "pass"
audience = "not-established"
no-basic = "not-established"
"""


CLOSED = """
[expect]
status = 4
verdict = "incomplete"

[expect.checks]
oauth = "not-established"
coverage = "not-established"
no-basic = "not-established"
"""


def copy_case(captures, name, title):
    """The case file of the recording that it was made from, under another title."""
    origin = "http2" if name.startswith("http2") else "tls-older" if name.startswith("tls12") else "healthy"
    text = (captures / origin / "case.toml").read_text().splitlines()
    text[0] = f'title = "{title}"'
    if "[state]" in text:
        text = text[: text.index("[state]") - 1]
    at = text.index("[expect]")
    if name == "http2-midway":
        text[at - 1 :] = MIDWAY.rstrip().splitlines()
    elif name in ("tls-keys-foreign", "tls12-hello-lost", "tls12-midway"):
        text[at - 1 :] = CLOSED.rstrip().splitlines()
    elif name == "conflicting-overlap":
        text.insert(at + 3, 'rules = ["coverage-conflict"]')
    (captures / name / "case.toml").write_text("\n".join(text) + "\n")


if __name__ == "__main__":
    root = pathlib.Path(__file__).resolve().parent.parent
    for name, title in build(root, 80).items():
        copy_case(root, name, title)
        print(name)
    shutil.rmtree(root / "record" / "__pycache__", ignore_errors=True)
