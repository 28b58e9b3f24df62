//! Opens what `captures/tls/record.sh` recorded of OpenSSL, nginx and curl, and compares with what was sent.

#[path = "support/everything.rs"]
mod everything;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use everything::Everything;
use oauthtrace::base::Secret;
use oauthtrace::connection::Connection;
use oauthtrace::exchange::Exchange;
use oauthtrace::pipeline::{self, Settings, Source};

#[derive(serde::Deserialize)]
struct Plain {
    bytes: u64,
    sha256: String,
}

/// One recorded connection: a line of `matrix.json`.
#[derive(serde::Deserialize)]
struct Entry {
    file: String,
    name: String,
    client_port: u16,
    version: String,
    suite: String,
    sent: Plain,
    received: Plain,
    #[serde(default)]
    server_key: bool,
    #[serde(default)]
    client_certificate: bool,
    #[serde(default)]
    exchanges: Vec<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/tls")
}

fn file(name: &str) -> (String, Secret) {
    (name.to_owned(), Secret::new(fs::read(folder().join(name)).unwrap()))
}

fn matrix() -> Vec<Entry> {
    serde_json::from_slice(&fs::read(folder().join("matrix.json")).unwrap()).unwrap()
}

fn with_keylog(name: &str) -> Settings {
    Settings { keylogs: vec![file(name)], hashes: true, threads: 1, ..Settings::default() }
}

fn with_server_key(name: &str, password: Option<&str>) -> Settings {
    let passwords = password.into_iter().map(|word| Secret::new(word.into())).collect();
    Settings { tls_keys: vec![file(name)], passwords, hashes: true, threads: 1, ..Settings::default() }
}

fn decode(name: &str, settings: &Settings) -> Everything {
    let mut seen = Everything::default();
    let inputs = pipeline::run(&[Source::Path(folder().join(name))], settings, &mut seen);
    assert!(inputs.failed.is_empty(), "{name}: {:?}", inputs.failed);
    seen
}

fn by_port(seen: &Everything) -> BTreeMap<u16, &Connection> {
    let port = |one: &Connection| Some(one.client.as_ref()?.port);
    seen.connections.iter().filter_map(|one| Some((port(one)?, one))).collect()
}

/// What is wrong about a connection, if anything.
fn differs(entry: &Entry, connection: Option<&&Connection>) -> Option<String> {
    let what = format!("{} {} {} port {}", entry.file, entry.name, entry.suite, entry.client_port);
    let Some(connection) = connection else { return Some(format!("{what}: not seen")) };
    let Some(tls) = &connection.tls else { return Some(format!("{what}: not taken for TLS")) };
    if let Some(why) = &tls.undecrypted {
        return Some(format!("{what}: {why}"));
    }
    let (version, suite) = (tls.facts.version.as_deref(), tls.facts.cipher.as_deref());
    // OpenSSL's names are not always the registry's (TLS_PSK_DHE_… for one).
    if version != Some(&entry.version) || suite.map(str::len) != Some(entry.suite.len()) {
        return Some(format!("{what}: {version:?} {suite:?}"));
    }
    if tls.records_failed > 0 || tls.client_certificate != entry.client_certificate {
        return Some(format!("{what}: {tls:?}"));
    }
    for (flow, plain) in [(&connection.sent, &entry.sent), (&connection.received, &entry.received)] {
        let hash: String = flow.sha256.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
        if entry.exchanges.is_empty() && (flow.bytes != plain.bytes || flow.bytes > 0 && hash != plain.sha256)
        {
            return Some(format!("{what}: {} bytes, {} expected", flow.bytes, plain.bytes));
        }
    }
    None
}

fn check(entries: &[&Entry], settings: &Settings) -> usize {
    let mut files: Vec<&str> = entries.iter().map(|entry| entry.file.as_str()).collect();
    files.dedup();
    let mut wrong = Vec::new();
    for name in files {
        let seen = decode(name, settings);
        let connections = by_port(&seen);
        let own = entries.iter().filter(|entry| entry.file == name);
        wrong.extend(own.filter_map(|entry| differs(entry, connections.get(&entry.client_port))));
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), entries.len(), wrong.join("\n"));
    entries.len()
}

#[test]
fn every_recorded_connection_opens_with_its_key_log() {
    let matrix = matrix();
    let entries: Vec<&Entry> = matrix.iter().collect();
    let count = check(&entries, &with_keylog("keys.log"));
    eprintln!("{count} of {count} recorded connections have the plaintext that was sent");
    assert!(count > 300);
}

#[test]
fn a_key_log_of_any_case_line_ending_and_with_foreign_lines_serves_as_well() {
    let matrix = matrix();
    let entries: Vec<&Entry> = matrix.iter().collect();
    check(&entries, &with_keylog("odd-keys.log"));
}

#[test]
fn rsa_key_exchange_and_resumption_open_with_the_servers_private_key() {
    let matrix = matrix();
    let entries: Vec<&Entry> = matrix.iter().filter(|entry| entry.server_key).collect();
    assert!(entries.len() >= 20, "{}", entries.len());
    check(&entries, &with_server_key("keys/rsa.key", None));
}

#[test]
fn a_private_key_is_read_in_every_form() {
    let matrix = matrix();
    let entries: Vec<&Entry> = matrix.iter().filter(|entry| entry.server_key).take(1).collect();
    for name in ["rsa-pkcs1.key", "rsa-pkcs8.der"] {
        check(&entries, &with_server_key(&format!("keys/{name}"), None));
    }
    for name in [
        "rsa-pbes2-aes256.key",
        "rsa-pbes2-3des.key",
        "rsa-legacy-aes128.key",
        "rsa-legacy-3des.key",
        "rsa.p12",
    ] {
        check(&entries, &with_server_key(&format!("keys/{name}"), Some("open sesame")));
        for password in [None, Some("open barley")] {
            let mut seen = Everything::default();
            let settings = with_server_key(&format!("keys/{name}"), password);
            let inputs = pipeline::run(&[], &settings, &mut seen);
            let message = inputs.failed.first().unwrap().to_string();
            assert!(message.contains("password"), "{message}");
        }
    }
}

#[test]
fn files_that_hold_no_rsa_key_are_refused_by_name() {
    for (name, says) in
        [("keys/ec.key", "not RSA"), ("keys/rsa.pem", "CERTIFICATE"), ("keys.log", "something else")]
    {
        let inputs = pipeline::run(&[], &with_server_key(name, None), &mut Everything::default());
        let message = inputs.failed.first().unwrap().to_string();
        assert_eq!(message.matches(name).count(), 1, "{message}");
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn curl_and_nginx_give_their_exchanges_also_through_a_proxy() {
    let seen = decode("curl.pcap", &with_keylog("keys.log"));
    for entry in matrix().iter().filter(|entry| entry.file == "curl.pcap") {
        let own = seen
            .exchanges
            .iter()
            .filter(|one| one.client.as_ref().is_some_and(|c| c.port == entry.client_port));
        let targets: Vec<&str> = own
            .filter(|one| one.tls.is_some())
            .filter_map(|one| Some(one.request.as_ref()?.target.as_str()))
            .collect();
        assert_eq!(targets, entry.exchanges, "{}", entry.name);
    }
}

#[test]
fn keys_at_the_end_of_the_file_open_what_came_before() {
    let seen = decode("keys-last.pcapng", &Settings { threads: 1, ..Settings::default() });
    assert_eq!(seen.exchanges.len(), 2);
    assert!(seen.connections.iter().all(|one| one.tls.as_ref().is_some_and(|tls| tls.undecrypted.is_none())));
}

/// The reasons why the connections of a capture stayed closed.
fn reasons(name: &str, settings: &Settings) -> Vec<String> {
    let seen = decode(name, settings);
    seen.connections.iter().filter_map(|one| one.tls.as_ref()?.undecrypted.clone()).collect()
}

#[test]
fn a_key_log_of_another_connection_is_named_with_what_was_looked_for() {
    let reasons = reasons("midway-tls13.pcap", &Settings::default());
    assert!(reasons[0].contains("ClientHello not captured"), "{reasons:?}");
    let reasons = self::reasons("tls12.pcap", &with_keylog("other-keys.log"));
    let reason = reasons.first().unwrap();
    assert!(reason.starts_with("client random "), "{reason}");
    for part in ["TLS 1.2, TLS_", "no CLIENT_RANDOM", "1 key log (other-keys.log)", "--keylog"] {
        assert!(reason.contains(part), "{part}: {reason}");
    }
    assert!(!reason.contains('\n'));
}

#[test]
fn a_suite_that_is_not_opened_is_named() {
    let reasons = reasons("unsupported.pcap", &with_keylog("keys.log"));
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    for part in ["TLS_RSA_WITH_SEED_CBC_SHA", "not supported"] {
        assert!(reasons[0].contains(part), "{part}: {reasons:?}");
    }
}

#[test]
fn a_lost_server_hello_costs_tls_1_2_everything_and_tls_1_3_nothing() {
    let seen = decode("lost-server-hello-tls13.pcap", &with_keylog("keys.log"));
    let tls = seen.connections[0].tls.as_ref().unwrap();
    assert_eq!(tls.undecrypted, None);
    assert_eq!(tls.facts.cipher.as_deref(), Some("TLS_AES_256_GCM_SHA384"));
    let whole = |one: &&Exchange| one.request.as_ref().is_some_and(|request| request.body.complete);
    assert_eq!(seen.exchanges.iter().filter(whole).count(), 2, "{:?}", seen.exchanges.len());
    let reasons = reasons("lost-server-hello-gcm.pcap", &with_keylog("keys.log"));
    assert!(reasons[0].contains("ServerHello was not captured"), "{reasons:?}");
}

#[test]
fn tls_that_begins_midway_opens_with_traffic_secrets_or_says_why_not() {
    // The key log of that connection alone: with more than a few dozen, which one is not searched for.
    let matrix = matrix();
    let entry = matrix.iter().find(|entry| entry.name == "tls13").unwrap();
    let seen = decode("curl.pcap", &with_keylog("keys.log"));
    let random = by_port(&seen)[&entry.client_port].tls.as_ref().unwrap().client_random.clone().unwrap();
    let log = fs::read_to_string(folder().join("keys.log")).unwrap();
    let own: String =
        log.lines().filter(|line| line.contains(&random)).map(|line| format!("{line}\n")).collect();
    let settings = Settings { keylogs: vec![("own".into(), Secret::new(own.into()))], ..Settings::default() };
    let seen = decode("midway-tls13.pcap", &settings);
    assert_eq!(seen.connections[0].tls.as_ref().unwrap().undecrypted, None);
    assert!(!seen.exchanges.is_empty());
    let reasons = reasons("midway-gcm.pcap", &with_keylog("keys.log"));
    assert!(reasons[0].contains("middle of the connection"), "{reasons:?}");
}

/// A HelloRetryRequest already tells of TLS 1.3, and no ServerHello is missing where one stands behind it.
#[test]
fn a_hello_that_was_asked_for_again_wants_a_key_log_and_no_new_recording() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/tls-older/traffic-hello-retry.pcap");
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_oauthtrace"))
        .args(["inspect", "-o", "json", path])
        .output()
        .unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(text.contains("SSLKEYLOGFILE") && !text.contains("was not captured"), "{text}");
}
