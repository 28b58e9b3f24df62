//! Capture and state of the same faulty organisation: one cause, the evidence of both sides under it, and the command
//! for this organisation.
//!
//! The state files stand beside the recordings (`captures/*/state.*`); they are made by us, with the certificates of
//! `captures/certs`. `UPDATE_STATES=1 cargo test --test pairs` writes them anew. What must come out stands in
//! `case.toml`, under `[state]`.

#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

#[path = "provision/organisation.rs"]
#[allow(dead_code)]
mod organisation;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use oauthtrace::keys::load::certificate_file;
use organisation::*;
use serde_json::Value;
use support::Folder;

/// `captures/certs/OAuthCert.cer` and the one that followed it.
const UPLOADED: &str = "13A9740E8441718B037FF48D01D65D7F57ED88FF";
const NEXT: &str = "DBE7299D8EADAC87A50E28839531E5ECB5714D2F";
const NEXT_END: &str = "2031-11-20T06:19:15Z";
/// `captures/certs/expired.cer`
const EXPIRED: &str = "55DABAAF84694A371C54EC2BB55F0BD97895E6BE";
const EXPIRED_END: &str = "2026-11-03T06:19:15Z";

type Change = fn(Organisation) -> Organisation;

/// Recordings, and how the organisation differs from one where all is well.
const PAIRS: &[(&str, &str, Change)] = &[
    ("healthy", "state.xml", |o| o),
    ("healthy-teams", "state.txt", |o| o),
    ("partner-missing", "state.xml", |o| o.without("Get-PartnerApplication", SKYPE)),
    ("partner-missing-scheduler", "state.txt", |o| o.without("Get-PartnerApplication", SCHEDULER)),
    ("no-linked-account", "state.xml", |o| {
        o.set("Get-PartnerApplication", SKYPE, "LinkedAccount", Val::Nothing)
    }),
    ("linked-account-grant", "state.xml", |o| o.without("Get-MailUser", ACCOUNT)),
    ("archive-role-missing", "state.txt", |o| {
        o.without("Get-ManagementRoleAssignment", "ArchiveApplication")
    }),
    ("oauth-off-ews", "state.txt", |o| {
        o.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false)
    }),
    ("oauth-off-autodiscover", "state.xml", |o| {
        o.set("Get-AutodiscoverVirtualDirectory", "", "OAuthAuthentication", false)
    }),
    ("no-trusted-issuer", "state.xml", |o| o.set("Get-AuthServer", "WindowsAzureACS", "Enabled", false)),
    ("wrong-cloud-challenge", "state.xml", |o| {
        let url = "https://accounts.accesscontrol.chinacloudapi.cn/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/metadata/json/1";
        o.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", url).set(
            "Get-AuthServer",
            "WindowsAzureACS",
            "IssuerIdentifier",
            "00000001-0002-0000-c000-000000000000",
        )
    }),
    ("other-tenant-calls", "state.xml", |o| {
        let host = "https://accounts.accesscontrol.windows.net/aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb";
        let (metadata, tokens) = (format!("{host}/metadata/json/1"), format!("{host}/tokens/OAuth/2"));
        o.set("Get-AuthServer", "WindowsAzureACS", "AuthMetadataUrl", metadata.as_str()).set(
            "Get-AuthServer",
            "WindowsAzureACS",
            "TokenIssuingEndpoint",
            tokens.as_str(),
        )
    }),
    ("rolled-certificate", "state.xml", rolled),
    ("rolled-then-basic", "state.xml", rolled),
    ("never-uploaded", "state.xml", |o| no_keys(o, &[EXCHANGE, SKYPE, SCHEDULER, VOICEMAIL])),
    ("no-key-configured", "state.xml", |o| no_keys(o, &[EXCHANGE])),
    ("wrong-principal", "state.xml", |o| no_keys(o, &[EXCHANGE])),
    ("expired-certificate", "state.xml", |o| {
        ["EX01", "EX02"].into_iter().fold(o, |o, server| {
            o.set("Get-ExchangeCertificate", server, "NotAfter", date(EXPIRED_END)).set(
                "Get-ExchangeCertificate",
                server,
                "Status",
                "DateInvalid",
            )
        })
    }),
    ("signing-key-missing", "state.xml", |o| {
        ["EX01", "EX02"]
            .into_iter()
            .fold(o, |o, server| o.set("Get-ExchangeCertificate", server, "HasPrivateKey", false))
    }),
    ("application-disabled", "state.xml", |o| {
        o.set("Get-MgServicePrincipal", EXCHANGE, "AccountEnabled", false)
    }),
    // The names are those of a healthy organisation; the token request is for another one.
    ("host-not-registered", "state.xml", |o| o),
    ("wildcard-domain", "state.xml", |o| {
        o.set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.example")
    }),
    ("wssecurity-instead", "state.xml", |o| o.set("Get-IntraOrganizationConnector", "", "Enabled", false)),
    // The recording shows a fault that the state does not: it was repaired, or servers have not read it yet.
    ("refused", "state.xml", |o| o),
];

fn rolled(o: Organisation) -> Organisation {
    let o = o.set("Get-AuthConfig", "", "CurrentCertificateThumbprint", NEXT).set(
        "Get-AuthConfig",
        "",
        "PreviousCertificateThumbprint",
        UPLOADED,
    );
    ["EX01", "EX02"].into_iter().fold(o, |o, server| {
        o.set("Get-ExchangeCertificate", server, "Thumbprint", NEXT).set(
            "Get-ExchangeCertificate",
            server,
            "NotAfter",
            date(NEXT_END),
        )
    })
}

fn no_keys(o: Organisation, applications: &[&str]) -> Organisation {
    applications.iter().fold(o, |o, application| {
        o.set("Get-MgServicePrincipal", application, "KeyCredentials", Val::Keys(Vec::new()))
    })
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}

/// The organisation of the recordings: their certificate in the place of ours.
fn state_of(name: &str, form: &str, change: Change) -> String {
    let organisation = change(Organisation::healthy());
    let text = match form {
        "state.xml" => organisation.clixml(),
        _ => organisation.format_list(swedish),
    };
    let (file, print, end) = match name {
        "expired-certificate" => ("expired.cer", EXPIRED, EXPIRED_END),
        _ => ("OAuthCert.cer", UPLOADED, "2031-01-26T06:19:15Z"),
    };
    let file = fs::read(captures().join("certs").join(file)).unwrap();
    let certificate = certificate_file(&file, "certs", &[]).unwrap();
    let der = base64::engine::general_purpose::STANDARD.encode(&certificate.certificates[0].der);
    text.replace(PRINT, print)
        .replace(DER, &der)
        .replace(NOT_AFTER, end)
        .replace(&swedish(NOT_AFTER), &swedish(end))
}

/// What must come out, from `case.toml`.
#[derive(serde::Deserialize)]
struct Case {
    tenant: Vec<String>,
    cert: String,
    sts_keys: Option<String>,
    #[serde(default)]
    logs: Vec<String>,
    state: Expected,
}

#[derive(serde::Deserialize)]
struct Expected {
    /// The leading cause, or `none`.
    cause: String,
    /// Part of the one command that repairs it.
    command: Option<String>,
    /// Rule on the state that speaks for it.
    rule: Option<String>,
}

fn case(name: &str) -> Case {
    let path = captures().join(name).join("case.toml");
    toml::from_str(&fs::read_to_string(&path).unwrap())
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_state_files_are_those_of_the_organisation_with_one_fault() {
    for (name, form, change) in PAIRS {
        let path = captures().join(name).join(form);
        let text = state_of(name, form, *change);
        if std::env::var_os("UPDATE_STATES").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(found == text, "{} is stale: UPDATE_STATES=1 cargo test --test pairs", path.display());
    }
}

fn reasons<'v>(cause: &'v Value, speaks: &'v str, source: &'v str) -> Vec<&'v str> {
    let all = cause["reasons"].as_array().into_iter().flatten();
    all.filter(|one| one["speaks"] == speaks && one["source"] == source)
        .map(|one| one["text"].as_str().unwrap())
        .collect()
}

#[test]
fn capture_and_state_give_one_cause_with_the_evidence_of_both() {
    let mut wrong = Vec::new();
    let mut faulty = 0;
    for (name, form, _) in PAIRS {
        let (folder, capture) = (Folder::new(), captures().join(name));
        let Case { tenant, cert, sts_keys, logs, state } = case(name);
        let mut arguments: Vec<String> = vec!["verify".into(), "-o".into(), "json".into(), "-q".into()];
        arguments.push(capture.join("traffic.pcap").display().to_string());
        arguments.extend(logs.iter().map(|log| capture.join(log).display().to_string()));
        for tenant in tenant {
            arguments.extend(["--tenant".into(), tenant]);
        }
        arguments.extend(["--cert".into(), capture.join(cert).display().to_string()]);
        arguments.extend(
            sts_keys.iter().flat_map(|keys| ["--sts-keys".into(), capture.join(keys).display().to_string()]),
        );
        arguments.extend(["--state".into(), capture.join(form).display().to_string()]);
        let run = folder.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let report: Value = serde_json::from_str(&run.stdout()).unwrap();
        let causes = report["causes"].as_array().unwrap();
        let ids: Vec<&str> = causes.iter().map(|cause| cause["id"].as_str().unwrap()).collect();
        let leading = ids.first().copied().unwrap_or("none");
        if leading != state.cause {
            wrong.push(format!(
                "{name}: the leading cause is {leading}, expected {}; all {ids:?}",
                state.cause
            ));
            continue;
        }
        if state.cause == "none" {
            if run.0.status.code() != Some(0) || !causes.is_empty() {
                wrong.push(format!(
                    "{name}: status {:?}, causes {ids:?}: {:#}",
                    run.0.status.code(),
                    report["findings"]
                ));
            }
            continue;
        }
        let lead = &causes[0];
        // A fallback stands behind the root that explains it; a second root would be a second list.
        let roots = ids.iter().filter(|id| !id.starts_with("fallback-")).count();
        if !state.cause.starts_with("fallback-") && roots != 1 {
            wrong.push(format!("{name}: {roots} leading causes: {ids:?}"));
        }
        let sides = (reasons(lead, "for", "traffic").len(), reasons(lead, "for", "state").len());
        match &state.rule {
            Some(rule) => {
                faulty += 1;
                let supporting: Vec<&str> = lead["for"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|index| {
                        report["findings"][index.as_u64().unwrap() as usize]["rule"].as_str().unwrap()
                    })
                    .collect();
                if sides.0 == 0
                    || sides.1 == 0
                    || !supporting.contains(&rule.as_str())
                    || !supporting.iter().any(|rule| !rule.starts_with("state-"))
                {
                    wrong.push(format!(
                        "{name}: evidence of one side only: {sides:?} {supporting:?} {lead:#}"
                    ));
                }
            }
            None => {
                if sides.1 != 0 {
                    wrong.push(format!("{name}: the state should say nothing for it: {lead:#}"));
                }
            }
        }
        if let Some(command) = &state.command {
            let commands: Vec<&str> =
                lead["commands"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
            if !commands.iter().any(|line| line.contains(command.as_str()))
                || commands.iter().any(|line| line.contains('<') || line.contains("contoso.com"))
            {
                wrong.push(format!("{name}: {command} is not the command: {commands:#?}"));
            }
        }
    }
    eprintln!("{} pairs, {faulty} with evidence of both sides", PAIRS.len());
    assert!(faulty >= 16);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
