use std::io::Write;

use super::*;
use crate::limits::ANSWER_GLIMPSE;

const TEXT: &[u8] = b"{\"error\":\"invalid_client\",\"error_description\":\"AADSTS70002\"}";

fn body(bytes: &[u8]) -> Body {
    Body { bytes: bytes.to_vec().into(), total: bytes.len() as u64, complete: true, ..Body::default() }
}

fn head(codings: &[&str]) -> Head {
    Head::from_pairs(codings.iter().map(|coding| (&b"Content-Encoding"[..], coding.as_bytes())))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zlib(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bare(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// `printf hello | brotli -c`.
const BROTLI: &[u8] = b"\x0b\x02\x80hello\x03";

#[test]
fn every_coding_gives_the_text_back() {
    let zstd = ruzstd::encoding::compress_to_vec(TEXT, ruzstd::encoding::CompressionLevel::Fastest);
    for (name, coded) in [
        ("gzip", gzip(TEXT)),
        ("X-GZIP", gzip(TEXT)),
        ("deflate", zlib(TEXT)),
        ("deflate", bare(TEXT)),
        ("zstd", zstd),
    ] {
        let coded = body(&coded);
        assert_eq!(content(&head(&[name]), &coded), (Cow::Borrowed(TEXT), None), "{name}");
    }
    assert_eq!(content(&head(&["br"]), &body(BROTLI)), (Cow::Borrowed(&b"hello"[..]), None));
}

#[test]
fn codings_of_the_transfer_are_undone_before_those_of_the_content() {
    let fields = |content: &'static str, transfer: &'static str| {
        let fields = [(&b"Content-Encoding"[..], content), (&b"Transfer-Encoding"[..], transfer)];
        Head::from_pairs(fields.map(|(name, value)| (name, value.as_bytes())))
    };
    let once = body(&gzip(TEXT));
    let twice = body(&gzip(&zlib(TEXT)));
    for (head, body) in [
        (fields("identity", "gzip, chunked"), &once),
        (fields("", "x-gzip;q=1 , Chunked"), &once),
        (fields("deflate", "gzip, chunked"), &twice),
        (fields("gzip", "chunked"), &once),
    ] {
        assert!(is_coded(&head, body));
        assert_eq!(content(&head, body), (Cow::Borrowed(TEXT), None));
    }
    assert!(!is_coded(&fields("identity", "chunked"), &once));
    assert_eq!(glimpse(&fields("deflate", "gzip, chunked"), &twice), None);
}

#[test]
fn a_glimpse_is_the_beginning_and_says_whether_it_is_all() {
    let long: Vec<u8> = (0..40_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
    // Twice: the decoder of a thread is used again.
    for _ in 0..2 {
        let (short, large) = (body(&gzip(TEXT)), body(&gzip(&long)));
        let seen = glimpse(&head(&["gzip"]), &short).unwrap();
        assert_eq!((&seen.bytes[..], seen.whole), (TEXT, true));
        let seen = glimpse(&head(&["x-gzip"]), &large).unwrap();
        assert_eq!((&seen.bytes[..], seen.whole), (&long[..ANSWER_GLIMPSE], false));
    }
    let plain = body(&long);
    let seen = glimpse(&head(&[]), &plain).unwrap();
    assert_eq!((&seen.bytes[..], seen.whole), (&long[..ANSWER_GLIMPSE], false));
    assert!(glimpse(&head(&["identity"]), &body(TEXT)).unwrap().whole);
}

#[test]
fn undamaged_gzip_is_the_same_at_once_and_bit_by_bit() {
    let long: Vec<u8> = (0..40_000_u32).flat_map(|number| number.to_string().into_bytes()).collect();
    for text in [&long[..], TEXT, &[]] {
        let coded = gzip(text);
        assert_eq!(at_once(&coded, usize::MAX).as_deref(), Some(text));
        let mut flipped = coded.clone();
        flipped[coded.len() / 2] ^= 1;
        let mut short = coded.clone();
        short[coded.len() - 4] ^= 1;
        let named = [&[0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3, b'a', 0][..], &coded[10..]].concat();
        // Only the other decoder tells of these what is left of them, and that several follow each other.
        let followed = [&coded[..], b"more"].concat();
        for other in
            [&coded[..coded.len() - 1], &flipped, &short, &named, &[&coded[..], &coded].concat(), &followed]
        {
            assert_eq!(at_once(other, usize::MAX), None);
        }
        assert_eq!(content(&head(&["gzip"]), &body(&[&coded[..], &coded].concat())).0, [text, text].concat());
        assert_eq!(content(&head(&["gzip"]), &body(&followed)), (text.into(), None));
    }
    assert_eq!(at_once(&gzip(&long), long.len() - 1), None, "the beginning only");
}

#[test]
fn what_only_a_whole_look_can_tell_is_no_glimpse() {
    let coded = gzip(TEXT);
    for broken in [&coded[..coded.len() - 9], &coded[..5], &[coded.as_slice(), &coded].concat(), TEXT] {
        assert_eq!(glimpse(&head(&["gzip"]), &body(broken)), None);
    }
    assert_eq!(glimpse(&head(&["br"]), &body(BROTLI)), None);
    assert_eq!(glimpse(&head(&["gzip", "gzip"]), &body(&coded)), None);
    assert_eq!(glimpse(&head(&["gzip, gzip"]), &body(&coded)), None);
}

#[test]
fn a_body_without_coding_is_borrowed() {
    let plain = body(TEXT);
    assert!(matches!(content(&head(&["identity"]), &plain), (Cow::Borrowed(TEXT), None)));
    let decoded = Body { already_decoded: true, ..body(TEXT) };
    assert!(matches!(content(&head(&["gzip"]), &decoded), (Cow::Borrowed(TEXT), None)));
}

#[test]
fn stacked_codings_are_undone_from_the_last_up_to_a_bound() {
    let coded = body(&gzip(&zlib(TEXT)));
    assert_eq!(content(&head(&["deflate, gzip"]), &coded).0, TEXT);
    assert_eq!(content(&head(&["deflate", "gzip"]), &coded).0, TEXT);
    let (_, error) = content(&head(&["gzip, gzip, gzip, gzip, gzip"]), &coded);
    assert!(matches!(error, Some(CodingError::Limit(_))));
}

#[test]
fn what_came_before_the_damage_is_given() {
    let text: Vec<u8> = (0..40_000u32).flat_map(|number| number.to_string().into_bytes()).collect();
    for (name, coded) in [("gzip", gzip(&text)), ("deflate", zlib(&text)), ("deflate", bare(&text))] {
        let cut = body(&coded[..coded.len() / 2]);
        let (some, error) = content(&head(&[name]), &cut);
        assert!(!some.is_empty() && text.starts_with(&some), "{name}");
        assert!(
            matches!(error, Some(CodingError::Damaged { decoded, .. }) if decoded == some.len()),
            "{name}"
        );
    }
}

#[test]
fn a_coding_that_lies_is_tolerated_with_a_note() {
    for name in ["gzip", "deflate", "br", "zstd"] {
        let plain = body(TEXT);
        let (text, error) = content(&head(&[name]), &plain);
        assert_eq!(text, TEXT, "{name}");
        assert!(matches!(error, Some(CodingError::NotCoded(_))), "{name}: {error:?}");
    }
}

#[test]
fn a_bomb_stops_at_a_bound() {
    let bomb = body(&gzip(&vec![b'a'; limits::BODY_DECODED * 2]));
    let (some, error) = content(&head(&["gzip"]), &bomb);
    assert!(some.len() <= limits::BODY_DECODED + (16 << 10));
    assert!(matches!(error, Some(CodingError::Limit(_))));
}

#[test]
fn a_prefix_is_no_error() {
    let coded = body(&gzip(&vec![b'a'; 1 << 20]));
    assert_eq!(content_prefix(&head(&["gzip"]), &coded, 100), (Cow::Borrowed(&[b'a'; 100][..]), None));
    assert_eq!(content_prefix(&head(&[]), &body(TEXT), 3), (Cow::Borrowed(&TEXT[..3]), None));
}

#[test]
fn an_unknown_coding_is_named_and_leaves_the_bytes() {
    let coded = body(TEXT);
    assert_eq!(
        content(&head(&["compress"]), &coded),
        (Cow::Borrowed(TEXT), Some(CodingError::Unknown("compress".into())))
    );
}

#[test]
fn types_that_can_hold_tokens_are_kept_and_others_are_not() {
    let sent = |kind: &str| may_matter(Direction::Sent, kind.as_bytes());
    let received = |kind: &str| may_matter(Direction::Received, kind.as_bytes());
    assert!(
        sent("application/x-www-form-urlencoded")
            && sent("text/xml; charset=utf-8")
            && sent("Application/JSON")
    );
    assert!(
        received("application/soap+xml") && received("text/html") && received("application/problem+json")
    );
    assert!(!sent("application/octet-stream") && !received("image/png") && !received("video/mp4"));
    assert!(!received("text/css"));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_are_decoded_or_refused(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        fuzz(&bytes);
        for magic in [&[0x1f, 0x8b, 8, 0][..], &[0x78, 0x9c], &[0x28, 0xb5, 0x2f, 0xfd]] {
            for choice in 0..4 {
                fuzz(&[&[choice], magic, &bytes].concat());
            }
        }
    }
}
