//! Certificates of the corpus against what OpenSSL and python cryptography read from them.

#[path = "support/corpus.rs"]
mod corpus;

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use corpus::corpus;
use oauthtrace::base::Secret;
use oauthtrace::keys::certificate::Certificate;
use oauthtrace::keys::load::{Loaded, certificate_file, key_file};
use oauthtrace::keys::{KeyError, Material, Origin};
use serde_json::Value;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn load(path: &Path, passwords: &[&str]) -> Result<Loaded, KeyError> {
    let passwords: Vec<_> = passwords.iter().map(|word| Secret::new(word.as_bytes().to_vec())).collect();
    certificate_file(&std::fs::read(path).unwrap(), &path.display().to_string(), &passwords)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// A serial number in decimal as upper-case hex of whole bytes; negative ones in two's complement.
fn serial_hex(decimal: &str) -> String {
    let value: i128 = match decimal.parse() {
        Ok(value) => value,
        Err(_) => return String::new(),
    };
    let bytes = value.to_be_bytes();
    let filler = if value < 0 { 0xff } else { 0 };
    let start = bytes.iter().position(|byte| *byte != filler).unwrap_or(15);
    bytes[start..].iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Compares a certificate with one object of a truth file; gives the number of facts compared.
fn compare(certificate: &Certificate, truth: &Value, path: &Path) -> usize {
    let place = path.display();
    let mut facts = 0;
    let mut equal = |ours: &str, name: &str, ours_is: String| {
        let Some(theirs) = truth[name].as_str() else { return };
        if !theirs.starts_with("ERROR") {
            assert_eq!(ours_is, theirs, "{place} {ours}");
            facts += 1;
        }
    };
    let stamp = |text: &str| text.replace('T', " ").replace('Z', "+00:00");
    equal("subject", "subject", certificate.subject.clone());
    equal("issuer", "issuer", certificate.issuer.clone());
    equal("start", "not_before", stamp(&certificate.validity_text[0]));
    equal("end", "not_after", stamp(&certificate.validity_text[1]));
    equal("thumbprint", "thumbprint", certificate.thumbprint_hex());
    equal("thumbprint", "sha1", certificate.thumbprint_hex().to_lowercase());
    equal("x5t", "x5t", certificate.x5t());
    equal("serial", "serial_hex", certificate.serial.clone());
    if let Some(hex) = truth["serial"].as_str().map(serial_hex).filter(|hex| !hex.is_empty()) {
        assert_eq!(certificate.serial, hex, "{place} serial");
        facts += 1;
    }
    if let Some(bits) = truth["key_bits"].as_u64() {
        assert_eq!(certificate.key.bits() as u64, bits, "{place} key");
        facts += 1;
    }
    if let Some(hash) = truth["sig_hash"].as_str() {
        assert!(certificate.signature_algorithm.to_lowercase().contains(hash), "{place} signature");
        facts += 1;
    }
    facts
}

#[test]
fn certificates_are_read_as_openssl_and_cryptography_read_them() {
    let (mut certificates, mut facts, mut refused) = (0, 0, 0);
    for folder in ["exchange-auth", "azuread-identitymodel", "cryptography-vectors"] {
        let (Some(files_of), Some(truths)) =
            (corpus(&format!("g-x509/{folder}")), corpus(&format!("truth/g-x509/{folder}")))
        else {
            return;
        };
        for path in files(&files_of) {
            let truth = truths.join(format!("{}.json", path.file_name().unwrap().display()));
            if !truth.is_file() {
                continue;
            }
            let truth = json(&truth);
            if truth["error"].is_string() {
                assert!(load(&path, &[]).is_err(), "{}", path.display());
                refused += 1;
                continue;
            }
            let loaded = load(&path, &[]).unwrap();
            let single = vec![truth.clone()];
            let expected = truth["certificates"].as_array().unwrap_or(&single);
            assert_eq!(loaded.certificates.len(), expected.len(), "{}", path.display());
            for (certificate, truth) in loaded.certificates.iter().zip(expected) {
                facts += compare(certificate, truth, &path);
                certificates += 1;
            }
        }
    }
    eprintln!("g-x509: {certificates} certificates, {facts} facts, {refused} refused as truth does");
    assert!(certificates >= 40 && facts >= 6 * certificates && refused == 1);
}

#[test]
fn certificates_in_cmdlet_output_are_read_as_truth_has_them() {
    let (Some(folder), Some(truths)) =
        (corpus("h-exchange/css-exchange"), corpus("truth/h-exchange/css-exchange"))
    else {
        return;
    };
    let (mut certificates, mut facts) = (0, 0);
    for path in files(&folder) {
        let truth = json(&truths.join(format!("{}.json", path.file_name().unwrap().display())));
        let Some(expected) = truth["rawdata_certificates"].as_array() else { continue };
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        let values = text.split("N=\"RawData\">").skip(1).filter_map(|rest| rest.split('<').next());
        for (value, truth) in values.zip(expected) {
            // What an administrator would paste: bare base64 of the DER.
            let loaded = certificate_file(value.as_bytes(), "pasted", &[]).unwrap();
            assert_eq!(loaded.kind, "base64 certificate");
            facts += compare(&loaded.certificates[0], truth, &path);
            certificates += 1;
        }
    }
    eprintln!("h-exchange: {certificates} certificates, {facts} facts");
    assert!(certificates >= 9 && facts >= 8 * certificates);
}

#[test]
fn every_form_of_one_certificate_gives_the_same_key() {
    let Some(folder) = corpus("g-x509/exchange-auth") else { return };
    let path = files(&folder).remove(0);
    let der = std::fs::read(&path).unwrap();
    let plain = load(&path, &[]).unwrap();
    assert_eq!((plain.kind, plain.private_key), ("DER certificate", false));
    assert!(plain.certificates[0].is_exchange_auth());
    let base64 = STANDARD.encode(&der);
    let lines: Vec<String> =
        base64.as_bytes().chunks(64).map(|c| String::from_utf8_lossy(c).into()).collect();
    let lines = lines.join("\r\n");
    let pem = format!("-----BEGIN CERTIFICATE-----\r\n{lines}\r\n-----END CERTIFICATE-----\r\n");
    let utf16: Vec<u8> = [0xfeff].into_iter().chain(pem.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let twice = STANDARD.encode(&base64);
    let forms = [
        ("base64 certificate", base64.clone().into_bytes()),
        ("base64 certificate", lines.clone().into_bytes()),
        ("PEM certificate", pem.clone().into_bytes()),
        ("PEM certificate", format!("Bag Attributes\n  x: y\n{pem}").into_bytes()),
        ("PEM certificate", utf16),
        ("base64 certificate", twice.into_bytes()),
    ];
    for (kind, bytes) in forms {
        let loaded = certificate_file(&bytes, "form", &[]).unwrap();
        assert_eq!((loaded.kind, &loaded.certificates), (kind, &plain.certificates));
    }
    let both = format!("{pem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let loaded = certificate_file(both.as_bytes(), "both", &[]).unwrap();
    assert!(loaded.private_key && loaded.keys.len() == 1);
    assert_eq!(plain.certificates[0].upload_value(), base64);
}

#[test]
fn pkcs12_opens_with_the_right_password_and_tells_wrong_from_missing() {
    let Some(folder) = corpus("g-x509") else { return };
    for name in ["SelfSigned1024_SHA1", "SelfSigned2048_SHA256", "SelfSigned2048_SHA256_2"] {
        let path = folder.join(format!("pfx/{name}.pfx"));
        let loaded = load(&path, &["wrong", name]).unwrap();
        assert!(loaded.private_key && loaded.certificates.len() == 1, "{name}");
        assert!(matches!(load(&path, &["wrong"]), Err(KeyError::Password { given: true, .. })), "{name}");
        assert!(matches!(load(&path, &[]), Err(KeyError::Password { given: false, .. })), "{name}");
    }
    let (mut opened, mut closed) = (0, Vec::new());
    for path in files(&folder.join("cryptography-vectors")) {
        if path.extension().is_some_and(|suffix| suffix == "p12") {
            match load(&path, &["password", "cryptography"]) {
                Ok(loaded) => {
                    assert!(!loaded.certificates.is_empty());
                    opened += 1;
                }
                Err(error) => closed.push(error.to_string()),
            }
        }
    }
    eprintln!("pkcs12: {opened} opened, not: {closed:?}");
    // The library derives no key for PBES2 without a key length in one, nor for RC2 under a password of no
    // bytes at all in the other.
    assert_eq!((opened, closed.len()), (19, 2));
}

#[test]
fn key_files_of_the_token_service_are_read() {
    let Some(folder) = corpus("e-jose") else { return };
    let read = |path: &str| {
        let bytes = std::fs::read(folder.join(path)).unwrap();
        key_file(&bytes, path, Origin::TokenService, &[])
    };
    let jwks = read("azuread-identitymodel/JsonWebKeySet-2014.json").unwrap();
    assert_eq!((jwks.kind, jwks.keys.len()), ("JWKS", 2));
    for key in &jwks.keys {
        assert_eq!(key.certificate.as_ref().unwrap().x5t(), key.kid.clone().unwrap());
    }
    // The documented sample abbreviates its certificate: the key costs itself, and nothing is left.
    let sample = read("ms-metadata/exchange-authmetadata-documented.json").unwrap_err().to_string();
    assert!(sample.contains("key 0 is not used"), "{sample}");
    let certificate = jwks.certificates[0].clone();
    let value = certificate.upload_value();
    let metadata = |keys: &str| {
        format!(
            r#"{{"name":"Microsoft","serviceName":"00000001-0000-0000-c000-000000000000","realm":"r","issuer":"i@r",
            "allowedAudiences":["i@r"],"{keys}":[{{"usage":"signing","keyinfo":{{"x5t":"{}"}},
            "keyvalue":{{"type":"x509Certificate","value":"{value}"}}}}],
            "endpoints":[{{"location":"https://x/","protocol":"OAuth2","usage":"issuance"}}]}}"#,
            certificate.x5t()
        )
    };
    for spelling in ["keys", "Keys"] {
        let loaded = key_file(metadata(spelling).as_bytes(), "acs.json", Origin::TokenService, &[]).unwrap();
        assert_eq!((loaded.kind, loaded.keys.len()), ("S2S metadata", 1));
        let about = loaded.metadata.unwrap();
        assert_eq!((about.issuer.as_deref(), about.endpoints.len()), (Some("i@r"), 1));
    }
    let xml = format!(
        r#"<EntityDescriptor entityID="https://sts.windows.net/t/" xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
        <RoleDescriptor><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>
        <X509Certificate>{value}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
        <KeyDescriptor use="encryption"><X509Certificate>AAAA</X509Certificate></KeyDescriptor></RoleDescriptor>
        <RoleDescriptor><KeyDescriptor use="signing"><X509Certificate>{value}</X509Certificate></KeyDescriptor>
        </RoleDescriptor></EntityDescriptor>"#
    );
    let loaded = key_file(xml.as_bytes(), "federation.xml", Origin::TokenService, &[]).unwrap();
    assert_eq!((loaded.kind, loaded.keys.len(), loaded.notices.len()), ("federation metadata", 1, 0));
    assert_eq!(loaded.keys[0].x5t, Some(certificate.thumbprint));
}

#[test]
fn key_files_of_powershell_are_read_in_either_order_with_a_mark_and_without() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/certs");
    let metadata = std::fs::read_to_string(folder.join("acs-metadata.json")).unwrap();
    let der = std::fs::read(folder.join("OAuthCert.cer")).unwrap();
    let base64 = STANDARD.encode(&der);
    let pem = format!("-----BEGIN CERTIFICATE-----\r\n{base64}\r\n-----END CERTIFICATE-----\r\n");
    for (text, keys) in [(&metadata, true), (&base64, false), (&pem, false)] {
        for mark in ["", "\u{feff}"] {
            let units: Vec<u16> = format!("{mark}{text}").encode_utf16().collect();
            let little: Vec<u8> = units.iter().copied().flat_map(u16::to_le_bytes).collect();
            let big: Vec<u8> = units.iter().copied().flat_map(u16::to_be_bytes).collect();
            for bytes in [little, big] {
                let found = key_file(&bytes, "x", Origin::TokenService, &[]).unwrap();
                assert!(!found.keys.is_empty());
                assert!(keys || certificate_file(&bytes, "x", &[]).unwrap().certificates[0].der == der);
            }
        }
    }
}

#[test]
fn what_is_no_key_file_is_refused_with_what_was_expected() {
    let message = |bytes: &[u8]| certificate_file(bytes, "f.cer", &[]).unwrap_err().to_string();
    assert_eq!(
        message(b""),
        "f.cer: a certificate (DER, PEM, base64, PKCS#7 or PKCS#12) expected, found an empty file"
    );
    assert!(message(b"{\"keys\":[]}").contains("found JWKS"));
    assert!(message(b"hello").contains("found something else"));
    assert!(message(b"<a/>").contains("no federation metadata"));
    assert!(message(b"\x30\x82\x05\x00\x30\x01").contains("cut or damaged"));
    assert!(
        message(b"-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----")
            .contains("private key")
    );
}

#[test]
fn keys_of_the_cookbook_have_their_kinds() {
    let Some(folder) = corpus("e-jose/cookbook") else { return };
    let kind = |name: &str| {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        key_file(&bytes, name, Origin::Given, &[]).map(|loaded| loaded.keys[0].material.describe())
    };
    assert_eq!(kind("jwk-3_1.ec_public_key.json").unwrap(), "EC P-521");
    assert_eq!(kind("jwk-3_3.rsa_public_key.json").unwrap(), "RSA 2048");
    assert_eq!(kind("jwk-3_5.symmetric_key_mac_computation.json").unwrap(), "HMAC");
    assert!(
        kind("jwk-3_6.symmetric_key_encryption.json").unwrap_err().to_string().contains("use is not sig")
    );
    let private = std::fs::read(folder.join("jwk-3_4.rsa_private_key.json")).unwrap();
    let loaded = key_file(&private, "k", Origin::Given, &[]).unwrap();
    assert!(loaded.private_key && matches!(loaded.keys[0].material, Material::Rsa { .. }));
}

#[test]
fn the_command_prints_what_is_uploaded_and_compares() {
    let Some(folder) = corpus("g-x509/exchange-auth") else { return };
    let paths = files(&folder);
    let run = |arguments: &[&str]| {
        let mut command = assert_cmd::Command::cargo_bin("oauthtrace").unwrap();
        let output = command.arg("cert").args(arguments).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
    };
    let (one, other) = (paths[0].to_str().unwrap(), paths[1].to_str().unwrap());
    let (code, text) = run(&[one, "-o", "json"]);
    let document: Value = serde_json::from_str(&text).unwrap();
    let facts = &document["files"][0]["certificates"][0];
    let der = std::fs::read(one).unwrap();
    assert_eq!((code, &facts["cred_value"]), (0, &STANDARD.encode(&der).into()));
    let x5t = facts["x5t"].as_str().unwrap();
    assert_eq!(x5t, paths[0].file_stem().unwrap().to_str().unwrap());
    let identifier = facts["custom_key_identifier"]["base64"].as_str().unwrap();
    assert_eq!(identifier.trim_end_matches('=').replace('+', "-").replace('/', "_"), x5t);
    assert_eq!(run(&[one, "--against", one]).0, 0);
    let (code, text) = run(&[one, "--against", other]);
    assert!(code == 1 && text.contains("not in"), "{code} {text}");
    assert_eq!(run(&[one, "no-such-file"]).0, 3);
    assert_eq!(run(&[]).0, 2);
}

/// Key files of every kind, small enough to be damaged at any place.
const SEEDS: [&[u8]; 5] = [
    b"\x30\x14\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x07\x30\x05\xa0\x80\x30\x00\x00\x00",
    b"\x30\x80\x02\x01\x03\x30\x0f\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x02\x04\x00\x00\x00",
    b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
    br#"{"keys":[{"kty":"EC","crv":"P-256","x":"AQ","y":"Ag"},{"kty":"OKP","crv":"Ed25519","x":"AA"}]}"#,
    b"<EntityDescriptor><KeyDescriptor><X509Certificate>MIIB</X509Certificate></KeyDescriptor></EntityDescriptor>",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    #[test]
    fn no_key_file_makes_it_panic(
        seed in 0..SEEDS.len(),
        at in 0_usize..120,
        byte: u8,
        cut in 0_usize..120,
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80),
    ) {
        let mut bytes = SEEDS[seed].to_vec();
        if let Some(there) = bytes.get_mut(at) {
            *there = byte;
        }
        oauthtrace::keys::load::fuzz(&bytes);
        bytes.truncate(cut);
        oauthtrace::keys::load::fuzz(&bytes);
        oauthtrace::keys::load::fuzz(&noise);
        oauthtrace::keys::certificate::fuzz(&bytes);
    }

    #[test]
    fn no_damaged_certificate_makes_it_panic(at in 0_usize..800, byte: u8) {
        let Some(folder) = corpus("g-x509/exchange-auth") else { return Ok(()) };
        let mut der = std::fs::read(files(&folder).remove(0)).unwrap();
        if let Some(there) = der.get_mut(at) {
            *there = byte;
        }
        oauthtrace::keys::certificate::fuzz(&der);
        der.truncate(at);
        oauthtrace::keys::load::fuzz(&der);
    }
}
