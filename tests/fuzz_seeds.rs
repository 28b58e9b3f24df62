//! Replays small seeds, whole, cut and with bytes changed, through every fuzz entry.
//!
//! The targets in `fuzz/` call the same entries; a finding of theirs is kept in `tests/data/fuzz/TARGET/`.

use std::fs;
use std::path::{Path, PathBuf};

use oauthtrace::{cli, import, json, keys, pipeline, redact, soap, state, token, wire};

type Entry = (&'static str, fn(&[u8]));

const ENTRIES: &[Entry] = &[
    ("capture", wire::capture::fuzz),
    ("ip", wire::ip::fuzz),
    ("tcp", wire::tcp::fuzz),
    ("tls", wire::tls::fuzz),
    ("h1", wire::http::h1::fuzz),
    ("h2", wire::http::h2::fuzz),
    ("body", wire::http::body::fuzz),
    ("challenge", wire::http::challenge::fuzz),
    ("pipeline", pipeline::fuzz),
    ("har", import::har::fuzz),
    ("saz", import::saz::fuzz),
    ("mitmproxy", import::mitmproxy::fuzz),
    ("burp", import::burp::fuzz),
    ("text", import::text::fuzz),
    ("logs", import::logs::fuzz),
    ("json", json::fuzz),
    ("jwt", token::jwt::fuzz),
    ("find", token::find::fuzz),
    ("certificate", keys::certificate::fuzz),
    ("keys", keys::load::fuzz),
    ("autodiscover", soap::autodiscover::fuzz),
    ("ews", soap::ews::fuzz),
    ("token_service", soap::token_service::fuzz),
    ("diagnostics", soap::diagnostics::fuzz),
    ("state", state::load::fuzz),
    ("commands", state::commands::fuzz),
    ("verify", cli::verify::fuzz),
    ("config", cli::config::fuzz),
    ("token", cli::token::fuzz),
    ("pcapng", wire::capture::fuzz_pcapng),
    ("etl", wire::capture::fuzz_etl),
    ("netmon", wire::capture::fuzz_netmon),
    ("request", soap::request::fuzz),
    ("redact", redact::fuzz),
    ("conversation", wire::conversation::fuzz),
    ("server_key", wire::tls::fuzz_keys),
    ("keylog", wire::tls::fuzz_keylog),
    ("quic", wire::quic::fuzz),
    ("hpack", wire::http::h2::hpack::fuzz),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Small files of every kind.
fn seeds() -> Vec<Vec<u8>> {
    let captures = root().join("captures");
    let names = [
        "healthy/traffic-tls.pcapng",
        "healthy/traffic.pcap",
        "healthy/keys.log",
        "healthy-teams/traffic.har",
        "healthy-teams/traffic.saz",
        "healthy-teams/traffic.mitm",
        "certs/OAuthCert.cer",
        "certs/acs-metadata.json",
    ];
    names.iter().map(|name| fs::read(captures.join(name)).unwrap()).collect()
}

/// The seed, cut in three places, and with a byte changed in five.
fn variants(seed: &[u8]) -> Vec<Vec<u8>> {
    let mut all = vec![seed.to_vec()];
    all.extend([1, 2, 3].map(|part| seed[..seed.len() * part / 4].to_vec()));
    for at in [1, 3, 7, 13, 31] {
        let mut changed = seed.to_vec();
        let place = (seed.len() - 1) * at / 32;
        changed[place] ^= 0x81;
        all.push(changed);
    }
    all
}

#[test]
fn every_entry_takes_every_seed() {
    for seed in seeds() {
        for bytes in variants(&seed) {
            ENTRIES.iter().for_each(|(_, fuzz)| fuzz(&bytes));
        }
    }
}

#[test]
fn what_fuzzing_found_stays_mended() {
    for (name, fuzz) in ENTRIES {
        let folder = root().join("tests/data/fuzz").join(name);
        for found in fs::read_dir(folder).into_iter().flatten() {
            fuzz(&fs::read(found.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_entry_has_a_target_and_every_target_an_entry() {
    let targets = root().join("fuzz/fuzz_targets");
    let mut files: Vec<PathBuf> = fs::read_dir(targets).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let mut targets: Vec<_> =
        files.iter().map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let mut entries: Vec<_> = ENTRIES.iter().map(|(name, _)| (*name).to_owned()).collect();
    targets.sort();
    entries.sort();
    assert_eq!(targets, entries);
}
