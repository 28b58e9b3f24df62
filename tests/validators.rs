//! Reports, read by tools that are not ours: SARIF against the published schema, JUnit by junitparser, HTML by
//! html5lib, Markdown by markdown-it. `tests/validate/install.sh FOLDER` installs them; `OAUTHTRACE_VALIDATORS`
//! names the folder.

use std::path::{Path, PathBuf};
use std::process::Command;

fn validators() -> Option<PathBuf> {
    let folder = std::env::var_os("OAUTHTRACE_VALIDATORS").map(PathBuf::from);
    let found = folder.filter(|folder| folder.join("bin/python3").exists());
    if found.is_none() {
        eprintln!("skipped: no validators (tests/validate/install.sh FOLDER, OAUTHTRACE_VALIDATORS=FOLDER)");
    }
    found
}

#[test]
fn every_report_is_what_its_format_says() {
    let Some(validators) = validators() else { return };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut read, mut wrong) = (0, Vec::new());
    for case in ["healthy", "wrong-tenant", "altered-token", "basic-fallback", "lost-segment", "nothing"] {
        for (kind, ours) in
            [("sarif", "sarif"), ("junit", "junit"), ("html", "html"), ("markdown", "markdown")]
        {
            let output = Command::new(assert_cmd::cargo::cargo_bin!("oauthtrace"))
                .args(["verify", "-o", ours, "--tenant", "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"])
                .arg(root.join("captures").join(case).join("traffic.pcap"))
                .output()
                .unwrap();
            let name = format!("oauthtrace-validate-{}-{case}.{kind}", std::process::id());
            let report = std::env::temp_dir().join(name);
            std::fs::write(&report, &output.stdout).unwrap();
            let said = Command::new(validators.join("bin/python3"))
                .arg(root.join("tests/validate/check.py"))
                .arg(kind)
                .arg(&report)
                .arg(validators.join("package/lib/schemas/sarif-2.1.0-rtm.5.json"))
                .output()
                .unwrap();
            std::fs::remove_file(report).unwrap();
            read += 1;
            if !said.status.success() || !said.stdout.is_empty() {
                let (out, err) =
                    (String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
                wrong.push(format!("{case}, {kind}: {out}{err}"));
            }
        }
    }
    eprintln!("{read} reports read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
