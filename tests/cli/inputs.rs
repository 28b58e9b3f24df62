//! Inputs good and bad, verdicts, streams, reports. The cases of `captures/` serve as inputs; what they
//! must conclude in full is the matter of `tests/captures.rs`.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;

use super::support::{Folder, Run};

const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";

/// The header of a pcap file, little-endian, microseconds, Ethernet: a valid capture without packets.
const EMPTY_PCAP: [u8; 24] =
    [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];

fn capture(name: &str) -> String {
    path(name).display().to_string()
}

fn path(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "captures", name].iter().collect()
}

fn verify(folder: &Folder, inputs: &[&str], more: &[&str]) -> Run {
    let (cert, keys) = (capture("certs/OAuthCert.cer"), capture("certs/acs-metadata.json"));
    let mut arguments = vec!["verify"];
    arguments.extend(inputs);
    arguments.extend(["--tenant", TENANT, "--cert", &cert, "--sts-keys", &keys]);
    arguments.extend(more);
    folder.run(&arguments)
}

fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.stdout()).unwrap()
}

#[test]
fn a_healthy_conversation_passes() {
    let run = verify(&Folder::new(), &[&capture("healthy/traffic.har")], &["-o", "json"]);
    assert_eq!(json(run.status(0))["verdict"], "pass");
    assert_eq!(run.stderr(), "");
}

#[test]
fn a_wrong_tenant_fails() {
    let run = verify(&Folder::new(), &[&capture("wrong-tenant/traffic.har")], &[]);
    assert!(run.status(1).stdout().starts_with("FAIL: "));
}

#[test]
fn a_key_that_is_not_supplied_is_incomplete() {
    let run = Folder::new().run(&["verify", &capture("healthy/traffic.har"), "--tenant", TENANT]);
    assert!(run.status(4).stdout().starts_with("INCOMPLETE: "));
}

#[test]
fn absent_empty_and_unknown_inputs_are_status_3() {
    let folder = Folder::new();
    folder.file("empty.pcap", "");
    folder.file("unknown.bin", [0xff, 0x00, 0x13, 0x37].repeat(64));
    folder.file("cut.pcap", &EMPTY_PCAP[..10]);
    for name in ["absent.pcap", "empty.pcap", "unknown.bin", "cut.pcap"] {
        for command in [&["inspect", name][..], &["verify", name, "--tenant", TENANT]] {
            let run = folder.run(command);
            run.status(3).complains(name);
            assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
        }
    }
}

#[test]
fn a_capture_without_packets_is_incomplete_and_can_be_inspected() {
    let folder = Folder::new();
    folder.file("a.pcap", EMPTY_PCAP);
    let run = folder.run(&["verify", "a.pcap", "--tenant", TENANT, "-o", "json"]);
    assert_eq!(json(run.status(4))["verdict"], "incomplete");
    let run = folder.run(&["inspect", "a.pcap", "-o", "json"]);
    assert_eq!(json(run.status(0))["exchanges"], serde_json::json!([]));
}

#[test]
fn the_other_inputs_are_judged_before_status_3() {
    let folder = Folder::new();
    let healthy = capture("healthy/traffic.har");
    let run = verify(&folder, &["absent.pcap", &healthy], &["-o", "json"]);
    assert_eq!(json(run.status(3))["verdict"], "pass");
    assert!(run.stderr().contains("absent.pcap"));
    let wrong = capture("wrong-tenant/traffic.har");
    let run = verify(&folder, &[&wrong, "absent.pcap"], &["-o", "json"]);
    assert_eq!(json(run.status(3))["verdict"], "fail");
}

#[test]
fn files_of_unknown_kind_in_a_folder_are_skipped_with_one_notice() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("x", "").with_file_name("in/deep")).unwrap();
    std::fs::copy(path("healthy/traffic.har"), folder.file("x", "").with_file_name("in/deep/a.har")).unwrap();
    folder.file("in/notes.md", [0xff, 0x00, 0x13].repeat(50));
    folder.file("in/more.bin", [0xff, 0x00, 0x13].repeat(50));
    folder.file("in/readme.txt", "no token in here");
    folder.file("in/settings.json", "{\"log\": {\"version\": 1}}");
    folder.file("in/empty.pcap", "");
    let run = verify(&folder, &["in"], &["-o", "json"]);
    assert_eq!(json(run.status(0))["inputs"].as_array().unwrap().len(), 1);
    assert_eq!(run.stderr().lines().count(), 1, "{}", run.stderr());
    assert_eq!(verify(&folder, &["in"], &["-q"]).stderr(), "");
}

#[test]
fn a_damaged_capture_in_a_folder_is_status_3_after_the_others_were_judged() {
    let folder = Folder::new();
    std::fs::create_dir_all(folder.file("x", "").with_file_name("in")).unwrap();
    std::fs::copy(path("healthy/traffic.har"), folder.file("x", "").with_file_name("in/a.har")).unwrap();
    folder.file("in/b.pcap", &EMPTY_PCAP[..10]);
    let run = verify(&folder, &["in"], &["-o", "json"]);
    assert_eq!(json(run.status(3))["verdict"], "pass");
    assert!(run.stderr().contains("in/b.pcap: "), "{}", run.stderr());
}

#[test]
fn a_key_log_without_a_line_of_one_is_status_3() {
    let folder = Folder::new();
    folder.file("a.log", "this is something else\n");
    folder.file("b.log", "# a comment, and nothing yet\n");
    let healthy = capture("healthy/traffic.har");
    let run = verify(&folder, &[&healthy], &["--keylog", "a.log"]);
    assert!(run.status(3).stderr().contains("a.log: holds not one line"), "{}", run.stderr());
    verify(&folder, &[&healthy], &["--keylog", "b.log"]).status(0);
}

#[test]
fn keys_in_a_later_capture_open_an_earlier_one() {
    let folder = Folder::new();
    let [plain, with_keys] = ["healthy/traffic-tls.pcap", "healthy/traffic-tls.pcapng"].map(capture);
    let run = verify(&folder, &[&plain, &with_keys], &["-o", "json"]);
    assert_eq!(json(run.status(0))["inputs"][0]["exchanges"], 5);
    verify(&folder, &[&plain], &[]).status(4);
}

#[test]
fn a_file_of_another_tool_says_what_to_give_instead() {
    let folder = Folder::new();
    folder.file("session.chls", b"\xac\xed\0\x05sr");
    folder.file("keys.log", &b"CLIENT_RANDOM 00 11\n"[..]);
    for (file, word) in [("session.chls", "HAR"), ("keys.log", "--keylog")] {
        let run = verify(&folder, &[file], &[]);
        assert!(run.status(3).stderr().contains(word), "{}", run.stderr());
    }
}

#[test]
fn an_entry_that_is_cut_is_told_once() {
    let folder = Folder::new();
    let whole = std::fs::read_to_string(path("healthy/traffic.har")).unwrap();
    let document: serde_json::Value = serde_json::from_str(&whole).unwrap();
    let spaced = serde_json::to_string_pretty(&document).unwrap();
    let last = spaced.rfind("\"response\"").unwrap();
    folder.file("cut.har", &spaced[..last]);
    let run = folder.run(&["inspect", "cut.har"]);
    assert_eq!(run.status(0).stderr().lines().count(), 1, "{}", run.stderr());
}

#[test]
fn what_an_export_could_not_give_leaves_the_verdict_open() {
    let folder = Folder::new();
    let healthy: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("healthy/traffic.har")).unwrap()).unwrap();
    let entry = |method: &str, url: &str| {
        serde_json::json!({ "startedDateTime": "2026-11-22T10:00:05Z", "response": { "status": 200, "headers": [] },
            "request": { "method": method, "url": url, "headers": [{ "name": "Accept", "value": "*/*" }] } })
    };
    let mut no_request = entry("GET", "https://mail.contoso.com/ews");
    no_request["request"] = serde_json::Value::Null;
    let closed = "1 TLS connection to mail.contoso.example stayed closed";
    let other = "1 TLS connection to mail2.contoso.com stayed closed";
    let also = ["--host", "mail.contoso.example", "--host", "mail2.contoso.com"];
    for (entry, more, status, missing) in [
        (entry("GET", "https://mail.contoso.com/ews"), &[][..], 0, ""),
        (no_request, &[], 4, "has no request"),
        (entry("CONNECT", "https://mail.contoso.example:443"), &[], 4, closed),
        // Nothing but the tunnel itself names its host.
        (entry("CONNECT", "https://mail2.contoso.com:443"), &[], 0, ""),
        (entry("CONNECT", "https://mail2.contoso.com:443"), &also, 4, other),
    ] {
        let mut file = healthy.clone();
        file["log"]["entries"].as_array_mut().unwrap().push(entry);
        folder.file("export.har", file.to_string());
        let run = verify(&folder, &["export.har"], &[&["-o", "json"], more].concat());
        let checks = json(run.status(status))["checks"].clone();
        let of =
            |id: &str| checks.as_array().unwrap().iter().find(|check| check["id"] == id).unwrap().to_string();
        assert!(of("no-basic").contains(missing), "{checks}");
        assert!(status == 0 || of("coverage").contains("not-established"), "{checks}");
    }
}

#[test]
fn user_names_and_passwords_of_addresses_are_masked_everywhere() {
    let folder = Folder::new();
    let har = std::fs::read_to_string(path("healthy/traffic.har")).unwrap();
    folder.file("a.har", har.replace("://mail.contoso", "://bob:SeCrEt-77@mail.contoso"));
    for format in ["json", "ndjson", "html", "markdown", "csv", "text"] {
        for run in
            [folder.run(&["inspect", "a.har", "-o", format]), verify(&folder, &["a.har"], &["-o", format])]
        {
            assert!(!run.stdout().contains("SeCrEt-77") && !run.stderr().contains("SeCrEt-77"), "{format}");
        }
    }
}

#[test]
fn a_token_in_the_place_of_a_file_is_not_printed() {
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.c2lnbmF0dXJl";
    let folder = Folder::new();
    let run = folder.run(&["inspect", token]);
    assert!(!run.status(3).stderr().contains("c2lnbmF0dXJl"), "{}", run.stderr());
    let bearer = format!("Bearer {token}");
    assert!(!folder.run(&["token", &bearer]).status(4).stderr().contains("c2lnbmF0dXJl"));
    let quoted = format!("\"{token}\"");
    assert!(!folder.run(&["token", &quoted]).status(4).stderr().contains("c2lnbmF0dXJl"));
}

#[test]
fn two_tokens_on_two_lines_are_not_one() {
    let folder = Folder::new();
    let token = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.";
    folder.file("two.txt", format!("{token}\n{token}\n"));
    let run = folder.run(&["token", "two.txt"]);
    assert!(run.status(4).stderr().contains("holds 2 tokens"), "{}", run.stderr());
    assert!(run.stdout().contains("unsigned"), "{}", run.stdout());
}

#[test]
fn a_token_that_a_mail_broke_into_lines_is_one_input_and_one_token() {
    let folder = Folder::new();
    let payload = "eyJpc3MiOiJhQGIiLCJhdWQiOiJjQGQiLCJuYW1laWQiOiJlQGYifQ";
    let token = format!("eyJhbGciOiJSUzI1NiJ9.{payload}.{}", "c2lnbmF0dXJl".repeat(20));
    let lines: Vec<&str> =
        token.as_bytes().chunks(40).map(|line| std::str::from_utf8(line).unwrap()).collect();
    folder.file("plain.txt", &token);
    folder.file("broken.txt", lines.join("\r\n"));
    folder.file("field.txt", format!("Authorization: Bearer {}\r\n", lines.join("\r\n ")));
    folder.file("two.txt", format!("{0}\n\n{0}\n", lines.join("\n")));
    let fingerprint = |command: &str, file: &str| {
        let run = folder.run(&[command, file, "-o", "json"]);
        let tokens = json(&run)["tokens"].as_array().unwrap().clone();
        assert_eq!(tokens.len(), 1, "{command} {file}");
        tokens[0]["fingerprint"].as_str().unwrap().to_owned()
    };
    let expected = fingerprint("inspect", "plain.txt");
    for file in ["broken.txt", "field.txt", "two.txt"] {
        assert_eq!(fingerprint("inspect", file), expected, "{file}");
        assert_eq!(fingerprint("token", file), expected, "{file}");
    }
    assert!(folder.run(&["token", "two.txt"]).stderr().contains("holds 2 tokens"));
}

#[test]
fn an_unsigned_token_whose_header_cannot_be_read_does_not_pass() {
    let folder = Folder::new();
    let har: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path("healthy/traffic.har")).unwrap()).unwrap();
    let fields = har["log"]["entries"].as_array().unwrap().iter();
    let mut values = fields.flat_map(|entry| entry["request"]["headers"].as_array().unwrap());
    let token = values.find_map(|field| field["value"].as_str()?.strip_prefix("Bearer eyJ")).unwrap();
    let (header, rest) = token.split_once('.').unwrap();
    let metadata = capture("certs/acs-metadata.json");
    let check = |header: &str| {
        folder.file("t.txt", format!("eyJ{header}.{rest}"));
        folder.run(&["token", "t.txt", "--metadata", &metadata, "--at", "2026-11-23T06:50:00Z"])
    };
    check(header).status(0);
    let cut = check(&header[..header.len() - 8]);
    assert!(cut.status(1).stdout().contains("error[token-malformed]"), "{}", cut.stdout());
}

/// RSA-OAEP and A256GCM: header, encrypted key, initialisation vector, ciphertext, tag (RFC 7516 3.1).
const JWE: &str =
    "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a2tra2tra2s.aWlpaWlpaWlpaWlp.Y2NjY2NjY2M.dHR0dA";

#[test]
fn an_encrypted_token_is_said_to_have_failed_nothing() {
    let folder = Folder::new();
    folder.file("t.txt", JWE);
    let key = capture("certs/acs-metadata.json");
    let run = folder.run(&["token", "t.txt", "--metadata", &key, "-o", "json"]);
    let report = json(&run);
    run.status(4);
    assert_eq!(report["tokens"][0]["role"], "encrypted");
    assert_eq!(report["tokens"][0]["signature"]["state"], "no-key");
}

#[test]
fn what_is_found_in_one_token_has_the_names_that_explain_knows() {
    let folder = Folder::new();
    let key = capture("certs/acs-metadata.json");
    for (token, rule) in [
        ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.", "signature-none"),
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJhQGIifQ.", "signature-missing"),
        ("eyJhbGciOiJSUzEifQ.eyJpc3MiOiJhQGIifQ.c2lnbmF0dXJl", "signature-algorithm-unknown"),
        ("eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYSJdfQ.e30.c2lnbmF0dXJl", "signature-critical-header"),
        ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIiLCJpc3MiOiJjQGQifQ.", "oauth-duplicate-member"),
        ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJhQGIifQ.", "lifetime-no-expiry"),
        ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJpc3MiOiJhQGIifQ.c2lnbmF0dXJl", "signature-key"),
        (JWE, "signature-encrypted"),
    ] {
        folder.file("t.txt", token);
        let report = json(&folder.run(&["token", "t.txt", "--metadata", &key, "-o", "json"]));
        let findings = report["findings"].as_array().unwrap();
        let rules: Vec<_> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
        assert!(rules.contains(&rule), "{rules:?}");
        for rule in rules {
            folder.run(&["explain", rule]).status(0);
        }
    }
}

#[test]
fn a_cut_capture_is_used_up_to_the_cut_with_a_warning() {
    let folder = Folder::new();
    let whole = std::fs::read(path("healthy/traffic.pcap")).unwrap();
    folder.file("cut.pcap", &whole[..whole.len() - 7]);
    let run = folder.run(&["inspect", "cut.pcap", "-o", "json"]);
    assert!(!json(run.status(0))["exchanges"].as_array().unwrap().is_empty());
    assert!(run.stderr().contains("warning: cut.pcap: "), "{}", run.stderr());
}

#[test]
fn stdin_is_an_input() {
    let folder = Folder::new();
    let file = std::fs::File::open(path("healthy/traffic.har")).unwrap();
    let run = Run(folder.command(&["inspect", "-", "-o", "ndjson"]).stdin(file).output().unwrap());
    assert_eq!(run.status(0).stdout().lines().count(), 5);
}

#[test]
fn a_closed_pipe_ends_quietly_and_keeps_the_verdict() {
    let folder = Folder::new();
    let (cert, keys) = (capture("certs/OAuthCert.cer"), capture("certs/acs-metadata.json"));
    let input = capture("wrong-tenant/traffic.har");
    let mut child = folder
        .command(&["verify", &input, "--tenant", TENANT, "--cert", &cert, "--sts-keys", &keys, "-o", "html"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((status.code(), stderr.as_str()), (Some(1), ""));
}

#[test]
fn reports_are_written_for_their_owner_only() {
    let folder = Folder::new();
    let names = ["r.json", "r.ndjson", "r.html", "r.xml", "r.sarif", "r.md", "r.csv", "r.txt"];
    let mut more = Vec::new();
    names.iter().for_each(|name| more.extend(["--report", name]));
    // What stood there before with open permissions is replaced.
    folder.file("r.json", "old");
    let run = verify(&folder, &[&capture("basic-fallback/traffic.har")], &more);
    run.status(1);
    for name in names {
        let file = folder.file("x", "").with_file_name(name);
        assert!(std::fs::metadata(&file).unwrap().len() > 20, "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
    let text = std::fs::read_to_string(folder.file("x", "").with_file_name("r.txt")).unwrap();
    assert_eq!(text, run.stdout());
}

#[test]
fn a_baseline_leaves_the_decision_to_what_is_new() {
    let folder = Folder::new();
    let wrong = capture("wrong-tenant/traffic.har");
    let run = verify(&folder, &[&wrong], &["-o", "json"]);
    run.status(1);
    folder.file("old.json", run.stdout());
    let told = verify(&folder, &[&wrong], &["--baseline", "old.json"]).stdout();
    assert!(told.contains("nothing new is wrong") && !told.contains("nothing wrong was seen"), "{told}");
    let again = verify(&folder, &[&wrong], &["-o", "json", "--baseline", "old.json"]);
    let document = json(again.status(0));
    assert_eq!(document["verdict"], "pass");
    assert!(document["findings"].as_array().unwrap().iter().all(|finding| finding["new"] == false));
    verify(&folder, &[&capture("basic-fallback/traffic.har")], &["--baseline", "old.json"]).status(1);

    // What PowerShell writes: `>` UTF-16, `Out-File -Encoding utf8` a mark before it.
    let wide: Vec<u8> =
        format!("\u{feff}{}", run.stdout()).encode_utf16().flat_map(u16::to_le_bytes).collect();
    for written in [wide, format!("\u{feff}{}", run.stdout()).into_bytes()] {
        folder.file("written.json", written);
        verify(&folder, &[&wrong], &["--baseline", "written.json"]).status(0);
    }

    folder.file("no.json", "{}");
    verify(&folder, &[&wrong], &["--baseline", "no.json"]).status(3).complains("no.json");
    for (content, complaint) in [
        ("x", "no JSON"),
        ("7", "another form"),
        ("{\"schema\": \"oauthtrace/verify/1\", \"findings\": [", "cut short"),
        ("{\"schema\": \"oauthtrace/inspect/1\"}", "oauthtrace/inspect/1"),
        ("{}", "without a schema"),
    ] {
        folder.file("odd.json", content);
        verify(&folder, &[&wrong], &["--baseline", "odd.json"]).status(3).complains(complaint);
    }
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new();
    for format in ["json", "ndjson", "html", "junit", "sarif", "markdown", "csv", "text"] {
        let run = || verify(&folder, &[&capture("wrong-tenant/traffic.pcap")], &["-o", format]).stdout();
        assert_eq!(run(), run(), "{format}");
    }
}

#[test]
fn showing_secrets_is_announced() {
    let run = Folder::new().run(&["inspect", &capture("basic-only/traffic.har"), "--show-secrets"]);
    assert!(run.status(0).stderr().contains("--show-secrets"));
}

#[test]
fn a_token_without_its_signature_is_shown_and_never_passes() {
    let folder = Folder::new();
    let dump = format!(
        "{{\n  \"typ\": \"JWT\",\n  \"alg\": \"RS256\",\n  \"x5t\": \"nmeENpvwXzEu6QwEqvZJxyxoRhA\"\n}}.{{\n  \
         \"aud\": \"00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@{TENANT}\",\n  \
         \"iss\": \"00000001-0000-0000-c000-000000000000@{TENANT}\",\n  \
         \"nameid\": \"00000004-0000-0ff1-ce00-000000000000@{TENANT}\",\n  \
         \"nbf\": \"1790000000\",\n  \"exp\": \"1790028800\"\n}}.[Signature]\n"
    );
    let file = folder.file("pasted.txt", dump).display().to_string();
    let run = verify(&folder, &[&file], &["--at", "1790000100", "-o", "json"]);
    let verdict = json(run.status(4));
    assert_eq!(verdict["verdict"], "incomplete");
    assert_eq!(verdict["tokens"][0]["signature"]["state"], "removed");
    let check = |id: &str| {
        let checks = verdict["checks"].as_array().unwrap();
        checks.iter().find(|check| check["id"] == id).unwrap()["outcome"].clone()
    };
    assert_eq!((check("issuer"), check("signature")), ("pass".into(), "not-established".into()));

    let shown = folder.run(&["inspect", &file]);
    assert!(shown.status(0).stdout().contains("the signature was removed"), "{}", shown.stdout());
}

#[test]
fn an_opaque_token_has_the_role_of_its_field() {
    let folder = Folder::new();
    let answer = r#"{"refresh_token":"0.AAAAbbbbccccddddeeee","access_token":"aaaaBBBBccccDDDD1111"}"#;
    let har = serde_json::json!({"log": {"entries": [{
        "startedDateTime": "2026-11-22T10:00:00Z",
        "request": {"method": "POST", "url": "https://login.windows.net/common/oauth2/token", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": answer}}
    }]}});
    let file = folder.file("answer.har", har.to_string()).display().to_string();
    for command in
        [&["inspect", &file, "-o", "json"][..], &["verify", &file, "--tenant", TENANT, "-o", "json"]]
    {
        let shown = json(&folder.run(command));
        let roles: Vec<_> = shown["tokens"].as_array().unwrap().iter().map(|token| &token["role"]).collect();
        assert!(roles.iter().any(|role| *role == "refresh"), "{command:?}: {roles:?}");
    }
}

#[cfg(unix)]
#[test]
fn links_to_directories_are_not_followed_unless_named() {
    let folder = Folder::new();
    let har = std::fs::read(capture("healthy/traffic.har")).unwrap();
    let file = folder.file("a.har", har);
    let home = file.parent().unwrap();
    std::fs::create_dir(home.join("inside")).unwrap();
    std::os::unix::fs::symlink("..", home.join("inside/loop")).unwrap();
    std::os::unix::fs::symlink("../a.har", home.join("inside/b.har")).unwrap();
    let run = folder.run(&["inspect", "inside", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout()).unwrap();
    let inputs: Vec<_> = report["inputs"].as_array().unwrap().iter().map(|input| &input["path"]).collect();
    assert_eq!(inputs, ["inside/b.har"], "{}", run.stderr());
    assert!(run.stderr().contains("inside/loop: a link to a directory is not followed"), "{}", run.stderr());
    let named = folder.run(&["inspect", "inside/loop", "-o", "json"]);
    let report: serde_json::Value = serde_json::from_str(&named.stdout()).unwrap();
    assert_eq!(report["inputs"].as_array().unwrap().len(), 2);
}

#[cfg(unix)]
#[test]
fn what_a_directory_lists_and_does_not_hold_is_told() {
    let folder = Folder::new();
    let file = folder.file("a.har", std::fs::read(capture("healthy/traffic.har")).unwrap());
    let home = file.parent().unwrap();
    std::fs::create_dir(home.join("inside")).unwrap();
    std::os::unix::fs::symlink("../a.har", home.join("inside/a.har")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(home.join("inside/socket")).unwrap();
    let run = folder.run(&["inspect", "inside", "-o", "json"]);
    run.status(0);
    assert!(run.stderr().contains("inside/socket: is no file, not read"), "{}", run.stderr());
    std::os::unix::fs::symlink("../gone.har", home.join("inside/b.har")).unwrap();
    let run = folder.run(&["inspect", "inside", "-o", "json"]);
    run.status(3);
    assert!(run.stderr().contains("inside/b.har: is listed, but not there"), "{}", run.stderr());
    assert_eq!(json(&run)["inputs"].as_array().unwrap().len(), 1);
}

#[test]
fn a_directory_without_recordings_is_listed_as_nothing() {
    let folder = Folder::new();
    let file = folder.file("a", "");
    std::fs::create_dir(file.parent().unwrap().join("empty")).unwrap();
    let run = folder.run(&["inspect", "empty", "-o", "json"]);
    run.status(0);
    assert_eq!(json(&run)["exchanges"], serde_json::json!([]));
    assert!(run.stderr().contains("empty: no file is in it"), "{}", run.stderr());
    let table = folder.run(&["inspect", "empty", "-o", "csv"]);
    assert!(table.status(0).stdout().starts_with("index,"), "{}", table.stdout());
}

#[test]
fn reports_for_people_name_the_file_that_something_is_missing_of() {
    let folder = Folder::new();
    folder.file("a.har", r#"{"log":{"version":"1.2","entries":[]}}"#);
    folder.file("b.har", r#"{"log":{"version":"1.2","entries":[5]}}"#);
    for format in ["text", "markdown", "html"] {
        let tenant = ["--tenant", "contoso.com", "-o", format];
        let out = folder.run(&[&["verify", "a.har", "b.har"][..], &tenant].concat()).stdout();
        assert!(out.contains("1 message of b.har") && !out.contains("of input 1"), "{format}: {out}");
    }
    let json = folder.run(&["verify", "a.har", "b.har", "--tenant", "contoso.com", "-o", "json"]).stdout();
    assert!(json.contains("1 message of input 1"), "{json}");
}

#[test]
fn small_files_come_from_stdin_too() {
    use std::io::Write as _;
    let folder = Folder::new();
    let path = capture("certs/OAuthCert.cer");
    let certificate = std::fs::read(&path).unwrap();
    let piped = |arguments: &[&str], content: &[u8]| {
        let mut command = folder.command(arguments);
        command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
        let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
        // Who complains about the command line reads nothing.
        let _ = child.stdin.take().unwrap().write_all(content);
        Run(child.wait_with_output().unwrap())
    };
    let from_file = folder.run(&["cert", &path]);
    let from_stdin = piped(&["cert", "-"], &certificate);
    from_stdin.status(0);
    assert_eq!(from_stdin.stdout().replace("stdin", &path), from_file.stdout());
    piped(&["cert", &path, "--against", "-"], &certificate).status(0);
    piped(&["cert", "-"], b"").status(3);
    piped(&["cert", "-"], b"no certificate").status(3);
    piped(&["cert", "-", "-"], &certificate).status(2);
    piped(&["cert", "-", "--against", "-"], &certificate).status(2);
    let state = b"PS C:\\> Get-AuthConfig | fl\n\nName : a\nServiceName : x\nRealm :\n";
    let checked = piped(&["provision", "check", "-"], state);
    checked.status(1);
    assert!(checked.stdout().contains("--> stdin: line 3"), "{}", checked.stdout());
    piped(&["provision", "check", "-", "-"], state).status(2);
    piped(&["verify", "-", "--tenant", TENANT, "--state", "-"], state).status(2);
}

#[test]
fn a_client_that_sends_a_challenge_sends_credentials() {
    let folder = Folder::new();
    let text = "POST /ews/exchange.asmx HTTP/1.1\r\nHost: h\r\nWWW-Authenticate: Bearer hunter22\r\n\
                proxy-authenticate: Digest response=\"hunter23\"\r\nContent-Length: 0\r\n\r\n\
                HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer client_id=\"x\"\r\nContent-Length: 0\r\n\r\n";
    folder.file("a.txt", text);
    let shown = folder.run(&["inspect", "a.txt", "-o", "json"]).stdout();
    assert!(!shown.contains("hunter") && shown.contains("Bearer <masked>"), "{shown}");
    assert!(shown.contains(r#"Bearer client_id=\"x\""#), "{shown}");
    assert!(folder.run(&["inspect", "a.txt", "-o", "json", "--show-secrets"]).stdout().contains("hunter22"));
}

#[test]
fn passwords_are_found_wherever_an_export_keeps_them() {
    let folder = Folder::new();
    let har = |query: &str, body: &str| {
        let text = serde_json::json!({"log": {"entries": [{
            "startedDateTime": "2026-11-22T10:00:00.000Z",
            "request": {
                "method": "POST", "url": "https://mail.contoso.com/ews/exchange.asmx",
                "headers": [{"name": "Host", "value": "mail.contoso.com"}, {"name": "Authorization", "value": "Negotiate"}],
                "queryString": [{"name": query, "value": "hunter22"}],
                "postData": {"mimeType": "text/xml", "text": body},
            },
            "response": {"status": 401, "headers": [], "content": {"size": 0}},
        }]}});
        folder.file("a.har", text.to_string());
        let run = folder.run(&["verify", "a.har", "--tenant", TENANT, "-o", "json"]);
        assert!(!run.stdout().contains("hunter"), "{}", run.stdout());
        let found = json(&run)["findings"].as_array().unwrap().clone();
        found.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let token = "<Envelope><Header><Security><UsernameToken><Password>hunter23</Password></UsernameToken></Security></Header></Envelope>";
    let has = |found: &[String], rule: &str| found.iter().any(|one| one == rule);
    let found = har("password", "<Envelope/>");
    assert!(has(&found, "password-in-url") && !has(&found, "password-in-soap"), "{found:?}");
    let found = har("a", token);
    assert!(has(&found, "password-in-soap") && !has(&found, "password-in-url"), "{found:?}");
}
