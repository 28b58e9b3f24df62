//! Logs of Exchange beside a recording whose TLS keys are missing: what they establish, and what they do not.
//!
//! The truth comes from the same recording opened with its keys: curl spoke to mail.contoso.example twice without
//! and three times with a token, and never with a password. The logs are written after the columns of Exchange's.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

const CALLER: &str = "127.0.0.1";
/// Client port of the connection to the token service, which no log of Exchange tells of.
const TOKEN_SERVICE_PORT: u16 = 52_660;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder =
            Self(std::env::temp_dir().join(format!("oauthtrace-logs-{}-{number}", std::process::id())));
        fs::create_dir_all(&folder.0).unwrap();
        fs::write(folder.path("closed.pcap"), only_exchange(&capture("healthy/traffic-tls.pcap"))).unwrap();
        folder
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn put(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// Verifies everything in the folder, with the readable recording of the same calls.
    fn verify(&self, readable: bool) -> (i32, Value) {
        let mut run = Command::new(env!("CARGO_BIN_EXE_oauthtrace"));
        run.arg("verify").arg(&self.0).args(["-o", "json", "--tenant", "contoso.example"]);
        run.args(["--tenant", "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"]);
        run.arg("--cert").arg(capture("certs/OAuthCert.cer"));
        run.arg("--sts-keys").arg(capture("certs/acs-metadata.json"));
        if readable {
            run.arg(capture("healthy/traffic.pcap"));
        }
        let output = run.output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
        (output.status.code().unwrap(), report)
    }
}

fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(name)
}

/// The recording without the connection to the token service.
fn only_exchange(path: &Path) -> Vec<u8> {
    let bytes = fs::read(path).unwrap();
    let mut kept = bytes[..24].to_vec();
    let mut at = 24;
    while at + 16 <= bytes.len() {
        let length = u32::from_le_bytes(bytes[at + 8..at + 12].try_into().unwrap()) as usize;
        let packet = &bytes[at..at + 16 + length];
        let port = TOKEN_SERVICE_PORT.to_be_bytes();
        // Ethernet and IPv4 without options.
        let ports = [&packet[16 + 34..16 + 36], &packet[16 + 36..16 + 38]];
        if !ports.contains(&port.as_slice()) {
            kept.extend_from_slice(packet);
        }
        at += 16 + length;
    }
    assert!(kept.len() > 1000 && kept.len() < bytes.len());
    kept
}

/// HttpProxy lines: minutes and milliseconds of 2026-11-23T06, scheme, status.
fn http_proxy(service: &str, lines: &[(&str, &str, &str)]) -> String {
    let mut text = String::from(
        "\u{feff}DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,UrlQuery,BackEndGenericInfo,GenericInfo,GenericErrors\r\n\
         #Software: Microsoft Exchange Server\r\n#Version: 15.02.1544.004\r\n#Log-type: HttpProxy Logs\r\n#Date: 2026-11-23T06:00:00.000Z\r\n\
         #Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,Method,ProxyAction,TargetServer,UrlQuery,BackEndGenericInfo,GenericInfo,GenericErrors\r\n",
    );
    for (number, (time, scheme, status)) in lines.iter().enumerate() {
        let own = time.starts_with("48:33");
        let (host, client, user) = match (own, *scheme) {
            (true, "Bearer") => ("mail.contoso.example", CALLER, "S2S~00000004-0000-0ff1-ce00-000000000000"),
            (true, _) => ("mail.contoso.example", CALLER, ""),
            _ => ("localhost", "::1", "HealthMailbox7f1e@contoso.example"),
        };
        let stem = if service == "Ews" { "/EWS/Exchange.asmx" } else { "/autodiscover/metadata/json/1" };
        text.push_str(&format!(
            "2026-11-23T06:{time}Z,0f6e54d1-0000-4000-8000-0000000000{number:02},15,2,1544,4,,{service},{host},{stem},,{scheme},{},{user},,,UA/1.0,{client},EX01,{status},{},,POST,Proxy,ex01.contoso.example,,,,\r\n",
            !scheme.is_empty(),
            if *status == "401" { "" } else { status },
        ));
    }
    text
}

/// IIS lines: the minute and second, path, `status substatus win32`.
fn iis(lines: &[(&str, &str, &str)]) -> String {
    let mut text = String::from(
        "#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Date: 2026-11-23 06:00:00\r\n\
         #Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n",
    );
    for (time, path, status) in lines {
        text.push_str(&format!(
            "2026-11-23 06:{time} 127.0.0.1 POST {path} &CorrelationID=<empty>;&cafeReqId=0f6e54d1-0000-4000-8000-000000000099; 443 - {CALLER} UA/1.0 - {status} 15\r\n"
        ));
    }
    text
}

const PROBES: [(&str, &str, &str); 2] = [("45:10.000", "Basic", "200"), ("51:10.000", "Basic", "200")];

/// The calls of the closed connection, and the server's own health checks around them.
fn ews() -> String {
    let own = [
        ("45:10.000", "", "200"),
        ("48:33.810", "", "401"),
        ("48:33.812", "Bearer", "200"),
        ("48:33.813", "Bearer", "200"),
        ("51:10.000", "", "200"),
    ];
    http_proxy("Ews", &own)
}

fn autodiscover() -> String {
    http_proxy(
        "Autodiscover",
        &[("45:00.000", "", "200"), ("48:33.803", "", "200"), ("51:00.000", "", "200")],
    )
}

fn asked() -> String {
    iis(&[
        ("45:10", "/owa/healthcheck.htm", "200 0 0"),
        ("48:33", "/autodiscover/metadata/json/1", "200 0 0"),
        ("48:33", "/EWS/Exchange.asmx", "401 0 0"),
        ("48:33", "/EWS/Exchange.asmx", "200 0 0"),
        ("51:10", "/owa/healthcheck.htm", "200 0 0"),
    ])
}

fn check<'r>(report: &'r Value, id: &str) -> (&'r str, String) {
    let all = report["checks"].as_array().unwrap();
    let found = all.iter().find(|check| check["id"] == id).unwrap();
    let missing = found["missing"].as_array().unwrap().iter().map(|line| line.as_str().unwrap());
    let summary = found["summary"].as_str().unwrap();
    (found["outcome"].as_str().unwrap(), missing.chain([summary]).collect::<Vec<_>>().join("\n"))
}

#[test]
fn logs_that_cover_the_time_and_the_services_replace_missing_keys() {
    let folder = Folder::new();
    folder.put("Ews.LOG", &ews()).put("Autodiscover.LOG", &autodiscover()).put("u_ex261123.log", &asked());
    let (status, report) = folder.verify(true);
    let (outcome, why) = check(&report, "no-basic");
    assert_eq!((outcome, status), ("pass", 0), "{why}");
    assert!(why.contains("stayed closed"), "{why}");
    // The recording stays closed: that is told, and coverage is not established.
    assert_eq!(check(&report, "coverage").0, "not-established");
    // Alone the logs establish what they can, and the verdict is no pass: no token was seen.
    let (status, report) = folder.verify(false);
    assert_eq!(status, 4);
    assert_eq!(check(&report, "no-basic").0, "pass");
    assert_eq!(check(&report, "accepted").0, "pass", "{}", check(&report, "accepted").1);
    assert_eq!(check(&report, "oauth").0, "not-established");
}

#[test]
fn without_logs_or_with_a_gap_in_one_it_is_not_established() {
    let folder = Folder::new();
    let (status, report) = folder.verify(true);
    assert_eq!((status, check(&report, "no-basic").0), (4, "not-established"));

    // The log of Autodiscover has nothing between 06:10 and 06:51.
    let gap = http_proxy(
        "Autodiscover",
        &[("10:00.000", "", "200"), ("48:33.803", "", "200"), ("59:50.000", "", "200")],
    );
    folder.put("Ews.LOG", &ews()).put("Autodiscover.LOG", &gap).put("u_ex261123.log", &asked());
    let (status, report) = folder.verify(true);
    let (outcome, why) = check(&report, "no-basic");
    assert_eq!((outcome, status), ("not-established", 4));
    assert!(
        why.contains("HttpProxy log for autodiscover of ex01 has a gap from 2026-11-23T06:10:00Z"),
        "{why}"
    );

    // One service's log is missing.
    fs::remove_file(folder.path("Autodiscover.LOG")).unwrap();
    let (status, report) = folder.verify(true);
    let (outcome, why) = check(&report, "no-basic");
    assert_eq!((outcome, status), ("not-established", 4));
    assert!(why.contains("autodiscover of ex01 was not given"), "{why}");

    // The IIS log tells of a refused password.
    let refused = asked().replace("401 0 0", "401 1 1326");
    folder.put("Autodiscover.LOG", &autodiscover()).put("u_ex261123.log", &refused);
    let (status, report) = folder.verify(true);
    let (outcome, why) = check(&report, "no-basic");
    assert_eq!((outcome, status), ("not-established", 4));
    assert!(why.contains("refused password"), "{why}");
}

#[test]
fn a_password_in_a_log_is_a_failure_and_the_servers_own_is_not() {
    let folder = Folder::new();
    folder.put("Ews.LOG", &http_proxy("Ews", &[("45:10.000", "", "200"), ("48:33.811", "Basic", "200")]));
    let (status, report) = folder.verify(true);
    assert_eq!((status, check(&report, "no-basic").0), (1, "fail"));
    // Health checks of the server itself log on with Basic: no caller of the integration does.
    folder.put("Ews.LOG", &http_proxy("Ews", &PROBES));
    let (_, report) = folder.verify(true);
    assert_eq!(check(&report, "no-basic").0, "not-established");
}

#[test]
fn an_outbound_log_names_the_cause() {
    let log = |error: &str| {
        format!(
            "#Software: Microsoft Exchange Server\r\n#Version: 15.02.1544.004\r\n#Log-type: OAuthOutbound Logs\r\n#Date: 2026-11-23T06:00:00.000Z\r\n\
             #Fields: date-time,client-request-id,caller,target-uri,result-code,error-string,token-result\r\n\
             2026-11-23T06:48:30.100Z,5d6a,EWS,https://outlook.office365.com/ews/exchange.asmx,Fail,{error},\r\n"
        )
    };
    for (error, cause) in [
        ("MissingSigningCertificate", "signing-certificate-missing"),
        ("NoMatchedTokenIssuer", "auth-server-missing"),
        ("EmptyClaimsForUser", "user-missing-or-ambiguous"),
        ("OAuthConfigurationUnavailable", "configuration-unavailable"),
        ("UnableToGetTokenFromACS: Unable to connect to the remote server", "token-service-unreachable"),
        (
            "UnableToGetTokenFromACS: invalid_client AADSTS7000112: Application is disabled",
            "application-disabled",
        ),
        ("InvalidOAuthEndpoint", "oauth-off-on-virtual-directory"),
    ] {
        let folder = Folder::new();
        folder.put("OAuthOutbound.LOG", &log(error));
        let (status, report) = folder.verify(true);
        assert_eq!(status, 1, "{error}");
        assert_eq!(report["causes"][0]["id"], cause, "{error}");
        let rules = report["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]);
        assert_eq!(rules.filter(|rule| *rule == "log-outbound").count(), 1, "{error}");
    }
}

const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";

/// What a log prints of a token in scope: header and claims, the actor token behind.
fn dump() -> String {
    let exchange = format!("00000002-0000-0ff1-ce00-000000000000/mail.contoso.example@{TENANT}");
    let skype = format!("00000004-0000-0ff1-ce00-000000000000@{TENANT}");
    let acs = format!("00000001-0000-0000-c000-000000000000@{TENANT}");
    let times = r#""nbf":"1795416000","exp":"1795419600""#;
    format!(
        r#"{{"typ":"JWT","alg":"none"}}.{{"aud":"{exchange}","iss":"{skype}",{times},"smtp":"anna@contoso.example"}}; actor: {{"typ":"JWT","alg":"RS256","x5t":"0Na6olX1HxBnYM47uGmg_oyfwpg"}}.{{"aud":"{exchange}","iss":"{acs}","nameid":"{skype}",{times},"trustedfordelegation":"true"}}"#
    )
}

fn run(command: &str, file: &Path) -> (i32, Value, String) {
    let mut run = Command::new(env!("CARGO_BIN_EXE_oauthtrace"));
    run.arg(command).arg(file).args(["-o", "json", "--tenant", TENANT, "--at", "1795417000"]);
    match command {
        "verify" => run.arg("--sts-keys").arg(capture("certs/acs-metadata.json")),
        _ => run.arg("--cert").arg(capture("certs/OAuthCert.cer")),
    };
    let output = run.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {told}"));
    (output.status.code().unwrap(), report, told)
}

#[test]
fn a_dump_without_signature_is_inspected_and_never_a_pass() {
    let folder = Folder::new();
    folder.put("pasted.txt", &format!("The ticket says:\n\n{}\n", dump()));
    let file = folder.path("pasted.txt");
    let (status, report, told) = run("verify", &file);
    assert!(told.contains("1 token is a dump of header and claims without the signature"), "{told}");
    assert_eq!(status, 4);
    let outcome = |id| check(&report, id).0;
    assert_eq!((outcome("oauth"), outcome("issuer"), outcome("lifetime")), ("pass", "pass", "pass"));
    assert_eq!((outcome("chain"), outcome("signature")), ("pass", "not-established"));
    assert!(check(&report, "signature").1.contains("removed by the source"));
    let roles: Vec<_> = report["tokens"].as_array().unwrap().iter().map(|token| &token["role"]).collect();
    assert_eq!(roles, ["outer", "actor"]);
    assert_eq!(report["tokens"][1]["signature"]["state"], "removed");
    let (status, ..) = run("token", &file);
    assert_eq!(status, 4);
}

#[test]
fn a_dump_in_a_log_is_judged_at_the_time_of_its_line() {
    let folder = Folder::new();
    let quoted = dump().replace('"', "\"\"");
    let log = |time: &str| {
        format!(
            "#Software: Microsoft Exchange Server\r\n#Log-type: EWS Logs\r\n\
             #Fields: DateTime,RequestId,AuthenticationType,AuthenticatedUser,SoapAction,HttpStatus,ErrorCode,OAuthToken\r\n\
             {time},r1,Bearer,anna,CreateItem,200,,\"{quoted}\"\r\n"
        )
    };
    let judged = |time: &str| {
        folder.put("Ews.LOG", &log(time));
        let mut run = Command::new(env!("CARGO_BIN_EXE_oauthtrace"));
        run.arg("verify").arg(folder.path("Ews.LOG")).args(["-o", "json", "--tenant", TENANT]);
        let output = run.output().unwrap();
        (output.status.code().unwrap(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (status, report) = judged("2026-11-23T06:48:33.000Z");
    assert_eq!((status, check(&report, "lifetime").0), (4, "pass"));
    // The line names the application, so that the call counts as accepted.
    assert_eq!(check(&report, "accepted").0, "pass");
    let (status, report) = judged("2026-11-24T06:48:33.000Z");
    assert_eq!((status, check(&report, "lifetime").0), (1, "fail"));
}
