//! One lost packet costs the exchange that it belonged to, and none of those after it.
//!
//! `data/losses` was recorded between `http.client` of Python and `http.server`, over OpenSSL 3.0 with AES128-SHA in TLS
//! 1.0, whose records are chained: eight requests, one after another, with and without encrypt-then-MAC. OpenSSL puts an
//! empty record before each; in `tls10-one.pcap` that is one with the first byte instead, as Windows, Java and browsers
//! send: the first was rewritten with its own keys, and tshark reads it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use oauthtrace::base::Secret;
use oauthtrace::pipeline::{self, Settings, Source};
use oauthtrace::report::listing::Listing;

fn data(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/losses");
    fs::read(folder.join(name)).unwrap()
}

/// `target=status` of every exchange that is whole.
fn pairs(path: &Path) -> Vec<String> {
    let keylogs = vec![("keys.log".to_owned(), Secret::new(data("keys.log")))];
    let settings = Settings { threads: 1, keylogs, ..Settings::default() };
    let mut listing = Listing::new(Arc::new(AtomicU64::new(0)));
    let inputs = pipeline::run(&[Source::Path(path.to_owned())], &settings, &mut listing);
    let inspection = listing.finish(inputs.read);
    let whole =
        inspection.exchanges.iter().map(|listed| listed.exchange).filter(|exchange| exchange.complete());
    whole
        .map(|exchange| format!("{}={}", exchange.request.unwrap().target, exchange.response.unwrap().status))
        .collect()
}

#[test]
fn a_lost_request_in_tls_1_0_tears_no_later_pairs_apart() {
    for file in ["tls10.pcap", "tls10-etm.pcap", "tls10-one.pcap"] {
        let bytes = data(file);
        let (header, mut rest) = bytes.split_at(24);
        let mut records = Vec::new();
        while rest.len() >= 16 {
            let length = u32::from_le_bytes(rest[8..12].try_into().unwrap()) as usize;
            let (record, after) = rest.split_at(16 + length);
            records.push(record);
            rest = after;
        }
        let path: PathBuf =
            std::env::temp_dir().join(format!("oauthtrace-losses-{}-{file}", std::process::id()));
        let seen = |lost: Option<usize>| {
            let left =
                records.iter().enumerate().filter(|(at, _)| Some(*at) != lost).map(|(_, record)| *record);
            fs::write(&path, [header, &left.collect::<Vec<_>>().concat()].concat()).unwrap();
            pairs(&path)
        };
        let whole = seen(None);
        let all: Vec<String> = (0..8).map(|number| format!("/ews/{number}=200")).collect();
        assert_eq!(whole, all, "{file}");
        // Ethernet, IPv4 and TCP with timestamps stand before the record of a request; the port is the server's.
        let asks = |record: &[u8]| {
            record[16 + 36..16 + 38] == 18444_u16.to_be_bytes() && record.get(16 + 66) == Some(&23)
        };
        let requests: Vec<usize> = (0..records.len()).filter(|at| asks(records[*at])).collect();
        assert_eq!(requests.len(), 8, "{file}");
        for (number, lost) in requests.into_iter().enumerate() {
            let left = seen(Some(lost));
            let expected: Vec<&String> =
                all.iter().enumerate().filter(|(at, _)| *at != number).map(|(_, one)| one).collect();
            assert_eq!(left.iter().collect::<Vec<_>>(), expected, "{file} without request {number}");
        }
        let _ = fs::remove_file(&path);
    }
}
