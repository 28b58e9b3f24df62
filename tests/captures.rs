//! Runs every case of `captures/` as a user would, and compares with its `case.toml`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const FORMATS: [&str; 3] = ["text", "json", "ndjson"];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[allow(dead_code, reason = "read by people")]
    title: String,
    tenant: Vec<String>,
    cert: String,
    sts_keys: Option<String>,
    /// The server's private key, for what stands in no key log.
    tls_key: Option<String>,
    /// Logs of the servers, given beside the recording.
    #[serde(default)]
    logs: Vec<String>,
    secrets: Vec<String>,
    expect: Expect,
    /// What must come out with the state of the organisation: `tests/pairs.rs` looks.
    state: Option<toml::Table>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    status: i32,
    verdict: String,
    #[serde(default)]
    rules: Vec<String>,
    cause: Option<String>,
    checks: BTreeMap<String, String>,
}

/// A case with its traffic files.
struct Loaded {
    folder: PathBuf,
    case: Case,
    traffic: Vec<PathBuf>,
}

fn cases() -> Vec<Loaded> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut cases = Vec::new();
    for entry in fs::read_dir(&root).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("case.toml")) else { continue };
        let case: Case =
            toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut traffic: Vec<PathBuf> = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.file_stem().unwrap().to_string_lossy().starts_with("traffic"))
            .collect();
        traffic.sort();
        assert!(!traffic.is_empty(), "{} has no traffic", folder.display());
        cases.push(Loaded { folder, case, traffic });
    }
    cases.sort_by(|a, b| a.folder.cmp(&b.folder));
    cases
}

impl Loaded {
    fn run(&self, file: &Path, command: &str, format: &str) -> Output {
        let mut run = Command::new(env!("CARGO_BIN_EXE_oauthtrace"));
        run.current_dir(std::env::temp_dir()).arg(command).arg(file).args(["-o", format]);
        run.args(self.case.logs.iter().map(|log| self.folder.join(log)));
        let keys = self.folder.join("keys.log");
        if keys.exists() && file.extension().unwrap() == "pcap" {
            run.arg("--keylog").arg(keys);
        }
        if let Some(key) = &self.case.tls_key {
            run.arg("--tls-key").arg(self.folder.join(key));
        }
        if command == "verify" {
            for tenant in &self.case.tenant {
                run.args(["--tenant", tenant]);
            }
            run.arg("--cert").arg(self.folder.join(&self.case.cert));
            if let Some(keys) = &self.case.sts_keys {
                run.arg("--sts-keys").arg(self.folder.join(keys));
            }
        }
        run.output().unwrap()
    }

    fn json(&self, file: &Path, command: &str) -> (i32, Value) {
        let output = self.run(file, command, "json");
        let stderr = String::from_utf8_lossy(&output.stderr);
        let value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{}: {error}: {stderr}", file.display()));
        (output.status.code().expect("no signal"), value)
    }
}

fn outcome<'v>(report: &'v Value, check: &str) -> &'v str {
    report["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["id"] == check)
        .map_or("no such check", |entry| entry["outcome"].as_str().unwrap())
}

#[test]
fn every_case_comes_out_as_it_must_whatever_recorded_it() {
    let cases = cases();
    assert!(cases.len() >= 15, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    let (mut right, mut diagnosed) = (0, 0);
    // Scenarios: a case counts as right when it is in every one of its recordings.
    let (mut faults, mut named, mut healthy, mut accused) = (0, 0, 0, Vec::new());
    for loaded in &cases {
        let mut all_right = true;
        for file in &loaded.traffic {
            let (status, report) = loaded.json(file, "verify");
            let place = file.strip_prefix(loaded.folder.parent().unwrap()).unwrap().display();
            let mut expect = |what: &str, seen: &str, expected: &str| {
                if seen != expected {
                    wrong.push(format!("{place}: {what} is {seen}, expected {expected}"));
                }
            };
            expect("status", &status.to_string(), &loaded.case.expect.status.to_string());
            expect("verdict", report["verdict"].as_str().unwrap(), &loaded.case.expect.verdict);
            for (check, expected) in &loaded.case.expect.checks {
                expect(check, outcome(&report, check), expected);
            }
            let found: Vec<&str> = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["rule"].as_str().unwrap())
                .collect();
            for rule in &loaded.case.expect.rules {
                if !found.contains(&rule.as_str()) {
                    wrong.push(format!("{place}: {rule} is not among {found:?}"));
                }
            }
            let leading = report["causes"].get(0).and_then(|cause| cause["id"].as_str()).unwrap_or("none");
            if let Some(expected) = &loaded.case.expect.cause {
                diagnosed += 1;
                right += u32::from(expected == leading);
                all_right &= expected == leading;
                if expected == "none" && leading != "none" {
                    accused.push(format!("{place}: {leading}"));
                }
                if expected != leading {
                    wrong.push(format!("{place}: the leading cause is {leading}, expected {expected}"));
                }
            }
        }
        match loaded.case.expect.cause.as_deref() {
            Some("none") => healthy += 1,
            Some(_) => {
                faults += 1;
                named += u32::from(all_right);
            }
            None => {}
        }
    }
    eprintln!("the leading cause is right in {right} of {diagnosed} recordings");
    eprintln!("{named} of {faults} faults named right in all their recordings, {healthy} healthy cases");
    assert!(diagnosed >= 120, "only {diagnosed} recordings with a known cause");
    assert!(faults >= 40, "only {faults} faults");
    assert!(named * 100 >= faults * 95, "{named} of {faults} faults are named right");
    assert!(healthy >= 7, "only {healthy} healthy cases");
    assert!(accused.is_empty(), "false causes on healthy cases: {accused:?}");
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_cause_leads_in_a_case() {
    let mut leads = std::collections::BTreeSet::new();
    for loaded in cases() {
        leads.extend(loaded.case.expect.cause.clone());
        let state = loaded.case.state.as_ref().and_then(|state| state.get("cause"));
        leads.extend(state.and_then(|cause| cause.as_str()).map(str::to_owned));
    }
    let list = Command::new(env!("CARGO_BIN_EXE_oauthtrace"))
        .args(["explain", "--list", "-o", "json"])
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let pages = list.as_array().or_else(|| list["pages"].as_array()).unwrap();
    let causes = pages.iter().filter(|page| page["kind"] == "cause").map(|page| page["id"].as_str().unwrap());
    let (led, idle): (Vec<&str>, Vec<&str>) = causes.partition(|cause| leads.contains(*cause));
    assert!(led.len() >= 31, "only {led:?}");
    assert!(idle.is_empty(), "no case leads with {idle:?}");
}

#[test]
fn every_situation_of_the_table_has_its_recording() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let table = fs::read_to_string(root.join("README.md")).unwrap();
    let numbered = |number: usize| table.lines().find(|line| line.starts_with(&format!("| {number}. ")));
    let known: Vec<PathBuf> = cases().into_iter().map(|loaded| loaded.folder).collect();
    for number in 1..=17 {
        let line = numbered(number).unwrap_or_else(|| panic!("no situation {number}"));
        let named: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "{line}");
        for name in named {
            let path = root.join(name);
            let judged = known.iter().any(|folder| path.starts_with(folder));
            assert!(path.exists() && (judged || name.starts_with("tls/")), "{number}: {name}");
        }
    }
    let matrix = fs::read_to_string(root.join("tls/matrix.json")).unwrap();
    for name in
        ["hello-retry", "key-update", "etm=True ems=True", "etm=False ems=False", "resumed-psk", "early-data"]
    {
        assert!(matrix.contains(&format!("\"name\": \"{name}\"")), "{name}");
    }
}

#[test]
fn the_same_recording_gives_the_same_tokens_in_every_format() {
    let mut compared = 0;
    for loaded in cases() {
        let tokens = |file: &Path| -> Vec<String> {
            let (_, report) = loaded.json(file, "inspect");
            let mut tokens: Vec<String> = report["tokens"]
                .as_array()
                .unwrap()
                .iter()
                .map(|token| format!("{} {}", token["fingerprint"], token["role"]))
                .collect();
            tokens.sort();
            tokens
        };
        let [first, others @ ..] = &loaded.traffic[..] else { unreachable!() };
        let expected = tokens(first);
        for other in others {
            assert_eq!(tokens(other), expected, "{} against {}", other.display(), first.display());
            compared += 1;
        }
    }
    assert!(compared >= 40, "only {compared} comparisons");
}

#[test]
fn no_secret_of_any_case_reaches_any_output() {
    for loaded in cases() {
        assert!(
            loaded.case.secrets.iter().all(|secret| secret.len() >= 12),
            "a secret too short to search for"
        );
        for file in &loaded.traffic {
            for command in ["inspect", "verify"] {
                for format in FORMATS {
                    let output = loaded.run(file, command, format);
                    for stream in [&output.stdout, &output.stderr] {
                        let text = String::from_utf8_lossy(stream);
                        for secret in &loaded.case.secrets {
                            assert!(
                                !text.contains(secret.as_str()),
                                "{} {command} -o {format} shows a secret that begins with {}…",
                                file.display(),
                                &secret[..4]
                            );
                        }
                    }
                    assert!(
                        !output.stdout.is_empty() || format == "ndjson",
                        "{command} -o {format} says nothing"
                    );
                }
            }
        }
    }
}
