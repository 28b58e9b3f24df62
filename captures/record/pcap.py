"""Reads and rewrites small pcap files: for recordings with a loss or a reordering that happened on purpose."""

import struct


def read(path):
    data = path.read_bytes()
    assert data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"), "little-endian pcap expected"
    packets, at = [], 24
    while at < len(data):
        seconds, fraction, kept, _ = struct.unpack_from("<IIII", data, at)
        packets.append((data[at : at + 8], data[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return data[:24], packets


def write(path, header, packets):
    out = header
    for stamp, body in packets:
        out += stamp + struct.pack("<II", len(body), len(body)) + body
    path.write_bytes(out)


def payload(body):
    """TCP payload of an Ethernet/IPv4 frame, and whether it goes to the server's port."""
    ip = body[14:]
    header = (ip[0] & 15) * 4
    total = struct.unpack_from(">H", ip, 2)[0]
    tcp = ip[header:total]
    return tcp[(tcp[12] >> 4) * 4 :], struct.unpack_from(">H", tcp, 2)[0]


def requests(packets, port):
    """Indices of packets that carry request bytes."""
    return [i for i, (_, body) in enumerate(packets) if payload(body)[0] and payload(body)[1] == port]


def lost(path, port):
    """Drops the segment in the middle of the Authorization field of the last request that has one."""
    header, packets = read(path)
    data = requests(packets, port)
    first = [i for i in data if b"Authorization: Bearer ey" in payload(packets[i][1])[0]][-1]
    victim = data[data.index(first) + 1]
    write(path, header, packets[:victim] + packets[victim + 1 :])
    return victim + 1


def swapped(path, port):
    """Swaps the first two segments of the last request with a token; their times stay in order."""
    header, packets = read(path)
    data = requests(packets, port)
    first = [i for i in data if b"Authorization: Bearer ey" in payload(packets[i][1])[0]][-1]
    second = data[data.index(first) + 1]
    (time_a, a), (time_b, b) = packets[first], packets[second]
    packets[first], packets[second] = (time_a, b), (time_b, a)
    write(path, header, packets)
    return first + 1


def pcapng(packets, secrets):
    """The packets, and after them the keys in a Decryption Secrets Block."""

    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        length = (len(body) + 12).to_bytes(4, "little")
        return kind.to_bytes(4, "little") + length + body + length

    number = lambda value, size=4: value.to_bytes(size, "little")  # noqa: E731
    out = block(0x0A0D0D0A, number(0x1A2B3C4D) + number(1, 2) + number(0, 2) + b"\xff" * 8)
    out += block(1, number(1, 2) + number(0, 2) + number(0))
    for stamp, body in packets:
        micros = int.from_bytes(stamp[:4], "little") * 1_000_000 + int.from_bytes(stamp[4:], "little")
        head = number(0) + number(micros >> 32) + number(micros & 0xFFFFFFFF) + number(len(body)) * 2
        out += block(6, head + body)
    return out + block(0x0A, number(0x544C534B) + number(len(secrets)) + secrets)
