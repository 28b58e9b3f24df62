//! Signatures against vectors from outside: Wycheproof, RFC 7520, tokens that Entra issued.

#[path = "support/corpus.rs"]
mod corpus;

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use corpus::corpus;
use oauthtrace::keys::certificate::Certificate;
use oauthtrace::keys::load::key_file;
use oauthtrace::keys::signature::Signature;
use oauthtrace::keys::{Key, KeyRing, Origin};
use oauthtrace::token::jwt::Jwt;
use oauthtrace::token::proof::{Proof, prove};
use serde_json::Value;

fn json(path: PathBuf) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn ring_of(document: &Value) -> KeyRing {
    let loaded = key_file(document.to_string().as_bytes(), "keys.json", Origin::TokenService, &[]);
    KeyRing { keys: loaded.map(|loaded| loaded.keys).unwrap_or_default() }
}

fn accepts(token: &str, ring: &KeyRing) -> bool {
    Jwt::parse(token.as_bytes()).is_some_and(|jwt| prove(token.as_bytes(), &jwt, ring).is_sound())
}

#[test]
fn wycheproof_signatures_are_accepted_exactly_when_they_are_valid() {
    let Some(folder) = corpus("e-jose/wycheproof") else { return };
    let file = json(folder.join("json_web_signature_test.even-groups.json"));
    let (mut valid, mut invalid) = (0, 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = if group["public"].is_null() { &group["private"] } else { &group["public"] };
        let ring = ring_of(key);
        for test in group["tests"].as_array().unwrap() {
            let Some(token) = test["jws"].as_str() else { continue };
            let expected = test["result"] == "valid";
            assert_eq!(accepts(token, &ring), expected, "{} {}", test["tcId"], test["comment"]);
            if expected { valid += 1 } else { invalid += 1 }
        }
    }
    eprintln!("wycheproof: {valid} valid accepted, {invalid} invalid refused");
    assert!(valid >= 21 && invalid >= 300, "{valid} {invalid}");
}

#[test]
fn wycheproof_keys_are_used_exactly_when_they_are_good() {
    let Some(folder) = corpus("e-jose/wycheproof") else { return };
    let file = json(folder.join("json_web_key_test.json"));
    let mut differing = Vec::new();
    let mut count = 0;
    for group in file["testGroups"].as_array().unwrap() {
        let keys = if group["public"].is_null() { &group["private"] } else { &group["public"] };
        let ring = ring_of(keys);
        for test in group["tests"].as_array().unwrap() {
            let Some(token) = test["jws"].as_str() else { continue };
            count += 1;
            if accepts(token, &ring) != (test["result"] == "valid") {
                differing.push(format!("{} {} {}", test["tcId"], test["comment"], test["flags"]));
            }
        }
    }
    eprintln!("wycheproof keys: {count} cases, differing: {differing:?}");
    assert!(differing.is_empty() && count > 20);
}

#[test]
fn the_cookbook_of_rfc_7520_verifies() {
    let Some(folder) = corpus("e-jose/cookbook") else { return };
    for name in [
        "jws-4_1.rsa_v15_signature",
        "jws-4_2.rsa-pss_signature",
        "jws-4_3.ecdsa_signature",
        "jws-4_4.hmac-sha2_integrity_protection",
    ] {
        let example = json(folder.join(format!("{name}.json")));
        let ring = ring_of(&example["input"]["key"]);
        let token = example["output"]["compact"].as_str().unwrap();
        assert!(accepts(token, &ring), "{name}");
        let mut altered = token.to_owned().into_bytes();
        let at = token.find('.').unwrap() + 3;
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(!accepts(std::str::from_utf8(&altered).unwrap(), &ring), "{name} altered");
    }
    // RFC 7797: an extension that must be understood and is not.
    let example = json(folder.join("rfc7797-4.2.hmac-sha2_b64_false.json"));
    let protected = URL_SAFE_NO_PAD.encode(example["signing"]["protected"].to_string());
    let token = format!("{protected}.JC4wMg.{}", example["signing"]["sig"].as_str().unwrap());
    let jwt = Jwt::parse(token.as_bytes()).unwrap();
    let ring = ring_of(&example["input"]["key"]);
    let proof = prove(token.as_bytes(), &jwt, &ring);
    assert!(matches!(&proof, Proof::Critical(names) if names == &["b64"]), "{proof:?} {:?}", jwt.faults);
}

#[test]
fn tokens_of_entra_verify_with_their_certificates_by_x5t() {
    let (Some(tokens), Some(certificates)) =
        (corpus("e-jose/azuread-identitymodel"), corpus("g-x509/azuread-identitymodel"))
    else {
        return;
    };
    let mut ring = KeyRing::default();
    for entry in std::fs::read_dir(certificates).unwrap() {
        let path = entry.unwrap().path();
        let certificate = Certificate::from_der(&std::fs::read(&path).unwrap(), "certificate").unwrap();
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), certificate.x5t());
        ring.keys.push(Key::of_certificate(certificate, "certificate", Origin::TokenService));
    }
    let mut all = json(tokens.join("tokens.json"))["tokens"].as_array().unwrap().clone();
    let docs = json(tokens.join("../ms-tokens/ms-docs-tokens.json"));
    all.extend(docs.as_object().unwrap().values().filter(|value| value["token"].is_string()).cloned());
    let (mut by_certificate, mut by_key, mut others) = (0, 0, 0);
    for entry in &all {
        let token = entry["token"].as_str().unwrap();
        let status = entry["status"].as_str().unwrap();
        let Some(jwt) = Jwt::parse(token.as_bytes()) else { continue };
        let proof = prove(token.as_bytes(), &jwt, &ring);
        if status.starts_with("valid") && entry["header"]["x5t"].is_string() {
            let named = matches!(proof, Proof::Checked(Signature::Verified { named: true, weak: false, .. }));
            assert!(named, "{} {proof:?}", entry["origin"]);
            by_certificate += 1;
        } else if status == "valid" {
            let hmac = serde_json::json!({ "kty": "oct", "k": entry["hmac_key_b64"] });
            let key = if entry["jwk"].is_null() { &hmac } else { &entry["jwk"] };
            assert!(accepts(token, &ring_of(key)), "{}", entry["origin"]);
            by_key += 1;
        } else {
            assert!(!proof.is_sound(), "{} {proof:?}", entry["origin"]);
            assert!(!status.starts_with("unsigned") || proof.state() == "unsigned", "{}", entry["origin"]);
            assert!(!status.starts_with("INVALID") || proof.state() == "failed", "{}", entry["origin"]);
            others += 1;
        }
    }
    eprintln!("entra: {by_certificate} verified by x5t, {by_key} by a key given, {others} not");
    assert!(by_certificate == 2 && by_key == 4 && others > 30, "{by_certificate} {by_key} {others}");
}

/// A file that goes when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("oauthtrace-{}-{name}", std::process::id()));
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn status(arguments: &[&str]) -> (i32, String) {
    let output =
        assert_cmd::Command::cargo_bin("oauthtrace").unwrap().arg("token").args(arguments).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_command_tells_proven_wrong_open_and_unreadable_apart() {
    use hmac_of_rfc_7515::{KEY, TOKEN};
    let secret = Scratch::new("secret", &URL_SAFE_NO_PAD.decode(KEY).unwrap());
    let jwk = Scratch::new("jwk", format!(r#"{{"kty":"oct","k":"{KEY}"}}"#).as_bytes());
    let token = Scratch::new("token", format!("Authorization: Bearer {TOKEN}\r\n").as_bytes());
    let altered = Scratch::new("altered", TOKEN.replace("eyJpc3MiOiJqb2Ui", "eyJpc3MiOiJqb2Yi").as_bytes());
    let empty = Scratch::new("empty", b"");
    let at = ["--at", "1300819370"];
    let run = |token: &Scratch, rest: &[&str]| status(&[&[token.path()], rest].concat());
    let (code, text) = run(&token, &[&["--secret", secret.path()][..], &at].concat());
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("verdict: pass") && !text.contains("dBjftJeZ4CVP"), "{text}");
    let (code, text) = run(&token, &[&["--key", jwk.path(), "-o", "json"][..], &at].concat());
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (code, &document["verdict"], &document["tokens"][0]["signature"]["state"]),
        (0, &"pass".into(), &"verified".into())
    );
    assert_eq!(run(&token, &at).0, 4);
    assert_eq!(run(&token, &["--secret", secret.path()]).0, 1, "expired now");
    assert_eq!(run(&altered, &[&["--secret", secret.path()][..], &at].concat()).0, 1);
    assert_eq!(run(&empty, &["--secret", secret.path()]).0, 3);
    assert_eq!(run(&token, &["--secret", empty.path()]).0, 3);
    assert_eq!(run(&token, &["--leeway", "soon"]).0, 2);
    assert_eq!(status(&["no-such-file"]).0, 3);
}

/// The token that jwt.io shows first: its secret is short, but it is the one that was given.
#[test]
fn a_short_secret_is_warned_of_and_a_line_end_in_its_file_is_named() {
    const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.\
        eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.\
        SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
    let token = Scratch::new("short-token", TOKEN.as_bytes());
    let short = Scratch::new("short-secret", b"your-256-bit-secret");
    let (code, text) = status(&[token.path(), "--secret", short.path()]);
    // It has no `exp`.
    assert!(code == 4 && text.contains("warning[signature-key-weak]") && text.contains("152 bits"), "{text}");
    let line = Scratch::new("line-secret", b"your-256-bit-secret\n");
    let (code, text) = status(&[token.path(), "--secret", line.path()]);
    assert!(code == 1 && text.contains("ends with a line end"), "{text}");
}

/// A payload that is no JSON is legal in a JWS, yet names no tenant: what was asked is not proven.
#[test]
fn a_text_instead_of_claims_proves_no_tenant() {
    use hmac_of_rfc_7520::{KEY, TOKEN};
    let jwk = Scratch::new("text-jwk", format!(r#"{{"kty":"oct","k":"{KEY}"}}"#).as_bytes());
    let token = Scratch::new("text-token", TOKEN.as_bytes());
    let check = |rest: &[&str]| status(&[&[token.path(), "--key", jwk.path()], rest].concat());
    assert_eq!(check(&[]).0, 0);
    let (code, text) = check(&["--tenant", "contoso.com"]);
    assert!(code == 4 && text.contains("warning[issuer-tenant]"), "{text}");
}

/// RFC 7520 4.4.
mod hmac_of_rfc_7520 {
    pub(crate) const KEY: &str = "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg";
    pub(crate) const TOKEN: &str = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9\
        .SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUgcm9hZ\
        CwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0IGJlIHN3ZXB\
        0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0";
}

/// RFC 7515 A.1.
mod hmac_of_rfc_7515 {
    pub(crate) const KEY: &str =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    pub(crate) const TOKEN: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
        eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
        dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
}
