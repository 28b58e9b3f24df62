//! What is taken away from an input makes no outcome better, and accuses nobody: a part that was lost is not a part
//! that was empty.

#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::Folder;

const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// What `verify` says of an input.
fn verify(content: impl AsRef<[u8]>) -> (i32, Value) {
    let folder = Folder::new();
    verify_files(&folder, &[&folder.file("input", content)])
}

/// The same of several.
fn verify_files(folder: &Folder, inputs: &[&Path]) -> (i32, Value) {
    let certs = captures().join("certs");
    let [cert, keys] =
        ["OAuthCert.cer", "acs-metadata.json"].map(|name| certs.join(name).display().to_string());
    let inputs: Vec<String> = inputs.iter().map(|path| path.display().to_string()).collect();
    let mut arguments = vec!["verify"];
    arguments.extend(inputs.iter().map(String::as_str));
    arguments.extend(["--tenant", TENANT, "--tenant", "contoso.example"]);
    arguments.extend(["--cert", cert.as_str(), "--sts-keys", keys.as_str(), "-o", "json"]);
    let run = folder.run(&arguments);
    (run.0.status.code().unwrap(), serde_json::from_str(&run.stdout()).unwrap())
}

fn outcome<'v>(report: &'v Value, check: &str) -> &'v str {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|one| one["id"] == check).map_or("", |one| one["outcome"].as_str().unwrap())
}

fn errors(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|one| one["severity"] == "error").map(|one| one["rule"].as_str().unwrap()).collect()
}

/// A pcap file (little endian) of which no packet has more than so many bytes; `which`: of that packet only.
fn snapped(file: &[u8], length: usize, which: Option<usize>) -> Vec<u8> {
    let (mut out, mut rest, mut number) = (file[..24].to_vec(), &file[24..], 0);
    while let Some((header, behind)) = rest.split_at_checked(16) {
        let captured = u32::from_le_bytes(header[8..12].try_into().unwrap()) as usize;
        let kept = if which.is_none_or(|which| which == number) { captured.min(length) } else { captured };
        out.extend_from_slice(&header[..8]);
        out.extend_from_slice(&(kept as u32).to_le_bytes());
        out.extend_from_slice(&header[12..]);
        out.extend_from_slice(&behind[..kept]);
        (rest, number) = (&behind[captured..], number + 1);
    }
    out
}

#[test]
fn a_head_of_an_answer_that_was_cut_lacks_nothing() {
    let file = fs::read(captures().join("healthy/traffic.pcap")).unwrap();
    // The snap length ends before `WWW-Authenticate` of the discovery.
    let (status, report) = verify(snapped(&file, 422, Some(12)));
    assert_eq!((status, errors(&report)), (0, vec![]));
    assert_eq!(outcome(&report, "coverage"), "not-established");
    let (status, report) = verify(snapped(&file, 512, None));
    assert_eq!((status, errors(&report)), (4, vec![]));
    let causes = report["causes"].as_array().unwrap();
    assert!(causes.is_empty(), "{causes:?}");
}

#[test]
fn no_packet_of_a_whole_capture_accuses_when_it_is_cut() {
    let file = fs::read(captures().join("link-types/traffic-null.pcap")).unwrap();
    for length in [60, 96, 128, 200, 256, 400, 512, 700, 1000, 1200] {
        // 1200 ends inside the field `resource` of the token request.
        let (status, report) = verify(snapped(&file, length, None));
        assert_eq!((status, errors(&report)), (4, vec![]), "{length}");
    }
}

/// A recording as HAR, changed.
fn har(case: &str, change: impl Fn(&mut Value)) -> (i32, Value) {
    let bytes = fs::read(captures().join(case).join("traffic.har")).unwrap();
    let mut file: Value = serde_json::from_slice(&bytes).unwrap();
    file["log"]["entries"].as_array_mut().unwrap().iter_mut().for_each(change);
    verify(file.to_string())
}

fn field<'v>(message: &'v mut Value, name: &str) -> Option<&'v mut Value> {
    message["headers"].as_array_mut()?.iter_mut().find(|field| field["name"] == name)
}

#[test]
fn what_an_export_does_not_show_of_an_answer_is_not_missing() {
    for list in [json!(null), json!([]), json!("x")] {
        let (_, report) = har("healthy", |entry| entry["response"]["headers"] = list.clone());
        assert!(errors(&report).is_empty(), "{list}");
    }
    for member in ["name", "value"] {
        let (_, report) = har("healthy", |entry| {
            if let Some(field) = field(&mut entry["response"], "WWW-Authenticate") {
                field.as_object_mut().unwrap().remove(member);
            }
        });
        assert!(!errors(&report).contains(&"challenge-missing"), "{member}");
    }
    // A field that is certainly not there is missing.
    let (_, report) = har("healthy", |entry| {
        let fields = entry["response"]["headers"].as_array_mut().unwrap();
        fields.retain(|field| field["name"] != "WWW-Authenticate");
    });
    assert_eq!(errors(&report), ["challenge-missing"]);
    // EWS reports errors in the body: without one nobody knows whether the call was accepted.
    let (_, report) = har("healthy", |entry| {
        entry["response"].as_object_mut().unwrap().remove("content");
    });
    assert_eq!(outcome(&report, "accepted"), "not-established");
}

#[test]
fn a_request_without_its_method_is_judged_all_the_same() {
    let without = |entry: &mut Value| {
        entry["request"].as_object_mut().unwrap().remove("method");
    };
    let (status, report) = har("password-grant", without);
    assert_eq!((status, outcome(&report, "no-basic")), (1, "fail"));
    let (status, report) = har("application-gone", without);
    assert_eq!((status, outcome(&report, "token-request")), (1, "fail"));
    assert_eq!(har("healthy", without).0, 0);
}

#[test]
fn a_request_without_its_path_may_have_gone_anywhere() {
    let (_, report) = har("basic-only", |entry| entry["request"]["url"] = json!("mail.contoso.example"));
    assert_eq!(outcome(&report, "no-basic"), "not-established");
}

#[test]
fn a_field_without_its_value_is_not_wrong() {
    let (_, report) = har("healthy", |entry| {
        if let Some(field) = field(&mut entry["request"], "Content-Type") {
            field.as_object_mut().unwrap().remove("value");
        }
    });
    assert!(errors(&report).is_empty());
}

/// A conversation as text, of a call with the token of the recording and of a token request.
fn text(coding: &str, call: &str, grant: &str) -> (i32, Value) {
    let bytes = fs::read(captures().join("healthy/traffic.har")).unwrap();
    let file: Value = serde_json::from_slice(&bytes).unwrap();
    let mut entry = file["log"]["entries"][3].clone();
    let token = field(&mut entry["request"], "Authorization").unwrap()["value"].as_str().unwrap().to_owned();
    let form = "grant_type=client_credentials&resource=a";
    let answer =
        |body: &str| format!("HTTP/1.1 200 OK\r\n{coding}Content-Length: {}\r\n\r\n{body}\r\n", body.len());
    verify(format!(
        "POST https://mail.contoso.example/ews/exchange.asmx HTTP/1.1\r\nHost: mail.contoso.example\r\nAuthorization: {token}\r\nContent-Length: 0\r\n\r\n{}\
         POST https://accounts.accesscontrol.windows.net/{TENANT}/tokens/OAuth/2 HTTP/1.1\r\nHost: accounts.accesscontrol.windows.net\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}\r\n{}",
        answer(call),
        form.len(),
        answer(grant),
    ))
}

#[test]
fn an_answer_that_cannot_be_decoded_is_neither_a_success_nor_wrong() {
    let soap = "<s:Envelope><s:Body><m:CreateItemResponse><m:ResponseMessages><m:CreateItemResponseMessage ResponseClass=\"Success\"/></m:ResponseMessages></m:CreateItemResponse></s:Body></s:Envelope>";
    let token = "{\"access_token\":\"x\",\"token_type\":\"Bearer\"}";
    // `curl --trace-ascii` shows dots in the place of bytes that are no letters.
    let dots = "...........QAj.0.....^..P..@L.=....B...K";
    let (_, report) = text("Content-Encoding: gzip\r\n", dots, dots);
    assert_eq!(outcome(&report, "accepted"), "not-established");
    assert!(!errors(&report).contains(&"request-answer-token"), "{:?}", errors(&report));
    for coding in ["", "Content-Encoding: gzip\r\n", "Content-Encoding: utf-8\r\n"] {
        let (_, report) = text(coding, soap, token);
        assert_eq!(outcome(&report, "accepted"), "pass", "{coding}");
        assert!(!errors(&report).contains(&"request-answer-token"), "{coding}");
    }
    let (_, report) = text("", soap, dots);
    assert!(errors(&report).contains(&"request-answer-token"));
}

#[test]
fn a_line_of_a_log_that_cannot_be_read_may_have_told_of_a_password() {
    let heading = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-23 06:00:00\r\n\
        #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status\r\n";
    let row = "2026-11-23 06:48:32 127.0.0.1 POST /owa/ - 443 - 10.0.0.1 UA/1.0 200 0 0\r\n";
    let beside = |log: String| {
        let folder = Folder::new();
        let log = folder.file("iis.log", log);
        let (_, report) = verify_files(&folder, &[&captures().join("healthy/traffic.pcap"), &log]);
        ["no-basic", "coverage"].map(|check| outcome(&report, check).to_owned())
    };
    assert_eq!(beside(format!("{heading}{row}{row}")), ["pass", "pass"]);
    let cut = beside(format!("{heading}{row}{}\r\n{row}", &row[..40]));
    assert_eq!(cut, ["not-established", "not-established"]);
    // A server that still writes has begun a line: it is what follows the end.
    let begun = beside(format!("{heading}{row}{row}{}", &row[..40]));
    assert_eq!(begun, ["pass", "not-established"]);
    let both = beside(format!("{heading}{}\r\n{row}{}", &row[..40], &row[..40]));
    assert_eq!(both, ["not-established", "not-established"]);
}

/// What `provision check` says of a state of the recordings' organisation.
fn check(state: &str) -> (i32, Value) {
    let folder = Folder::new();
    let input = folder.file("state", state).display().to_string();
    let cert = captures().join("certs/OAuthCert.cer").display().to_string();
    let run = folder.run(&[
        "provision",
        "check",
        &input,
        "--cert",
        &cert,
        "--at",
        "2026-11-23T07:00:00Z",
        "--tenant",
        TENANT,
        "-o",
        "json",
    ]);
    (run.0.status.code().unwrap(), serde_json::from_str(&run.stdout()).unwrap())
}

fn state(case: &str, name: &str) -> String {
    fs::read_to_string(captures().join(case).join(name)).unwrap()
}

/// Takes the lines of a property away behind the prompt of a cmdlet: of every object.
fn without(state: &str, cmdlet: &str, property: &str) -> String {
    let mut inside = false;
    let mut gone = false;
    let kept = state.lines().filter(|line| {
        if line.contains("PS") && line.contains('>') {
            inside = line.contains(&format!("{cmdlet} "));
        }
        gone = inside
            && match line.split_once(':') {
                Some((name, _)) if !name.starts_with(' ') => name.trim() == property,
                _ => gone && line.starts_with(' '),
            };
        !gone
    });
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_cmdlets_were_not_asked_to_show_is_not_right() {
    let whole = state("healthy-teams", "state.txt");
    assert_eq!(check(&whole).0, 0);
    for (cmdlet, property, id) in [
        ("Get-AuthConfig", "CurrentCertificateThumbprint", "certificate"),
        ("Get-PartnerApplication", "Enabled", "accepted"),
        ("Get-PartnerApplication", "LinkedAccount", "accepted"),
        ("Get-OrganizationConfig", "EwsEnabled", "accepted"),
        ("Get-OrganizationConfig", "EwsApplicationAccessPolicy", "accepted"),
        ("Get-AuthServer", "Enabled", "challenge"),
        ("Get-WebServicesVirtualDirectory", "OAuthAuthentication", "challenge"),
        ("Get-AutodiscoverVirtualDirectory", "OAuthAuthentication", "challenge"),
    ] {
        let part = without(&whole, cmdlet, property);
        assert_ne!(part, whole, "{cmdlet} {property}");
        let (status, report) = check(&part);
        assert_eq!((status, outcome(&report, id)), (4, "not-established"), "{cmdlet} {property}");
        let checks = report["checks"].as_array().unwrap();
        let own = checks.iter().find(|one| one["id"] == id).unwrap();
        assert!(own["missing"].to_string().contains(cmdlet), "{own}");
    }
}

#[test]
fn an_object_that_was_cut_is_no_proof_that_another_is_missing() {
    let whole = state("healthy-teams", "state.txt");
    let at = |words: &str| whole.find(words).unwrap_or_else(|| panic!("no {words}"));
    for (cut, rule) in [
        // Inside the second partner application, and inside its id.
        (at("ApplicationIdentifier : 00000004-") + 30, "state-partner-missing"),
        (at("Role             : ArchiveApplication") + 38, "state-role-missing"),
        // Inside the list of names of Exchange's service principal.
        (at("ServicePrincipalNames") + 60, "state-host-not-registered"),
    ] {
        let (_, report) = check(&whole[..cut]);
        assert!(!errors(&report).contains(&rule), "{rule}: {:?}", errors(&report));
    }
    // A domain, a server that are not named may be those that are looked for.
    let first = |text: &str, line: &str| {
        let at = whole[at(text)..].find(&format!("\n{line}")).unwrap() + at(text) + 1;
        let end = at + whole[at..].find('\n').unwrap() + 1;
        format!("{}{}", &whole[..at], &whole[end..])
    };
    for part in [first("Get-AcceptedDomain", "DomainName "), first("Get-ExchangeCertificate", "Server ")] {
        let (status, report) = check(&part);
        assert_eq!((status, errors(&report)), (4, vec![]));
    }
}
