//! Tests of the whole session on recorded bytes live in `tests/tls_*.rs`; here what needs no recording.

use proptest::prelude::*;

use super::*;

#[test]
fn records_are_recognised_and_text_is_not() {
    assert_eq!(Tls::recognise(b""), None);
    assert_eq!(Tls::recognise(&[22, 3]), None);
    assert_eq!(Tls::recognise(&[22, 3, 1, 0, 200, 1]), Some(true));
    assert_eq!(Tls::recognise(&[0x80, 0x2e, 1, 3, 0]), Some(true));
    assert_eq!(Tls::recognise(b"GET / HTTP/1.1\r\n"), Some(false));
    assert_eq!(Tls::recognise(&[22, 3, 1, 255, 255, 1]), Some(false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_it_panic(data in proptest::collection::vec(any::<u8>(), 0..4000)) {
        fuzz(&data);
    }

    #[test]
    fn no_key_file_makes_it_panic(data in proptest::collection::vec(any::<u8>(), 0..400), pem in any::<bool>()) {
        let text = format!("-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: {}", String::from_utf8_lossy(&data));
        fuzz_keys(if pem { text.as_bytes() } else { &data });
    }

    #[test]
    fn no_record_makes_it_panic(
        records in proptest::collection::vec(
            (20_u8..=24, 0_u8..=4, proptest::collection::vec(any::<u8>(), 0..80), any::<bool>()),
            0..40,
        )
    ) {
        let mut tls = Tls::new(Arc::default());
        let frame = [FrameRef { number: 1, time: None }];
        for (kind, minor, body, sent) in records {
            let length = u8::try_from(body.len()).unwrap();
            let mut bytes = vec![kind, 3, minor, 0, length];
            bytes.extend(body);
            let direction = if sent { Direction::Sent } else { Direction::Received };
            tls.push(direction, StreamEvent::Data(Chunk { bytes: &bytes, frames: &frame }), &mut |_, _| {});
        }
        tls.finish(&mut |_, _| {});
        prop_assert_eq!(tls.waiting(), 0);
    }
}
