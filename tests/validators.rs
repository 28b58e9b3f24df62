//! The reports of every case, read by tools that are not ours: SARIF against the published schema, JUnit by
//! junitparser, HTML by html5lib, Markdown by markdown-it. `tests/validate/install.sh FOLDER` installs them;
//! `OAUTHTRACE_VALIDATORS` names the folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(serde::Deserialize)]
struct Case {
    tenant: Vec<String>,
    cert: String,
    sts_keys: Option<String>,
    #[serde(default)]
    logs: Vec<String>,
}

fn validators() -> Option<PathBuf> {
    let folder = std::env::var_os("OAUTHTRACE_VALIDATORS").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join("bin/python3").exists());
    if found.is_none() {
        eprintln!("skipped: no validators (tests/validate/install.sh FOLDER, OAUTHTRACE_VALIDATORS=FOLDER)");
    }
    found
}

/// The cases, each with a recording of it and the arguments that its `case.toml` names.
fn cases() -> Vec<(String, Vec<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut cases = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(text) = fs::read_to_string(folder.join("case.toml")) else { continue };
        let case: Case = toml::from_str(&text).unwrap();
        let recorded = ["traffic.har", "traffic.pcap", "traffic.pcapng", "traffic-tls.pcap"];
        let recorded = recorded.iter().map(|name| folder.join(name)).find(|path| path.exists());
        let Some(recorded) = recorded else { continue };
        let mut arguments = vec![recorded, "--cert".into(), folder.join(&case.cert)];
        arguments.extend(case.logs.iter().map(|log| folder.join(log)));
        for tenant in &case.tenant {
            arguments.extend(["--tenant".into(), tenant.into()]);
        }
        if let Some(keys) = &case.sts_keys {
            arguments.extend(["--sts-keys".into(), folder.join(keys)]);
        }
        for name in ["state.xml", "state.txt"] {
            if folder.join(name).exists() {
                arguments.extend(["--state".into(), folder.join(name)]);
            }
        }
        cases.push((folder.file_name().unwrap().to_string_lossy().into_owned(), arguments));
    }
    cases.sort();
    cases
}

#[test]
fn every_report_of_every_case_is_what_its_format_says() {
    let Some(validators) = validators() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::temp_dir().join(format!("oauthtrace-validate-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let kinds = [("sarif", "sarif"), ("xml", "junit"), ("html", "html"), ("md", "markdown")];
    let cases = cases();
    for (name, arguments) in &cases {
        let mut run = Command::new(assert_cmd::cargo::cargo_bin!("oauthtrace"));
        run.arg("verify").arg("-q").args(arguments);
        for (suffix, _) in kinds {
            run.arg("--report").arg(folder.join(format!("{name}.{suffix}")));
        }
        let status = run.output().unwrap().status.code();
        assert!(matches!(status, Some(0 | 1 | 4)), "{name}: {status:?}");
    }
    let mut wrong = Vec::new();
    for (suffix, kind) in kinds {
        let said = Command::new(validators.join("bin/python3"))
            .arg(root.join("tests/validate/check.py"))
            .arg(kind)
            .arg(validators.join("package/lib/schemas/sarif-2.1.0-rtm.5.json"))
            .args(cases.iter().map(|(name, _)| folder.join(format!("{name}.{suffix}"))))
            .output()
            .unwrap();
        if !said.status.success() || !said.stdout.is_empty() {
            let (out, err) = (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
            wrong.push(format!("{kind}: {out}{err}"));
        }
    }
    fs::remove_dir_all(&folder).unwrap();
    eprintln!("{} reports read", cases.len() * kinds.len());
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
