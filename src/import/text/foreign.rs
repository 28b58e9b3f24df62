//! Takes a text, says what it is if it holds the words of a conversation in a form that is not read, and what to give
//! instead.
//!
//! The marks are those that the tools write: Charles, Postman, Wireshark and tshark, PowerShell, the Azure modules.

use memchr::memmem;

use super::{ews, utf8};

/// Bytes of a text that are looked at.
const LOOK: usize = 256 << 10;

/// A kind of text, by what is in it.
struct Foreign {
    /// All of them are there.
    marks: &'static [&'static str],
    told: &'static str,
}

const FOREIGN: [Foreign; 12] = [
    Foreign {
        marks: &["\"actualPort\"", "\"firstLine\""],
        told: "is a session of Charles in JSON: export it as HAR (File, Export Session, HTTP Archive)",
    },
    Foreign {
        marks: &["<charles-session"],
        told: "is a session of Charles in XML: export it as HAR (File, Export Session, HTTP Archive)",
    },
    Foreign {
        marks: &["schema.getpostman.com/json/collection"],
        told: "is a collection of Postman, which holds what is to be sent: give what its console shows (Show raw log), \
               or a recording",
    },
    Foreign {
        marks: &["\"Request Headers\": {", "\"Response Headers\": {"],
        told: "is a log of Postman's console: choose Show raw log there, and save that",
    },
    Foreign {
        marks: &["= HTTP REQUEST =", "Absolute Uri:"],
        told: "is the debug output of a module for PowerShell, which is not read: give a recording (HAR, SAZ, pcap)",
    },
    Foreign {
        marks: &["\"_index\": \"packets-", "\"layers\": {"],
        told: "is the output of tshark -T json: give the capture itself",
    },
    Foreign { marks: &["<pdml"], told: "is PDML, the output of tshark: give the capture itself" },
    Foreign { marks: &["<psml"], told: "is PSML, the output of tshark: give the capture itself" },
    Foreign {
        marks: &["Hypertext Transfer Protocol", "Frame 1"],
        told: "is packets as Wireshark prints them: give the capture itself, or what Follow HTTP Stream saves",
    },
    Foreign {
        marks: &["WebCmdletWebResponseException"],
        told: "is an error of PowerShell, which does not show the header fields of the answer: print \
               $_.Exception.Response.Headers, or record the traffic",
    },
    Foreign { marks: &["CLIENT_RANDOM "], told: "is a key log of TLS: give it with --keylog" },
    Foreign { marks: &["CLIENT_TRAFFIC_SECRET_0 "], told: "is a key log of TLS: give it with --keylog" },
];

/// What a text is, and what to do.
pub(super) fn told(text: &[u8]) -> Option<&'static str> {
    let text = text.get(..LOOK).unwrap_or(text);
    let known = FOREIGN
        .iter()
        .find(|foreign| foreign.marks.iter().all(|mark| memmem::find(text, mark.as_bytes()).is_some()));
    match known {
        Some(foreign) => Some(foreign.told),
        None if ews::is_headless(text) => Some(
            "is a trace of the EWS Managed API without the heads of its messages: set TraceFlags to All, and record it again",
        ),
        None if is_hex_dump(text) => Some("is a dump of packets in hexadecimal: give the capture itself"),
        None => None,
    }
}

/// What a text without any conversation or token is, if it is read where another option names it.
pub(super) fn elsewhere(text: &[u8]) -> Option<&'static str> {
    let text = utf8(text.get(..LOOK).unwrap_or(text));
    let holds = |word: &str| memmem::find(&text, word.as_bytes()).is_some();
    if holds("-----BEGIN CERTIFICATE") {
        return Some(
            "is a certificate: give that of Exchange with --cert, that of the token service with --sts-keys",
        );
    }
    if holds("\"keys\"") && (holds("\"keyinfo\"") || holds("\"kty\"")) {
        return Some("is a list of keys: give it with --sts-keys");
    }
    // `Name : value`, as `Format-List` prints it.
    let property = |line: &&[u8]| {
        let name =
            line.iter().position(|byte| *byte == b':').and_then(|at| line.get(..at)).unwrap_or_default();
        let word = name.trim_ascii();
        name.ends_with(b" ") && !word.is_empty() && word.iter().all(u8::is_ascii_alphanumeric)
    };
    (text.split(|byte| *byte == b'\n').filter(property).count() > 1).then_some(
        "looks like what cmdlets print: the state of an organisation goes to --state, or to provision check",
    )
}

/// What a file of no known kind is, by its first bytes, and what to do.
pub(crate) fn binary(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 5] = [
        (
            b"\x30\x82",
            "is DER, as certificates are: give that of Exchange with --cert, that of the token service with --sts-keys",
        ),
        (
            b"\xac\xed\0\x05",
            "is written by a program in Java, as sessions of Charles are: export it as HAR (File, Export Session, HTTP Archive)",
        ),
        (b"ElfFile\0", "is an event log of Windows: print its events as text (Get-WinEvent | Format-List)"),
        (b"SQLite format 3\0", "is a database: export what it holds as HAR from the program that wrote it"),
        (b"7z\xbc\xaf\x27\x1c", "is a 7z archive: give what is in it unpacked"),
    ];
    known.into_iter().find_map(|(magic, told)| head.starts_with(magic).then_some(told))
}

/// `0000  47 45 54 20 …`, as `tshark -x` and Wireshark print bytes.
fn is_hex_dump(text: &[u8]) -> bool {
    let text = utf8(text);
    let mut lines = text.split(|byte| *byte == b'\n').take(64).map(<[u8]>::trim_ascii_end);
    lines.any(|line| {
        let pairs = line.strip_prefix(b"0000  ").unwrap_or_default();
        let row = pairs.get(..47).unwrap_or_default();
        let fits = |(at, byte): (usize, &u8)| match at % 3 {
            2 => *byte == b' ',
            _ => byte.is_ascii_hexdigit(),
        };
        row.len() == 47 && row.iter().enumerate().all(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_what_it_is() {
        for (text, word) in [
            (
                "[{\"status\":\"COMPLETE\",\"actualPort\":443,\"request\":{\"header\":{\"firstLine\":\"GET\"}}}]",
                "Charles",
            ),
            ("<?charles serialisation-version='2.0' ?>\n<charles-session>", "Charles"),
            (
                "{\"info\":{\"schema\":\"https://schema.getpostman.com/json/collection/v2.1.0/collection.json\"}}",
                "Postman",
            ),
            (
                "POST https://h/ews: {\n  \"Request Headers\": {\n  },\n  \"Response Headers\": {\n  }\n}",
                "raw log",
            ),
            ("DEBUG: ==== HTTP REQUEST ====\n\nAbsolute Uri:\nhttps://h/ews\n", "PowerShell"),
            ("[{\"_index\": \"packets-2026-11-23\", \"_source\": {\"layers\": {}}}]", "tshark"),
            ("<?xml version=\"1.0\"?><pdml version=\"0\">", "PDML"),
            (
                "Frame 1: 100 bytes on wire\nHypertext Transfer Protocol\n    GET / HTTP/1.1\\r\\n",
                "Wireshark",
            ),
            ("+ FullyQualifiedErrorId : WebCmdletWebResponseException,Microsoft", "PowerShell"),
            ("CLIENT_RANDOM 00 11", "--keylog"),
            ("<Trace Tag=\"EwsRequest\" Tid=\"1\">x</Trace>", "TraceFlags"),
            ("0000  50 4f 53 54 20 2f 65 77 73 20 48 54 54 50 2f 31   POST /ews HTTP/1\n", "hexadecimal"),
        ] {
            assert!(told(text.as_bytes()).is_some_and(|told| told.contains(word)), "{text}");
        }
        assert!(binary(b"\xac\xed\0\x05sr").is_some_and(|told| told.contains("Charles")));
    }

    #[test]
    fn what_another_option_reads_is_told() {
        for (text, word) in [
            ("Bag Attributes\n-----BEGIN CERTIFICATE-----\nMIIB", "--cert"),
            ("{\"keys\": [{\"kty\": \"RSA\"}]}", "--sts-keys"),
            ("{\"keys\":[{\"usage\":\"signing\",\"keyinfo\":{}}]}", "--sts-keys"),
            ("Name    : a\r\nEnabled : True\r\n", "--state"),
        ] {
            assert!(elsewhere(text.as_bytes()).is_some_and(|told| told.contains(word)), "{text}");
        }
        for text in
            ["", "keys", "{\"keys\": 1}", "Note: a\nAnd: b\n", "a word : b\nand one : c\n", "Name : a\n"]
        {
            assert_eq!(elsewhere(text.as_bytes()), None, "{text}");
        }
        assert!(binary(b"\x30\x82\x03").is_some_and(|told| told.contains("--cert")));
    }

    #[test]
    fn others_are_left() {
        for text in [
            "",
            "POST /ews HTTP/1.1\nHost: h\n",
            "the Response Headers are below",
            "0000  is no dump",
            "{\"header\": {\"firstLine\": 1}}",
        ] {
            assert_eq!(told(text.as_bytes()), None, "{text}");
        }
        assert_eq!(binary(b"PK\x03\x04"), None);
    }
}
