//! Redacts every case and the corpus as a user would, and looks for their secrets in ways of its own.

#[path = "redact/views.rs"]
mod views;

#[path = "support/folder.rs"]
mod folder;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use views::{Form, base64_runs, corpus, headers_of, survivors, views};

use folder::Folder;

#[derive(serde::Deserialize)]
struct Case {
    tenant: Vec<String>,
    cert: String,
    sts_keys: Option<String>,
    secrets: Vec<String>,
}

fn oauthtrace(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_oauthtrace"))
        .current_dir(std::env::temp_dir())
        .args(arguments)
        .output()
        .unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[track_caller]
fn redact(input: &Path, output: &Path, more: &[&str]) -> String {
    let run = oauthtrace(&[&["redact", text(input), "-w", text(output)], more].concat());
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(0), "{}: {stderr}", input.display());
    assert!(run.stdout.is_empty());
    stderr
}

fn json(arguments: &[&str]) -> Option<Value> {
    let run = oauthtrace(&[arguments, &["-o", "json"]].concat());
    serde_json::from_slice(&run.stdout)
        .ok()
        .filter(|value: &Value| !value["inputs"].as_array().unwrap().is_empty())
}

/// The cases with their exports.
fn cases() -> Vec<(PathBuf, Case, Vec<PathBuf>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut cases = Vec::new();
    for entry in fs::read_dir(root).unwrap() {
        let folder = entry.unwrap().path();
        let Ok(toml) = fs::read_to_string(folder.join("case.toml")) else { continue };
        let exports = ["traffic.har", "traffic.saz", "traffic.mitm"].map(|name| folder.join(name));
        let exports: Vec<_> = exports.into_iter().filter(|path| path.exists()).collect();
        if !exports.is_empty() {
            cases.push((folder, toml::from_str(&toml).unwrap(), exports));
        }
    }
    cases.sort_by(|a, b| a.0.cmp(&b.0));
    cases
}

/// What must be the same of an exchange: all but the values that were masked and the sizes of bodies.
fn exchange(value: &Value) -> Value {
    let names = |half: &Value| -> Vec<String> {
        let framing = ["content-length", "content-encoding", "transfer-encoding"];
        let names = half["headers"].as_array().into_iter().flatten();
        let names = names.map(|pair| pair[0].as_str().unwrap().to_ascii_lowercase());
        names.filter(|name| !framing.contains(&name.as_str())).collect()
    };
    let target = value["request"]["target"].as_str().unwrap_or_default();
    serde_json::json!([
        value["index"],
        value["time"],
        value["client"],
        value["server"],
        value["protocol"],
        value["tls"],
        value["complete"],
        value["request"]["method"],
        value["request"]["host"],
        target.split('?').next(),
        value["response"]["status"],
        value["authentication"],
        value["tokens"],
        names(&value["request"]),
        names(&value["response"]),
    ])
}

/// What must be the same of a token: all but its text.
fn token(value: &Value) -> Value {
    let mut value = value.clone();
    for changing in ["fingerprint", "signature", "faults", "notes"] {
        value.as_object_mut().unwrap().remove(changing);
    }
    value
}

#[track_caller]
fn same(name: &Path, before: &Value, after: &Value) {
    for (list, part) in [("exchanges", exchange as fn(&Value) -> Value), ("tokens", token)] {
        let parts = |report: &Value| report[list].as_array().unwrap().iter().map(part).collect::<Vec<_>>();
        let (before, after) = (parts(before), parts(after));
        assert_eq!(before.len(), after.len(), "{}: {list}", name.display());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(&masked_alike(before, after), after, "{}: {list}", name.display());
        }
    }
}

/// What was read before, with the segments of its path that became marks.
fn masked_alike(before: &Value, after: &Value) -> Value {
    const PATH: usize = 9;
    let mut before = before.clone();
    if let (Some(path), Some(Value::String(masked))) = (before.get_mut(PATH), after.get(PATH)) {
        let segments = path.as_str().unwrap_or_default().split('/').zip(masked.split('/'));
        let alike = |(one, other)| if str::starts_with(other, "REDACTED_") { other } else { one };
        if path.as_str().is_some_and(|path| path.split('/').count() == masked.split('/').count()) {
            *path = segments.map(alike).collect::<Vec<_>>().join("/").into();
        }
    }
    before
}

fn verify(file: &Path, folder: &Path, case: &Case) -> Value {
    let cert = folder.join(&case.cert);
    let mut arguments = vec!["verify", text(file), "--cert", text(&cert)];
    case.tenant.iter().for_each(|tenant| arguments.extend(["--tenant", tenant]));
    let keys = case.sts_keys.as_ref().map(|keys| folder.join(keys));
    if let Some(keys) = &keys {
        arguments.extend(["--sts-keys", text(keys)]);
    }
    json(&arguments).unwrap()
}

/// Outcomes of the checks and rules of the findings, those of signatures apart.
fn judgement(report: &Value) -> BTreeSet<String> {
    let checks = report["checks"].as_array().unwrap().iter();
    let checks = checks.map(|check| (&check["id"], &check["outcome"]));
    let findings = report["findings"].as_array().unwrap().iter();
    let findings = findings.map(|finding| (&finding["check"], &finding["rule"]));
    // These hold what a server says against the signature, which the copy has lost.
    const COMPARED: [&str; 3] = ["accepted-disputed", "challenge-disputed", "request-disputed"];
    checks
        .chain(findings)
        .filter(|(check, rule)| *check != "signature" && !COMPARED.iter().any(|compared| *rule == compared))
        .map(|(a, b)| format!("{a} {b}"))
        .collect()
}

#[test]
fn every_case_loads_again_without_its_secrets_and_is_judged_alike() {
    let folder = Folder::new("cases");
    let (mut files, mut wrong) = (0, Vec::new());
    for (home, case, exports) in cases() {
        for input in &exports {
            let output = folder.0.join(format!(
                "{}-{}",
                home.file_name().unwrap().display(),
                input.file_name().unwrap().display()
            ));
            redact(input, &output, &[]);
            let bytes = fs::read(&output).unwrap();
            let form = Form::of(&bytes);
            for secret in &case.secrets {
                for place in survivors(&views(form, &bytes), secret.as_bytes()) {
                    wrong.push(format!("{}: {}… in {place}", input.display(), &secret[..4]));
                }
            }
            let inspected = [input, &output].map(|file| json(&["inspect", text(file)]).unwrap());
            same(input, &inspected[0], &inspected[1]);
            let judged = [input, &output].map(|file| judgement(&verify(file, &home, &case)));
            for lost in judged[0].symmetric_difference(&judged[1]) {
                let side = if judged[0].contains(lost) { "only before" } else { "only after" };
                wrong.push(format!("{}: {lost} {side}", input.display()));
            }
            files += 1;
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(files >= 100, "only {files} files");
}

/// Values of credential fields and cookies, and what follows the names of tokens in bodies: by reading the
/// file as JSON or as bytes, not by anything of the program.
#[test]
fn no_secret_of_the_corpus_survives_in_any_form() {
    let Some(corpus) = corpus() else { return };
    let folder = Folder::new("corpus");
    let (mut done, mut sought, mut wrong) = (0, 0, Vec::new());
    for input in ["c-har", "d-proxy"].iter().flat_map(|set| files(&corpus.join(set))) {
        let output = folder.0.join(input.file_name().unwrap().to_str().unwrap());
        let bytes = fs::read(&input).unwrap();
        let run = oauthtrace(&["redact", text(&input), "-w", text(&output)]);
        let stderr = String::from_utf8(run.stderr).unwrap();
        if run.status.code() != Some(0) {
            let damaged = input.ends_with("mitmproxy/brokenfile.har") || input.extension().unwrap() == "etl";
            assert!(damaged && run.status.code() == Some(3), "{}: {stderr}", input.display());
            assert!(!output.exists());
            continue;
        }
        let before = views(Form::of(&bytes), &bytes);
        let copy = fs::read(&output).unwrap();
        let after = views(Form::of(&copy), &copy);
        let secrets = headers_of(&before);
        sought += secrets.len();
        for secret in &secrets {
            assert!(!survivors(&before, secret).is_empty(), "a search that finds nothing even before");
            for place in survivors(&after, secret) {
                let shown = String::from_utf8_lossy(&secret[..secret.len().min(6)]).into_owned();
                wrong.push(format!("{}: {shown}… in {place}", input.display()));
            }
        }
        if let Some(before) = json(&["inspect", text(&input)]) {
            same(&input, &before, &json(&["inspect", text(&output)]).expect("loads again"));
        }
        done += 1;
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(done >= 40 && sought >= 20, "{done} files, {sought} secrets");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

#[test]
fn one_recording_has_the_same_fingerprints_in_every_format() {
    let folder = Folder::new("fingerprints");
    let key = folder.0.join("key");
    fs::write(&key, [7; 32]).unwrap();
    let mut compared = 0;
    for (home, _, exports) in cases() {
        let prints: Vec<BTreeSet<String>> = exports
            .iter()
            .map(|input| {
                let output = folder.0.join("copy");
                redact(input, &output, &["--fingerprint-key", text(&key)]);
                let bytes = fs::read(&output).unwrap();
                views(Form::of(&bytes), &bytes).iter().flat_map(|(_, view)| prints(view, 0)).collect()
            })
            .collect();
        assert_eq!(prints[0], prints[1], "HAR and SAZ of {}", home.display());
        for other in &prints[1..] {
            // mitmproxy keeps more of its own.
            assert!(prints[0].is_subset(other), "{}", home.display());
        }
        compared += prints[0].len();
    }
    assert!(compared >= 40, "only {compared} fingerprints");
}

/// What stands after `hmac`, also in tokens inside tokens.
fn prints(view: &[u8], depth: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(view);
    let after = |mark: &str| -> Vec<String> {
        text.match_indices(mark).map(|(at, _)| text[at + mark.len()..].chars().take(16).collect()).collect()
    };
    let mut all = [after("[hmac:"), after("%5Bhmac%3A"), after("REDACTED_HMAC_")].concat();
    if depth < 3 {
        all.extend(base64_runs(view).iter().flat_map(|inside| prints(inside, depth + 1)));
    }
    all.retain(|print| print.len() == 16 && print.bytes().all(|byte| byte.is_ascii_hexdigit()));
    all
}

#[test]
fn people_get_pseudonyms_and_the_judgement_stays() {
    let folder = Folder::new("people");
    let mut seen = 0;
    for (home, case, exports) in cases().into_iter().take(12) {
        let input = &exports[0];
        let before = fs::read(input).unwrap();
        let output = folder.0.join("copy");
        redact(input, &output, &["--mask-people"]);
        let copy = fs::read(&output).unwrap();
        let after = views(Form::of(&copy), &copy);
        if !survivors(&views(Form::of(&before), &before), b"adele@").is_empty() {
            seen += 1;
            assert_eq!(survivors(&after, b"adele@"), Vec::<String>::new(), "{}", input.display());
            assert!(!survivors(&after, b"user1@contoso.example").is_empty());
        }
        let judged = [input, &output].map(|file| judgement(&verify(file, &home, &case)));
        assert_eq!(judged[0], judged[1], "{}", input.display());
    }
    assert!(seen >= 5, "only {seen}");
}

#[test]
fn names_in_answers_of_the_rest_api_are_masked() {
    let folder = Folder::new("rest");
    let body = r#"{\"value\":[{\"Subject\":\"x\",\"From\":{\"EmailAddress\":{\"Name\":\"Anna Smith\",\"Address\":\"anna@x.org\"}},\"sender\":{\"emailAddress\":{\"name\":\"Anna Smith\"}}}],\"name\":\"Inbox\"}"#;
    let har = folder.0.join("rest.har");
    let entry = format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"x","version":"1"}},"entries":[{{"startedDateTime":"2026-11-22T10:00:00Z",
        "request":{{"method":"GET","url":"https://mail.contoso.example/api/v2.0/me","headers":[]}},
        "response":{{"status":200,"headers":[],"content":{{"mimeType":"application/json","size":1,"text":"{body}"}}}}}}]}}}}"#
    );
    fs::write(&har, entry).unwrap();
    redact(&har, &folder.0.join("copy"), &["--mask-people"]);
    let copy = fs::read_to_string(folder.0.join("copy")).unwrap();
    assert!(!copy.contains("Anna") && copy.contains("Inbox") && copy.contains("Person 1"), "{copy}");
}

#[test]
fn the_copy_is_private_reproducible_and_never_the_input() {
    let folder = Folder::new("file");
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/healthy");
    for name in ["traffic.har", "traffic.saz", "traffic.mitm"] {
        let (one, two) = (folder.0.join("one"), folder.0.join("two"));
        redact(&home.join(name), &one, &[]);
        redact(&home.join(name), &two, &[]);
        assert_eq!(fs::read(&one).unwrap(), fs::read(&two).unwrap(), "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&one).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let bytes = fs::read(&one).unwrap();
        for other in [one.clone(), folder.0.join("./one")] {
            let run = oauthtrace(&["redact", text(&one), "-w", text(&other)]);
            assert_eq!(run.status.code(), Some(2));
            assert_eq!(fs::read(&one).unwrap(), bytes);
        }
    }
    let capture = home.join("traffic.pcap");
    let run = oauthtrace(&["redact", text(&capture), "-w", text(&folder.0.join("no"))]);
    assert_eq!(run.status.code(), Some(3));
    assert!(String::from_utf8(run.stderr).unwrap().contains("inspect -o json"));
    assert!(!folder.0.join("no").exists());
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_written_to_and_a_link_stays_one() {
    use std::os::unix::fs::FileTypeExt as _;
    let folder = Folder::new("odd");
    let har = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/healthy/traffic.har");
    let plain = folder.0.join("plain");
    redact(&har, &plain, &[]);
    let bytes = fs::read(&plain).unwrap();
    // A link to a file that is there, and one to a file that is not yet.
    fs::write(folder.0.join("old"), "old").unwrap();
    for (link, target) in [("to-old", "old"), ("to-new", "new")] {
        std::os::unix::fs::symlink(target, folder.0.join(link)).unwrap();
        redact(&har, &folder.0.join(link), &[]);
        assert!(fs::symlink_metadata(folder.0.join(link)).unwrap().is_symlink(), "{link}");
        assert_eq!(fs::read(folder.0.join(target)).unwrap(), bytes, "{link}");
    }
    let pipe = folder.0.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read(pipe).unwrap()
    });
    redact(&har, &pipe, &[]);
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    assert_eq!(reader.join().unwrap(), bytes);
    let run = oauthtrace(&["redact", text(&har), "-w", "-"]);
    assert_eq!((run.status.code(), run.stdout), (Some(0), bytes));
    let left: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".part")), "{left:?}");
}

/// Linux has a device that is always full.
#[cfg(target_os = "linux")]
#[test]
fn a_device_that_takes_nothing_is_an_error_and_stays_a_device() {
    use std::os::unix::fs::FileTypeExt as _;
    let har = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/healthy/traffic.har");
    let run = oauthtrace(&["redact", text(&har), "-w", "/dev/full"]);
    assert_eq!(run.status.code(), Some(2));
    let stderr = String::from_utf8(run.stderr).unwrap();
    assert!(stderr.contains("/dev/full") && stderr.lines().count() == 1, "{stderr}");
    assert!(fs::metadata("/dev/full").unwrap().file_type().is_char_device());
}

#[test]
fn what_is_not_redacted_is_refused_in_one_line_and_leaves_no_copy() {
    let folder = Folder::new("refused");
    let burp = folder.0.join("export.xml");
    fs::write(&burp, "<items burpVersion=\"2023.1\" exportTime=\"Mon\"><item><request>Cookie: a=31d4d96e407a</request></item></items>")
        .unwrap();
    let laughs = folder.0.join("laughs.xml");
    fs::write(&laughs, "<!DOCTYPE l [<!ENTITY a \"lol\">]><items burpVersion=\"1\">&a;</items>").unwrap();
    for (input, told) in [(&burp, "Burp"), (&laughs, "Burp")] {
        let output = folder.0.join("copy");
        let run = oauthtrace(&["redact", text(input), "-w", text(&output)]);
        let stderr = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains(told) && stderr.lines().count() == 1, "{stderr}");
        assert!(!stderr.contains("31d4d96e407a") && !output.exists());
    }
}

#[test]
fn opaque_tokens_and_passwords_in_hosts_of_our_reports_are_masked() {
    let folder = Folder::new("opaque");
    let opaque = "ZzOpaque.Refresh-31d4d96e407a";
    let entry = format!(
        r#"{{"log":{{"version":"1.2","creator":{{"name":"x","version":"1"}},"entries":[{{"startedDateTime":"2026-11-22T10:00:00Z",
        "request":{{"method":"POST","url":"https://svc2:Hunter2xyz@mail.contoso.example/ews/exchange.asmx","headers":[
        {{"name":"Host","value":"svc2:Hunter2xyz@mail.contoso.example"}},{{"name":"Authorization","value":"Bearer {opaque}"}}]}},
        "response":{{"status":200,"headers":[]}}}}]}}}}"#
    );
    let har = folder.0.join("t.har");
    fs::write(&har, entry).unwrap();
    for (command, more) in [("inspect", &[][..]), ("verify", &["--tenant", "contoso.example"])] {
        let report = folder.0.join(command);
        let arguments = [&[command, text(&har), "-o", "json", "--show-secrets"], more].concat();
        let shown = oauthtrace(&arguments).stdout;
        assert!(memchr::memmem::find(&shown, opaque.as_bytes()).is_some(), "{command}");
        fs::write(&report, shown).unwrap();
        let output = folder.0.join("copy");
        redact(&report, &output, &[]);
        let copy = fs::read_to_string(&output).unwrap();
        for secret in [opaque, "Hunter2xyz"] {
            assert!(!copy.contains(secret), "{command}: {secret} in {copy}");
        }
        assert!(copy.contains("mail.contoso.example"), "{copy}");
    }
}

#[test]
fn reports_and_texts_are_redacted_too() {
    let folder = Folder::new("reports");
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/healthy");
    let case: Case = toml::from_str(&fs::read_to_string(home.join("case.toml")).unwrap()).unwrap();
    let har = home.join("traffic.har");
    let shown = oauthtrace(&["inspect", text(&har), "-o", "json", "--show-secrets"]).stdout;
    assert!(case.secrets.iter().any(|secret| memchr::memmem::find(&shown, secret.as_bytes()).is_some()));
    let report = folder.0.join("report.json");
    fs::write(&report, shown).unwrap();
    let output = folder.0.join("copy");
    redact(&report, &output, &[]);
    let bytes = fs::read(&output).unwrap();
    let value: Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(value["schema"], "oauthtrace/inspect/1");
    for secret in &case.secrets {
        assert_eq!(survivors(&views(Form::Json, &bytes), secret.as_bytes()), Vec::<String>::new());
    }
    let masked = oauthtrace(&["inspect", text(&har), "-o", "json"]).stdout;
    fs::write(&report, &masked).unwrap();
    redact(&report, &output, &[]);
    let copy = fs::read_to_string(&output).unwrap();
    for (before, after) in String::from_utf8(masked).unwrap().lines().zip(copy.lines()) {
        assert_eq!(before, after, "a report holds no secrets");
    }
    let note = folder.0.join("note.txt");
    let line = "curl -u bob:hunter2xyz https://h/ -H 'Authorization: Basic Ym9iOmh1bnRlcjJ4eXo='\nCookie: a=31d4d96e407a\n";
    fs::write(&note, line).unwrap();
    let stderr = redact(&note, &output, &[]);
    let copy = fs::read_to_string(&output).unwrap();
    for secret in ["hunter2xyz", "Ym9iOmh1bnRlcjJ4eXo=", "31d4d96e407a"] {
        assert!(!copy.contains(secret) && !stderr.contains(secret), "{copy}{stderr}");
    }
    assert!(
        copy.contains("Cookie: a=REDACTED_VALUE_") && copy.contains("curl -u bob:REDACTED_VALUE_"),
        "{copy}"
    );
}
