//! Heads as the producers write them.

use super::*;

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

#[test]
fn kinds_are_told_by_their_first_bytes() {
    let cases: &[(&[u8], Sniffed)] = &[
        (b"", Sniffed::Empty),
        (&[0xd4, 0xc3, 0xb2, 0xa1], Sniffed::Pcap),
        (&[0xa1, 0xb2, 0x3c, 0x4d], Sniffed::Pcap),
        (&[0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a], Sniffed::Pcapng),
        (b"\n\r\r\n then something else", Sniffed::Text),
        (b"GMBU\x00\x02", Sniffed::Netmon),
        (&[0x1f, 0x8b, 8, 0], Sniffed::Gzip),
        (&[0x28, 0xb5, 0x2f, 0xfd], Sniffed::Zstd),
        (&[0x52, 0x2a, 0x4d, 0x18], Sniffed::Zstd),
        (b"PK\x03\x04\x14\0", Sniffed::Zip),
        (b"{\"log\": {\"version\": \"1.2\"", Sniffed::Har),
        (b"\xef\xbb\xbf\r\n{ \"log\" : { \"creator\":{}", Sniffed::Har),
        (b"{\"_x\":1,\"log\":{\"pages\":[],\"entries\":[", Sniffed::Har),
        (b"{\"keys\":[{", Sniffed::Json),
        (b"[{\"a\":1}]", Sniffed::Json),
        (b"[section] of an ini", Sniffed::Text),
        (b"1939:9:websocket;0:~8:response;", Sniffed::Mitmproxy),
        (b"5040:8:response,1815:11:httpversion,", Sniffed::Mitmproxy),
        (b"12:34:56 something happened here, long enough for the count", Sniffed::Text),
        (
            b"<?xml version=\"1.0\"?>\n<!DOCTYPE items [\n<!ATTLIST items burpVersion CDATA \"\">",
            Sniffed::Burp,
        ),
        (b"<items burpVersion=\"2024.1\" exportTime=\"x\">", Sniffed::Burp),
        (b"<EntityDescriptor/>", Sniffed::Xml),
        (b"#Software: Microsoft Internet Information Services 10.0\r\n", Sniffed::Log),
        (b"DateTime,RequestId,MajorVersion,MinorVersion\r\n", Sniffed::Log),
        (b"#Software: Microsoft Internet Information Services 10.0\r\n\0\0\0\0", Sniffed::Log),
        (b"{\"log\":{\"version\":\"1\0.2\"", Sniffed::Har),
        (b"Bearer \0\0\0 #Fields: a", Sniffed::Unknown),
        (
            b"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">",
            Sniffed::Log,
        ),
        (b"Authorization: Bearer eyJ0eXAiOiJKV1QifQ.e30.", Sniffed::Text),
        (b"caf\xe9 in an 8-bit code page", Sniffed::Text),
        (&[0x7f, b'E', b'L', b'F', 2, 1, 1], Sniffed::Unknown),
        (&[0, 0, 0, 1, 0, 2], Sniffed::Unknown),
    ];
    for (head, kind) in cases {
        assert_eq!(sniff(head), *kind, "{:?}", String::from_utf8_lossy(head));
    }
}

#[test]
fn utf_16_text_is_text() {
    assert_eq!(sniff(&utf16("{\"log\":{\"entries\":[")), Sniffed::Har);
    assert_eq!(sniff(&utf16("RunspaceId : x\r\nResultType : Success\r\n")), Sniffed::Log);
    assert_eq!(sniff(&utf16("a token")), Sniffed::Text);
    assert_eq!(sniff(&utf16("a token")[2..]), Sniffed::Text);
}
