//! Logs, archives and XML that are wrong or hostile, each beside a healthy capture: one clear line says what is
//! wrong with the file, and nothing of the capture is lost.

#[path = "support/folder.rs"]
mod folder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;

use folder::Folder;

const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
/// Exchanges of `captures/healthy/traffic.pcap`.
const HEALTHY: u64 = 5;
/// Far more than any of these takes, also on a busy machine with an unoptimised build.
const PATIENCE: Duration = Duration::from_secs(60);

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

struct Told {
    status: i32,
    stderr: String,
    report: Value,
}

/// Verifies the healthy capture and the file.
fn beside(folder: &Folder, name: &str, bytes: &[u8]) -> Told {
    fs::write(folder.0.join(name), bytes).unwrap();
    let began = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_oauthtrace"))
        .current_dir(&folder.0)
        .args(["verify", "-o", "json", "--tenant", TENANT, "--tenant", "contoso.example", "--cert"])
        .arg(capture("certs/OAuthCert.cer"))
        .arg("--sts-keys")
        .arg(capture("certs/acs-metadata.json"))
        .arg(capture("healthy/traffic.pcap"))
        .arg(name)
        .output()
        .unwrap();
    assert!(began.elapsed() < PATIENCE, "{name} took {:?}", began.elapsed());
    let stderr = String::from_utf8(output.stderr).unwrap();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{name}: {stderr}"));
    Told { status: output.status.code().unwrap_or_else(|| panic!("{name}: a signal")), stderr, report }
}

const BURP: &str = "<items burpVersion=\"2023.1\" exportTime=\"Mon\">";
const CLIXML: &str = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";
const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"#;
const IIS: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-23 06:00:00\r\n\
    #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n";
const ROW: &str =
    "2026-11-23 06:48:33 127.0.0.1 POST /EWS/Exchange.asmx - 443 - 10.0.0.9 UA - 401 0 0 15\r\n";
const PROXY: &str = "#Software: Microsoft Exchange Server\r\n#Log-type: HttpProxy Logs\r\n\
    #Fields: DateTime,RequestId,Protocol,UrlHost,UrlStem,AuthenticationType,HttpStatus\r\n";

/// Ten entities, each ten of the one before.
fn laughs() -> String {
    let mut text = String::from("<?xml version=\"1.0\"?><!DOCTYPE l [<!ENTITY a \"lol\">");
    for (one, next) in ('a'..'k').zip('b'..) {
        text.push_str(&format!("<!ENTITY {next} \"{}\">", format!("&{one};").repeat(10)));
    }
    text + "]>"
}

fn result(task: &str) -> String {
    format!(
        "<Obj RefId=\"0\"><Props><S N=\"Task\">{task}</S><S N=\"Detail\">diagnostics: 2000005;reason=&quot;x&quot;</S>\
         <Obj N=\"ResultType\" RefId=\"1\"><ToString>Error</ToString><I32>1</I32></Obj></Props></Obj>"
    )
}

fn utf16(text: &str) -> Vec<u8> {
    [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

/// Files that cannot be used at all: status 3, and what stands on stderr.
fn useless() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    const FOREIGN: &str = "<!DOCTYPE l [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
    let deep = |open: &str, close: &str| [open.repeat(100_000), close.repeat(100_000)].concat();
    let text = |text: String| text.into_bytes();
    vec![
        ("deep.burp", text(format!("{BURP}{}</items>", deep("<a>", "</a>"))), "limit EXPORT_DEPTH"),
        ("cut.burp", text(format!("{BURP}<item><url>http://x/</url><request>GET")), "ends inside an element"),
        ("laughs.xml", text(format!("{}{CLIXML}{}</Objs>", laughs(), result("&k;"))), "a DTD has no place"),
        ("foreign.xml", text(format!("{FOREIGN}{CLIXML}{}</Objs>", result("&x;"))), "a DTD has no place"),
        ("deep.xml", text(format!("{CLIXML}{}", "<Obj>".repeat(100_000))), "ends inside an element"),
        ("mixed.xml", text(format!("{CLIXML}<Obj><S N=\"x\"></Obj></S></Objs>")), "is damaged CLIXML"),
        ("state.xml", text(format!("{CLIXML}<Obj RefId=\"0\"></Obj></Objs>")), "goes to --state"),
        ("deep.har", text(format!("{HAR}\"entries\":[{}]}}}}", deep("[", "]"))), "limit EXPORT_DEPTH"),
        ("deep2.har", text(format!("{HAR}\"x\":{}1", "{\"a\":".repeat(100_000))), "limit EXPORT_DEPTH"),
        ("empty.har", Vec::new(), "is empty"),
        (
            "length.mitm",
            b"999999999999:7:version;2:21#4:type;4:http;}".to_vec(),
            "is cut inside its first flow",
        ),
        ("no-fields.log", text(format!("#Software: Microsoft Internet\r\n{ROW}")), "declares no columns"),
        (
            "fields.log",
            text(format!("#Fields: {}\r\n{ROW}", "x ".repeat(100_000))),
            "is a log of a kind that is not known",
        ),
        ("rows.log", text(format!("{IIS}2026-11-23 06:48:34 127.0.0.1\r\n")), "none of whose lines is a row"),
        ("zeros.bin", vec![0; 100_000], "is of no known kind"),
    ]
}

#[test]
fn what_cannot_be_used_is_told_in_one_line_and_the_capture_is_judged() {
    let folder = Folder::new("useless");
    for (name, bytes, words) in useless() {
        let told = beside(&folder, name, &bytes);
        assert_eq!(told.status, 3, "{name}: {}", told.stderr);
        let [line] = told.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{name}: {}", told.stderr) };
        assert!(line.starts_with(&format!("error: {name}: ")) && line.contains(words), "{line}");
        assert!(line.len() < 300 && !line.contains("root:"), "{line}");
        assert_eq!(told.report["inputs"][0]["exchanges"], HEALTHY, "{name}");
        assert_eq!(told.report["verdict"], "pass", "{name}");
    }
}

/// Files of which a part can be used: what is used, and what stands on stderr.
fn damaged() -> Vec<(&'static str, Vec<u8>, &'static str, u64, &'static str)> {
    let text = |text: String| text.into_bytes();
    let har = fs::read_to_string(capture("healthy/traffic.har")).unwrap();
    let flows = fs::read(capture("healthy/traffic.mitm")).unwrap();
    let proxied = "2026-11-23T06:48:33Z,r,Ews,mail.contoso.example,/EWS/Exchange.asmx,Bearer,200\r\n";
    let item = |request: &str| format!("<item><url>http://x/</url><request>{request}</request></item>");
    let whole = item("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    vec![
        ("cut.har", har.as_bytes()[..har.len() * 2 / 3].to_vec(), "har", 3, "is cut"),
        ("zero.har", text(har.replace("\"GET\"", "\"G\0ET\"")), "har", 5, ""),
        ("wide.har", utf16(&har), "har", 5, ""),
        ("huge.har", text(har.replace("\"status\": 200", "\"status\": 1e999")), "har", 5, ""),
        (
            "types.har",
            text(format!("{HAR}\"entries\":[1,null,{{}},{{\"request\":1}}]}}}}")),
            "har",
            0,
            "is no object",
        ),
        ("cut.mitm", flows[..flows.len() * 2 / 3].to_vec(), "mitmproxy", 3, "is cut inside flow"),
        (
            "base64.burp",
            text(format!("{BURP}<item><request base64=\"true\">!!</request></item>{whole}</items>")),
            "burp",
            1,
            "base64, but is not",
        ),
        (
            "laughs.burp",
            text(format!("{}{BURP}{}{whole}</items>", laughs(), item("&k;"))),
            "burp",
            1,
            "left out",
        ),
        (
            "foreign.burp",
            text(format!(
                "<!DOCTYPE i [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{BURP}{}{whole}</items>",
                item("&x;")
            )),
            "burp",
            1,
            "left out",
        ),
        (
            "columns.log",
            text(format!("{IIS}{ROW}2026-11-23 06:48:34 127.0.0.1 POST\r\n{ROW}")),
            "log",
            0,
            "1 line is no row",
        ),
        (
            "times.log",
            text(format!("{IIS}{ROW}{}", ROW.replace("2026-11-23", "9999-99-99"))),
            "log",
            0,
            "1 line is no row",
        ),
        ("zeros.log", [IIS.as_bytes(), ROW.as_bytes(), &[0; 4096]].concat(), "log", 0, "1 line is no row"),
        ("wide.log", utf16(&format!("{IIS}{ROW}")), "log", 0, ""),
        (
            "line.log",
            text(format!("{PROXY}{proxied}{}\r\n{proxied}", "A".repeat(20_000_000))),
            "log",
            0,
            "1 line is no row",
        ),
        (
            "quote.log",
            text(format!("{PROXY}{proxied}2026-11-23T06:48:33Z,\"open,Ews\r\n{proxied}")),
            "log",
            0,
            "1 line is no row",
        ),
    ]
}

#[test]
fn what_is_damaged_is_used_as_far_as_it_goes() {
    let folder = Folder::new("damaged");
    for (name, bytes, kind, exchanges, words) in damaged() {
        let told = beside(&folder, name, &bytes);
        assert_ne!(told.status, 3, "{name}: {}", told.stderr);
        let input = &told.report["inputs"][1];
        assert_eq!(
            (input["kind"].as_str(), input["exchanges"].as_u64()),
            (Some(kind), Some(exchanges)),
            "{name}"
        );
        assert!(
            told.stderr.contains(words) && told.stderr.is_empty() == words.is_empty(),
            "{name}: {}",
            told.stderr
        );
        assert_eq!(told.report["inputs"][0]["exchanges"], HEALTHY, "{name}");
        assert!(!told.report.to_string().contains("root:"), "{name}: a file of this machine was read");
    }
}

#[test]
fn results_of_the_connectivity_test_are_read_from_clixml_also_when_it_is_cut_behind_them() {
    let folder = Folder::new("clixml");
    let one = result("Checking EWS API Call Under Oauth");
    let whole = format!("{CLIXML}{one}</Objs>");
    for (name, bytes, cut) in [
        ("whole.xml", whole.clone().into_bytes(), false),
        ("wide.xml", utf16(&whole), false),
        ("cut.xml", format!("{CLIXML}{one}<Obj RefId=\"2\"><Pro").into_bytes(), true),
    ] {
        let told = beside(&folder, name, &bytes);
        let rules: Vec<_> =
            told.report["findings"].as_array().unwrap().iter().map(|one| &one["rule"]).collect();
        assert!(rules.iter().any(|rule| *rule == "log-refused"), "{name}: {rules:?}");
        assert_eq!(told.report["inputs"][1]["kind"], "log", "{name}");
        assert_eq!(told.stderr.contains("is damaged"), cut, "{name}: {}", told.stderr);
    }
}
