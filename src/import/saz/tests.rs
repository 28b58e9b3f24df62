use std::io::{Cursor, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::super::Collected;
use super::*;
use crate::base::Secret;
use crate::exchange::Head;
use crate::wire::http::body::glimpse;

const REQUEST: &[u8] = b"GET https://h/ews HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer t\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn deflated() -> SimpleFileOptions {
    SimpleFileOptions::default().compression_method(CompressionMethod::Deflated)
}

fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        zip.start_file(*name, deflated()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn collect(bytes: &[u8], passwords: &[&str]) -> Result<Collected, ImportError> {
    let passwords = passwords.iter().map(|text| Secret::new(text.as_bytes().to_vec())).collect();
    let mut out = Collected::default();
    read(bytes, &ImportSettings { passwords, ..ImportSettings::default() }, &mut out).map(|()| out)
}

fn paths(out: &Collected) -> Vec<String> {
    out.exchanges.iter().map(|e| e.request.as_ref().map_or("-".into(), |r| r.target.clone())).collect()
}

/// Made by Info-ZIP's zip 3.0 and by 7-Zip 16.02 from one session.
const FIXTURES: [(&str, &[u8]); 4] = [
    ("ZipCrypto", include_bytes!("../../../tests/data/imports/zipcrypto.saz")),
    ("ZipCrypto, streamed", include_bytes!("../../../tests/data/imports/zipcrypto-streamed.saz")),
    ("AES-128", include_bytes!("../../../tests/data/imports/aes128.saz")),
    ("AES-256", include_bytes!("../../../tests/data/imports/aes256.saz")),
];

#[test]
fn every_encryption_opens_and_a_missing_password_is_told_from_a_wrong_one() {
    let plain = collect(include_bytes!("../../../tests/data/imports/plain.saz"), &[]).unwrap();
    assert_eq!(plain.exchanges[0].response.as_ref().unwrap().body.bytes, "<y/>");
    for (name, bytes) in FIXTURES {
        let opened = collect(bytes, &["wrong", "test"]).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(opened.exchanges, plain.exchanges, "{name}");
        assert_eq!(opened.notices, [], "{name}");
        assert_eq!(collect(bytes, &[]).unwrap_err(), ImportError::PasswordMissing, "{name}");
        assert_eq!(collect(bytes, &["wrong", "Test", ""]).unwrap_err(), ImportError::PasswordWrong, "{name}");
    }
}

#[test]
fn times_and_addresses_come_from_the_metadata() {
    let out = collect(include_bytes!("../../../tests/data/imports/plain.saz"), &[]).unwrap();
    let exchange = &out.exchanges[0];
    assert_eq!(exchange.client.unwrap().to_string(), "10.1.2.3:50123");
    assert_eq!(exchange.server.unwrap().to_string(), "10.9.8.7:443");
    assert_eq!(exchange.time().unwrap().to_string(), "2026-11-22T09:00:00.125000Z");
    let request = exchange.request.as_ref().unwrap();
    assert_eq!((request.scheme.as_deref(), request.target.as_str()), (Some("https"), "/EWS/Exchange.asmx"));
}

#[test]
fn sessions_are_found_in_any_folder_and_case_and_links_and_ways_out_are_not_followed() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for name in ["Logs/RAW/003_C.TXT", "../raw/4_c.txt", "raw/x_c.txt", "raw\\2_c.txt", "/etc/5_c.txt"] {
        zip.start_file(name, deflated()).unwrap();
        zip.write_all(REQUEST).unwrap();
    }
    zip.add_symlink("raw/6_c.txt", "/etc/passwd", deflated()).unwrap();
    let out = collect(&zip.finish().unwrap().into_inner(), &[]).unwrap();
    let numbers: Vec<u64> = out.exchanges.iter().map(|exchange| exchange.key.frame).collect();
    assert_eq!(numbers, [3, 2]);
    assert_eq!(out.notices.len(), 3, "{:?}", out.notices);
    assert!(out.exchanges.iter().all(|exchange| exchange.response.is_none()));
}

#[test]
fn members_in_any_order_make_sessions_and_the_last_of_one_name_counts() {
    let other = |path: &str| String::from_utf8_lossy(REQUEST).replace("/ews", path).into_bytes();
    let (second, third) = (other("/second"), other("/third"));
    let bytes = archive(&[
        ("raw/2_s.txt", RESPONSE),
        ("raw/1_c.txt", REQUEST),
        ("a/raw/9_c.txt", &third),
        ("raw/2_c.txt", &second),
        ("raw/01_c.txt", &third),
        ("raw/5_m.xml", b"<Session/>"),
        ("raw/1_s.txt", RESPONSE),
    ]);
    let out = collect(&bytes, &[]).unwrap();
    assert_eq!(paths(&out), ["/third", "/third", "/second"]);
    let keys: Vec<_> = out.exchanges.iter().map(|e| (e.key.sub >> 32, e.key.frame)).collect();
    assert_eq!(keys, [(0, 9), (1, 1), (1, 2)]);
    assert!(out.exchanges[1..].iter().all(|exchange| exchange.response.is_some()));
}

#[test]
fn a_large_member_is_whole_and_checked() {
    let mut member = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec();
    let head = member.len();
    member.extend((0..200_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8));
    let bytes = archive(&[("raw/1_c.txt", REQUEST), ("raw/1_s.txt", &member), ("raw/2_c.txt", REQUEST)]);
    let out = collect(&bytes, &[]).unwrap();
    assert_eq!(out.exchanges[0].response.as_ref().unwrap().body.bytes, member[head..]);
    // The same with another checksum, in the index and before the data.
    let sum = libdeflater::crc32(&member).to_le_bytes();
    let mut damaged = bytes.clone();
    let places: Vec<usize> = memchr::memmem::find_iter(&bytes, &sum).collect();
    places.iter().for_each(|&at| damaged[at] ^= 1);
    let out = collect(&damaged, &[]).unwrap();
    assert!(!places.is_empty() && out.exchanges[0].response.is_none());
    assert!(out.notices[0].text.contains("checksum"), "{:?}", out.notices);
}

#[test]
fn damage_that_changes_the_length_of_a_member_is_damage() {
    let request: String = (0..40).map(|number| format!("X-{number}: {}\r\n", number * 7919)).collect();
    let request = format!("GET /a HTTP/1.1\r\nHost: h\r\n{request}\r\n");
    let bytes = archive(&[("raw/1_c.txt", request.as_bytes()), ("raw/2_c.txt", REQUEST)]);
    let of_second = memchr::memmem::find(&bytes, b"raw/2_c.txt").unwrap() - 30;
    let whole = collect(&bytes, &[]).unwrap().exchanges;
    for at in 45..of_second {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        for exchange in collect(&damaged, &[]).unwrap().exchanges {
            assert!(whole.contains(&exchange), "byte {at}: {exchange:?}");
        }
    }
}

#[test]
fn an_archive_without_sessions_is_refused() {
    for bytes in [archive(&[("a.txt", b"x")]), archive(&[]), b"PK\x03\x04".to_vec(), b"".to_vec()] {
        let error = collect(&bytes, &[]).unwrap_err();
        assert!(matches!(error, ImportError::Damaged(_) | ImportError::Kind(_)), "{error:?}");
    }
    let error = collect(&archive(&[("word/document.xml", b"<x/>")]), &[]).unwrap_err().to_string();
    assert!(error.contains("no Fiddler session archive"), "{error}");
}

#[test]
fn a_damaged_member_costs_itself() {
    let mut bytes = archive(&[
        ("raw/1_c.txt", REQUEST),
        ("raw/2_c.txt", &REQUEST.repeat(3)),
        ("raw/3_c.txt", REQUEST),
        ("raw/3_s.txt", RESPONSE),
        ("raw/4_c.txt", b"no request"),
    ]);
    let name = memchr::memmem::find(&bytes, b"raw/2_c.txt").unwrap();
    bytes[name + 11..name + 20].fill(0xff);
    let out = collect(&bytes, &[]).unwrap();
    assert_eq!(paths(&out), ["/ews", "/ews"]);
    let entries: Vec<_> = out.notices.iter().map(|notice| notice.entry).collect();
    assert_eq!(entries, [Some(2), Some(4)], "{:?}", out.notices);
    assert!(out.notices.iter().all(|notice| notice.loss == Some(LeftOut::request())));
}

#[test]
fn what_was_left_out_of_a_session_is_told_with_its_host() {
    let metadata = br#"<Session SID="2"><SessionFlags><SessionFlag N="https-Client-SNIHostname" V="mail.example"/></SessionFlags></Session>"#;
    let losses = |members: &[(&str, &[u8])]| {
        let whole: [(&str, &[u8]); 2] = [("raw/1_c.txt", REQUEST), ("raw/1_s.txt", RESPONSE)];
        let out = collect(&archive(&[&whole, members].concat()), &[]).unwrap();
        out.notices.into_iter().filter_map(|notice| notice.loss).collect::<Vec<_>>()
    };
    let (none, named) = (LeftOut::request(), LeftOut::request().to(Some("mail.example".to_owned())));
    assert_eq!(losses(&[("raw/2_c.txt", b"odd"), ("raw/2_m.xml", metadata)]), [named]);
    assert_eq!(losses(&[("raw/2_s.txt", RESPONSE)]), [none], "the request is not there");
    assert_eq!(losses(&[("raw/2_c.txt", REQUEST), ("raw/2_s.txt", b"odd")]), [LeftOut::response()]);
    assert_eq!(losses(&[("raw/2_c.txt", REQUEST), ("raw/2_s.txt", b"")]), [], "aborted");
    assert_eq!(losses(&[("raw/2_c.txt", REQUEST)]), []);
}

#[test]
fn a_cut_archive_is_used_up_to_the_cut() {
    let whole = archive(&[("raw/1_c.txt", REQUEST), ("raw/1_s.txt", RESPONSE), ("raw/2_c.txt", REQUEST)]);
    let streamed: &[u8] = include_bytes!("../../../tests/data/imports/plain-streamed.saz");
    for (bytes, last) in [(&whole[..], "raw/2_c.txt"), (streamed, "raw/1_s.txt")] {
        let index = memchr::memmem::find(bytes, b"PK\x01\x02").unwrap();
        let last = memchr::memmem::find(bytes, last.as_bytes()).unwrap();
        for cut in [index, last + 12, bytes.len() - 3] {
            let out = collect(&bytes[..cut], &[]).unwrap();
            assert!(out.truncated, "{cut}");
            let first = &out.exchanges[0];
            assert!(first.request.as_ref().unwrap().head.get("authorization").is_some());
        }
        assert!(collect(&bytes[..40], &[]).is_err());
    }
}

#[test]
fn a_bomb_is_unpacked_only_as_far_as_it_is_kept() {
    let zeros = vec![b'0'; 64 << 20];
    let mut member = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec();
    member.extend_from_slice(&zeros);
    let bytes = archive(&[("raw/1_c.txt", REQUEST), ("raw/1_s.txt", &member)]);
    let out = collect(&bytes, &[]).unwrap();
    let body = &out.exchanges[0].response.as_ref().unwrap().body;
    assert_eq!(body.bytes.len(), limits::BODY_KEPT);
    assert_eq!(body.total, zeros.len() as u64);
    let image = archive(&[
        ("raw/1_c.txt", REQUEST),
        ("raw/1_s.txt", &{
            let mut member = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n".to_vec();
            member.extend_from_slice(&zeros);
            member
        }),
    ]);
    let out = collect(&image, &[]).unwrap();
    let body = &out.exchanges[0].response.as_ref().unwrap().body;
    assert_eq!((body.bytes.len(), body.total, body.complete), (0, zeros.len() as u64, true));
}

#[test]
fn tunnels_that_stayed_closed_are_told() {
    let metadata = br#"<Session SID="1" BitFlags="1100"><SessionFlags><SessionFlag N="x-hostip" V="10.0.0.9"/></SessionFlags></Session>"#;
    let bytes = archive(&[
        (
            "raw/1_c.txt",
            b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\nA SSLv3-compatible ClientHello was found.",
        ),
        ("raw/1_s.txt", b"HTTP/1.1 200 Connection Established\r\n\r\ntext of Fiddler"),
        ("raw/1_m.xml", metadata),
    ]);
    let out = collect(&bytes, &[]).unwrap();
    let request = out.exchanges[0].request.as_ref().unwrap();
    assert_eq!((request.target.as_str(), request.body.total), ("h:443", 0));
    assert_eq!(out.connections[0].state(), crate::connection::State::Undecrypted);
    assert_eq!(out.connections[0].server.unwrap().to_string(), "10.0.0.9:443");
    assert_eq!(out.connections[0].tls.as_ref().unwrap().facts.sni.as_deref(), Some("h"));
}

#[test]
fn tunnels_that_were_opened_are_not_told() {
    let connect: &[u8] = b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n";
    let established: &[u8] = b"HTTP/1.1 200 Connection Established\r\n\r\n";
    let told = |flags: &str, more: &[(&str, &[u8])]| {
        let metadata = format!("<Session SID=\"1\" BitFlags=\"{flags}\"/>");
        let members: [(&str, &[u8]); 3] =
            [("raw/1_c.txt", connect), ("raw/1_s.txt", established), ("raw/1_m.xml", metadata.as_bytes())];
        collect(&archive(&[&members, more].concat()), &[]).unwrap().connections.len()
    };
    // The request is to https://h.
    let inner: [(&str, &[u8]); 2] = [("raw/2_c.txt", REQUEST), ("raw/2_s.txt", RESPONSE)];
    assert_eq!(told("1", &[]), 1);
    assert_eq!(told("1", &inner), 0);
    assert_eq!(told("2001", &[]), 0, "Fiddler looked into it, and nothing was sent");
    assert_eq!(told("1001", &inner), 1, "Fiddler did not look into it, but into another to the same host");
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_change_of_bytes_makes_it_panic(changes in proptest::collection::vec((0_usize..600, proptest::num::u8::ANY), 1..6), cut in 0_usize..900) {
        let mut bytes = archive(&[("raw/1_c.txt", REQUEST), ("raw/1_s.txt", RESPONSE), ("raw/1_m.xml", b"<Session/>")]);
        for (at, byte) in changes {
            if let Some(place) = bytes.get_mut(at) {
                *place = byte;
            }
        }
        fuzz(&bytes);
        bytes.truncate(cut);
        fuzz(&bytes);
    }
}

#[test]
fn an_archive_in_a_file_gives_the_same_as_one_in_memory() {
    let image = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n".iter().copied();
    let image: Vec<u8> = image.chain(std::iter::repeat_n(7, 100_000)).collect();
    let names: Vec<String> = (0..100).map(|number| format!("raw/{number:03}_c.txt")).collect();
    let mut members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), REQUEST)).collect();
    members.extend([("raw/000_s.txt", RESPONSE), ("raw/001_s.txt", &image), ("raw/002_s.txt", b"no answer")]);
    members.push(("raw/200_c.txt", b"no request"));
    members.push(("raw/201_c.txt", b"CONNECT closed:443 HTTP/1.1\r\n\r\n"));
    members.push(("raw/202_c.txt", b"CONNECT h:443 HTTP/1.1\r\n\r\n"));
    let whole = archive(&members);
    // Of more than 65535 members a ZIP64 record tells, which stands before the end.
    let mut many = whole.clone();
    let end = many.len() - 22;
    many.splice(end..end, b"PK\x06\x06".iter().copied().chain([0; 72]));
    let path = std::env::temp_dir().join(format!("oauthtrace-{}.saz", std::process::id()));
    for bytes in [many, whole.clone(), {
        // One damaged byte: a checksum that does not fit.
        let mut bytes = whole.clone();
        let at = memchr::memmem::find(&bytes, b"raw/050_c.txt").unwrap() + 40;
        bytes[at] ^= 0xff;
        bytes
    }] {
        let expected = collect(&bytes, &[]).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        let settings = ImportSettings::default();
        let mut alone = Collected::default();
        read_file(&file, bytes.len() as u64, &settings, Vec::new(), &mut alone).unwrap().unwrap();
        assert_eq!((&alone.exchanges, &alone.notices), (&expected.exchanges, &expected.notices));
        assert_eq!((alone.connections.len(), &alone.connections), (1, &expected.connections));
        let (mut first, mut second) = (Vec::new(), Vec::new());
        let mut out = Collected::default();
        let workers: Vec<Worker<'_>> =
            vec![Box::new(|exchange| first.push(exchange)), Box::new(|exchange| second.push(exchange))];
        read_file(&file, bytes.len() as u64, &settings, workers, &mut out).unwrap().unwrap();
        first.append(&mut second);
        first.sort_by_key(|exchange| exchange.key);
        assert_eq!((first, out.notices), (expected.exchanges, expected.notices));
        assert_eq!(out.connections, expected.connections);
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn what_is_no_plain_archive_is_left_to_who_reads_it_whole() {
    let path = std::env::temp_dir().join(format!("oauthtrace-odd-{}.saz", std::process::id()));
    let plain = archive(&[("raw/1_c.txt", REQUEST)]);
    let before = [b"before".as_slice(), &plain].concat();
    // A member that claims four gigabytes: nothing may be laid out for it.
    let mut greedy = plain.clone();
    let entry = memchr::memmem::rfind(&greedy, b"PK\x01\x02").unwrap();
    greedy[entry + 20..entry + 24].copy_from_slice(&0xffff_ff00_u32.to_le_bytes());
    for bytes in [FIXTURES[0].1, FIXTURES[2].1, &plain[..plain.len() - 5], &before, &greedy, b"PK"] {
        std::fs::write(&path, bytes).unwrap();
        let file = File::open(&path).unwrap();
        assert!(Archive::of_file(&file, bytes.len() as u64).is_none());
    }
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn of_a_large_xml_answer_the_beginning_is_unpacked_where_it_is_enough() {
    let content: Vec<u8> = (0..20_000_u32)
        .flat_map(|number| number.wrapping_mul(2_654_435_761).to_string().into_bytes())
        .collect();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&content).unwrap();
    let coded = encoder.finish().unwrap();
    let chunked = |bytes: &[u8]| {
        let chunk = |piece: &[u8]| [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
        bytes.chunks(5000).flat_map(chunk).chain(*b"0\r\n\r\n").collect::<Vec<u8>>()
    };
    let body = |fields: &str, body: &[u8], enough: Option<Enough>| {
        let head = format!("HTTP/1.1 200 OK\r\n{fields}\r\n\r\n");
        let member = [head.as_bytes(), body].concat();
        let bytes = archive(&[("raw/1_c.txt", REQUEST), ("raw/1_s.txt", &member)]);
        let mut out = Collected::default();
        read(&bytes, &ImportSettings { enough, ..ImportSettings::default() }, &mut out).unwrap();
        assert!(out.notices.is_empty() && out.exchanges[0].oddities.is_empty(), "{fields}");
        let got = out.exchanges.pop().unwrap().response.unwrap().body;
        // The framing of chunks is told apart only where all of them are read.
        let content = crate::import::raw::unchunk(body).filter(|_| fields.contains("Chunked") && !got.told);
        let total = content.map_or(body.len(), |(content, _)| content.len());
        assert!(got.complete && got.total == total as u64, "{fields}");
        got
    };
    let enough: Option<Enough> = Some(|begin| begin.starts_with(b"0265443576"));
    let (xml, gzip) = ("Content-Type: text/xml; charset=utf-8", "\r\nContent-Encoding: gzip");
    let length = format!("{xml}\r\nContent-Length: {}", content.len());
    let chunks = "\r\nTransfer-Encoding: Chunked";
    for (fields, bytes, sent) in [
        (length.as_str(), &content, content.clone()),
        (&format!("{xml}{gzip}"), &coded, coded.clone()),
        (&format!("{xml}{chunks}"), &content, chunked(&content)),
        (&format!("{xml}{gzip}{chunks}"), &coded, chunked(&coded)),
    ] {
        let whole = body(fields, &sent, None);
        assert_eq!((&whole.bytes[..], whole.told), (&bytes[..], false), "{fields}");
        let begun = body(fields, &sent, enough);
        assert!(begun.told && begun.bytes.len() <= limits::ANSWER_LOOK, "{fields}");
        assert!(begun.bytes.len() > limits::ANSWER_GLIMPSE && bytes.starts_with(&begun.bytes), "{fields}");
        let head =
            Head::from_pairs(fields.contains("gzip").then_some((&b"Content-Encoding"[..], &b"gzip"[..])));
        let seen = glimpse(&head, &begun).unwrap();
        assert_eq!((&seen.bytes[..], seen.whole), (&content[..limits::ANSWER_GLIMPSE], false), "{fields}");
        for other in
            [body(fields, &sent, Some(|_| false)), body(&fields.replace("xml", "html"), &sent, enough)]
        {
            assert_eq!((&other.bytes, other.told), (&whole.bytes, false), "{fields}");
        }
    }
}

#[test]
fn a_message_that_another_of_the_same_number_takes_the_place_of_is_left_out_and_told() {
    let other = b"GET https://h/other HTTP/1.1\r\nHost: h\r\nAuthorization: Basic dTpw\r\n\r\n";
    let out = collect(
        &archive(&[("raw/1_c.txt", other), ("raw/2_c.txt", REQUEST), ("raw/01_c.txt", REQUEST)]),
        &[],
    );
    let out = out.unwrap();
    assert_eq!(out.exchanges.len(), 2);
    let [notice] = out.notices.as_slice() else { panic!("{:?}", out.notices) };
    assert_eq!(
        notice.text,
        "session 1: 1 of its messages stand twice in the archive, and only the last is read"
    );
    assert_eq!(notice.loss.as_ref().map(|loss| loss.count), Some(1));
}

/// Says of a member that another method packed it, in its own header and in the index.
fn repacked(archive: &[u8], name: &str, method: u8) -> Vec<u8> {
    let mut bytes = archive.to_vec();
    for (magic, method_at, name_at) in [(b"PK\x03\x04", 8, 30), (b"PK\x01\x02", 10, 46)] {
        let starts: Vec<usize> = memchr::memmem::find_iter(archive, magic).collect();
        for start in starts {
            if archive[start + name_at..].starts_with(name.as_bytes()) {
                bytes[start + method_at] = method;
            }
        }
    }
    bytes
}

#[test]
fn a_member_packed_by_a_method_that_is_not_read_costs_itself() {
    let plain = archive(&[
        ("raw/1_c.txt", REQUEST),
        ("raw/1_s.txt", RESPONSE),
        ("raw/2_c.txt", REQUEST),
        ("raw/2_s.txt", RESPONSE),
    ]);
    // APPNOTE 4.4.5: Deflate64, bzip2, LZMA, and a number that nobody gave out.
    for (method, name) in [(9, "Deflate64"), (12, "Bzip2"), (14, "Lzma"), (77, "Unknown")] {
        let one = repacked(&plain, "raw/1_c.txt", method);
        let out = collect(&one, &[]).unwrap();
        assert_eq!(paths(&out), ["-", "/ews"], "{method}");
        let lost: Vec<_> = out.notices.iter().filter_map(|notice| notice.loss.clone()).collect();
        assert_eq!(lost, [LeftOut::request()], "{method}");
        let all = ["raw/1_c.txt", "raw/1_s.txt", "raw/2_c.txt", "raw/2_s.txt"];
        let all = all.iter().fold(plain.clone(), |bytes, name| repacked(&bytes, name, method));
        let error = collect(&all, &[]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("with Deflate"), "{error}");
    }
}
