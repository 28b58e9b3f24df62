//! rustls as a further peer: both ends in memory, the passive decoder beside them.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use oauthtrace::wire::stream::{Chunk, Direction, FrameRef, StreamEvent};
use oauthtrace::wire::tls::Tls;
use oauthtrace::wire::tls::secrets::Secrets;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, KeyLog, RootCertStore, ServerConfig, ServerConnection};

/// Writes the lines that a key log file would hold.
#[derive(Debug, Default)]
struct Log(Mutex<String>);

impl KeyLog for Log {
    fn log(&self, label: &str, random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        self.0.lock().unwrap().push_str(&format!("{label} {} {}\n", hex(random), hex(secret)));
    }
}

/// A TLS connection in memory and whatever was seen of it.
struct Wire {
    client: ClientConnection,
    server: ServerConnection,
    seen: Vec<(Direction, Vec<u8>)>,
}

impl Wire {
    /// Carries bytes until neither side has any.
    fn settle(&mut self) {
        loop {
            let (mut sent, mut received) = (Vec::new(), Vec::new());
            while self.client.wants_write() {
                self.client.write_tls(&mut sent).unwrap();
            }
            let mut rest = sent.as_slice();
            while !rest.is_empty() {
                self.server.read_tls(&mut rest).unwrap();
                self.server.process_new_packets().unwrap();
            }
            while self.server.wants_write() {
                self.server.write_tls(&mut received).unwrap();
            }
            let mut rest = received.as_slice();
            while !rest.is_empty() {
                self.client.read_tls(&mut rest).unwrap();
                self.client.process_new_packets().unwrap();
            }
            if sent.is_empty() && received.is_empty() {
                return;
            }
            self.seen.push((Direction::Sent, sent));
            self.seen.push((Direction::Received, received));
        }
    }
}

const REQUEST: &[u8] = b"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: mail.contoso.example\r\n\r\n";

fn answer() -> Vec<u8> {
    (0..30_000_u32).flat_map(u32::to_be_bytes).collect()
}

fn talk(wire: &mut Wire) {
    wire.settle();
    wire.client.writer().write_all(REQUEST).unwrap();
    wire.settle();
    for part in answer().chunks(20_000) {
        wire.server.writer().write_all(part).unwrap();
        wire.settle();
        // rustls buffers a bounded amount: take it out.
        let mut out = vec![0; 64 << 10];
        while wire.client.reader().read(&mut out).is_ok_and(|count| count > 0) {}
    }
    wire.client.refresh_traffic_keys().ok();
    wire.client.writer().write_all(b"after").unwrap();
    wire.settle();
    wire.client.send_close_notify();
    wire.server.send_close_notify();
    wire.settle();
}

/// Plaintext of both directions, ends seen, and the suite.
fn open(seen: &[(Direction, Vec<u8>)], log: &str) -> ([Vec<u8>; 2], usize, Option<String>) {
    let secrets = Arc::new(Secrets::default());
    secrets.add_keylog("rustls", log.as_bytes());
    let mut tls = Tls::new(secrets);
    let mut plain: [Vec<u8>; 2] = Default::default();
    let mut ends = 0;
    for (number, (direction, bytes)) in seen.iter().enumerate() {
        let frame = [FrameRef { number: number as u64 + 1, time: None }];
        for bytes in bytes.chunks(1448) {
            let event = StreamEvent::Data(Chunk { bytes, frames: &frame });
            tls.push(*direction, event, &mut |direction, event| match event {
                StreamEvent::Data(chunk) => plain[direction.index()].extend_from_slice(chunk.bytes),
                StreamEvent::End(_) => ends += 1,
                StreamEvent::Gap { .. } => panic!("a gap without a loss"),
            });
        }
    }
    let ledger = tls.ledger();
    assert_eq!((ledger.undecrypted, ledger.records_failed), (None, 0));
    (plain, ends, ledger.facts.cipher.clone())
}

#[test]
fn every_suite_of_rustls_opens_also_when_resumed() {
    let mut names = Vec::new();
    for algorithm in [&rcgen::PKCS_ECDSA_P256_SHA256, &rcgen::PKCS_RSA_SHA256] {
        let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let parameters = rcgen::CertificateParams::new(["mail.contoso.example".to_owned()]).unwrap();
        let certificate: CertificateDer<'static> = parameters.self_signed(&key).unwrap().der().clone();
        for suite in aws_lc_rs::ALL_CIPHER_SUITES {
            let name = format!("{:?}", suite.suite());
            let ecdsa = algorithm == &rcgen::PKCS_ECDSA_P256_SHA256;
            if name.contains("ECDHE") && name.contains("ECDSA") != ecdsa {
                continue;
            }
            let provider =
                Arc::new(CryptoProvider { cipher_suites: vec![*suite], ..aws_lc_rs::default_provider() });
            let private = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
            let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(vec![certificate.clone()], private)
                .unwrap();
            let mut roots = RootCertStore::empty();
            roots.add(certificate.clone()).unwrap();
            let mut client = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
            let log = Arc::new(Log::default());
            client.key_log = Arc::clone(&log) as Arc<dyn KeyLog>;
            let (client, server) = (Arc::new(client), Arc::new(server));
            for resumed in [false, true] {
                let host = ServerName::try_from("mail.contoso.example").unwrap();
                let mut wire = Wire {
                    client: ClientConnection::new(Arc::clone(&client), host).unwrap(),
                    server: ServerConnection::new(Arc::clone(&server)).unwrap(),
                    seen: Vec::new(),
                };
                talk(&mut wire);
                let (plain, ends, cipher) = open(&wire.seen, &log.0.lock().unwrap());
                let what = format!("{name}, resumed: {resumed}");
                assert_eq!(plain[0], [REQUEST, b"after"].concat(), "{what}");
                assert!(plain[1] == answer(), "{what}");
                assert_eq!(ends, 2, "{what}");
                assert_eq!(cipher, Some(name.replace("TLS13_", "TLS_")), "{what}");
            }
            names.push(name);
        }
    }
    eprintln!("rustls: {} suites and keys, each in full and resumed", names.len());
    assert!(names.len() >= 9, "{names:?}");
}
