//! `provision check`: healthy and broken states in two formats, other languages, cut lists, real outputs, scripts.

#[path = "support/corpus.rs"]
mod corpus;

#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

#[path = "provision/organisation.rs"]
#[allow(dead_code)]
mod organisation;

#[path = "../src/report/tests/schema.rs"]
mod schema;

use std::collections::BTreeSet;
use std::path::PathBuf;

use corpus::corpus;
use organisation::*;
use serde_json::Value;
use support::Folder;

type Change = fn(Organisation) -> Organisation;

/// Runs `provision check` on one text, gives status and document.
fn check(name: &str, text: &str, more: &[&str]) -> (i32, Value) {
    let folder = Folder::new();
    let file = folder.file(name, text);
    let mut arguments = vec!["provision", "check", file.to_str().unwrap(), "--at", AT, "-o", "json", "-q"];
    arguments.extend(more);
    let run = folder.run(&arguments);
    let document = serde_json::from_str(&run.stdout()).unwrap_or(Value::Null);
    (run.0.status.code().unwrap(), document)
}

fn rules(document: &Value, severity: &str) -> Vec<String> {
    let all = document["findings"].as_array().into_iter().flatten();
    all.filter(|one| one["severity"] == severity)
        .map(|one| one["rule"].as_str().unwrap().to_owned())
        .collect()
}

/// Broken states made by us: name, what is changed, the rule that names it, what its help must hold, whether text
/// can show it too (bytes of keys cannot).
const BROKEN: &[(&str, Change, &str, &str, bool)] = &[
    (
        "certificate on no server",
        |o| o.without("Get-ExchangeCertificate", PRINT),
        "state-auth-certificate-missing",
        "New-ExchangeCertificate",
        true,
    ),
    (
        "certificate missing on one server",
        |o| o.set("Get-ExchangeCertificate", "EX02", "Thumbprint", "AA"),
        "state-auth-certificate-missing",
        "Import-ExchangeCertificate -Server 'EX02'",
        true,
    ),
    (
        "no current certificate",
        |o| o.set("Get-AuthConfig", "", "CurrentCertificateThumbprint", Val::Nothing),
        "state-auth-certificate-missing",
        "Set-AuthConfig",
        true,
    ),
    (
        "no private key",
        |o| o.set("Get-ExchangeCertificate", "EX01", "HasPrivateKey", false),
        "state-auth-certificate-unusable",
        "-Server 'EX01'",
        true,
    ),
    (
        "certificate not trusted",
        |o| o.set("Get-ExchangeCertificate", "EX02", "Status", "Invalid"),
        "state-auth-certificate-unusable",
        "Get-ExchangeCertificate",
        true,
    ),
    (
        "certificate of 1024 bits",
        |o| o.set("Get-ExchangeCertificate", "EX01", "PublicKeySize", "1024"),
        "state-auth-certificate-unusable",
        "80-RolloverPrepare.ps1",
        true,
    ),
    (
        "certificate expired",
        |o| o.set("Get-ExchangeCertificate", "EX01", "NotAfter", date("2025-03-31T10:00:00Z")),
        "state-auth-certificate-unusable",
        "Get-ExchangeCertificate",
        true,
    ),
    (
        "service name changed",
        |o| o.set("Get-AuthConfig", "", "ServiceName", SKYPE),
        "state-auth-config",
        "Set-AuthConfig -ServiceName '00000002-0000-0ff1-ce00-000000000000'",
        true,
    ),
    (
        "key of an old certificate",
        |o| keys(o, SKYPE, vec![key("a", "", "2026-12-31T10:00:00Z")]),
        "state-key-missing",
        "Update-MgServicePrincipal",
        true,
    ),
    (
        "no key at all",
        |o| keys(o, SKYPE, vec![]),
        "state-key-missing",
        "00000004-0000-0ff1-ce00-000000000000",
        false,
    ),
    (
        "key for signing",
        |o| keys(o, SKYPE, vec![signing()]),
        "state-key-missing",
        "Update-MgServicePrincipal",
        true,
    ),
    (
        "only an expired key",
        |o| keys(o, SKYPE, vec![key("a", "", "2025-01-31T10:00:00Z")]),
        "state-key-expired",
        "Update-MgServicePrincipal",
        true,
    ),
    (
        "other bytes, same dates",
        |o| keys(o, SKYPE, vec![key("a", OTHER_DER, NOT_AFTER)]),
        "state-key-value",
        "50-UploadAuthCert.ps1",
        false,
    ),
    (
        "other bytes, same dates, at the principal of Exchange",
        |o| keys(o, EXCHANGE, vec![key("a", OTHER_DER, NOT_AFTER)]),
        "state-key-value",
        EXCHANGE,
        false,
    ),
    (
        "no key for Exchange itself",
        |o| keys(o, EXCHANGE, vec![]),
        "state-exchange-key-missing",
        "00000002-0000-0ff1-ce00-000000000000",
        false,
    ),
    (
        "principal disabled",
        |o| o.set("Get-MgServicePrincipal", SKYPE, "AccountEnabled", false),
        "state-principal-disabled",
        "-AccountEnabled:$true",
        true,
    ),
    (
        "no principal",
        |o| o.without("Get-MgServicePrincipal", SKYPE),
        "state-principal-missing",
        "New-MgServicePrincipal -AppId 00000004-0000-0ff1-ce00-000000000000",
        false,
    ),
    (
        "no ACS",
        |o| o.without("Get-AuthServer", "WindowsAzureACS"),
        "state-auth-server",
        "New-AuthServer -Name WindowsAzureACS",
        true,
    ),
    (
        "ACS disabled",
        |o| o.set("Get-AuthServer", "WindowsAzureACS", "Enabled", false),
        "state-auth-server",
        "Set-AuthServer -Identity 'WindowsAzureACS' -Enabled $true",
        true,
    ),
    (
        "no evoSTS",
        |o| o.without("Get-AuthServer", "evoSTS"),
        "state-auth-server",
        "New-AuthServer -Name evoSTS -Type AzureAD",
        true,
    ),
    (
        "OAuth off on EWS",
        |o| o.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false),
        "state-oauth-off",
        r"Set-WebServicesVirtualDirectory -Identity 'EX01\EWS (Default Web Site)' -OAuthAuthentication $true",
        true,
    ),
    (
        "OAuth off on Autodiscover",
        |o| o.set("Get-AutodiscoverVirtualDirectory", "", "OAuthAuthentication", false),
        "state-oauth-off",
        "Set-AutodiscoverVirtualDirectory",
        true,
    ),
    (
        "host not registered",
        |o| {
            o.set(
                "Get-WebServicesVirtualDirectory",
                "",
                "ExternalUrl",
                "https://ex.contoso.example/EWS/Exchange.asmx",
            )
        },
        "state-host-not-registered",
        "'https://ex.contoso.example/'",
        true,
    ),
    (
        "address in a foreign domain",
        |o| o.set("Get-MailUser", ACCOUNT, "ExternalEmailAddress", "SMTP:x@fabrikam.example"),
        "state-account-domain",
        "'x@contoso.example'",
        true,
    ),
    (
        "domain accepted by a wildcard",
        |o| o.set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.example"),
        "state-account-domain",
        "New-AcceptedDomain -Name 'contoso.example' -DomainName 'contoso.example'",
        true,
    ),
    (
        "Entra of another cloud",
        |o| {
            let url = "https://login.microsoftonline.us/contoso.example/federationmetadata/2007-06/federationmetadata.xml";
            o.set("Get-AuthServer", "evoSTS", "AuthMetadataUrl", url)
        },
        "state-auth-server-cloud",
        "'https://login.windows.net/contoso.example/federationmetadata/2007-06/federationmetadata.xml'",
        true,
    ),
    (
        "partner application missing",
        |o| o.without("Get-PartnerApplication", SKYPE),
        "state-partner-missing",
        "New-PartnerApplication -Name 'SfBOnline'",
        true,
    ),
    (
        "Exchange Online partner missing",
        |o| o.without("Get-PartnerApplication", EXCHANGE),
        "state-partner-missing",
        "PrepareAD",
        true,
    ),
    (
        "partner application disabled",
        |o| o.set("Get-PartnerApplication", SKYPE, "Enabled", false),
        "state-partner-disabled",
        "Set-PartnerApplication -Identity 'SfBOnline' -Enabled $True",
        true,
    ),
    (
        "partner application twice",
        |o| o.add("Get-PartnerApplication", second()),
        "state-partner-duplicated",
        "Remove-PartnerApplication -Identity 'Bob''s app'",
        true,
    ),
    (
        "no linked account",
        |o| o.set("Get-PartnerApplication", SKYPE, "LinkedAccount", Val::Nothing),
        "state-partner-account",
        "-LinkedAccount 'contoso.example/Users/SfBOnline-ApplicationAccount'",
        true,
    ),
    (
        "linked to an administrator",
        |o| o.set("Get-PartnerApplication", SKYPE, "LinkedAccount", "contoso.example/Users/Administrator"),
        "state-partner-account",
        "Set-PartnerApplication",
        true,
    ),
    (
        "mail user missing",
        |o| o.without("Get-MailUser", ACCOUNT),
        "state-account-missing",
        "New-MailUser -Name 'SfBOnline-ApplicationAccount' -ExternalEmailAddress 'SfBOnline-ApplicationAccount@contoso.example'",
        true,
    ),
    (
        "mail user visible",
        |o| o.set("Get-MailUser", ACCOUNT, "HiddenFromAddressListsEnabled", false),
        "state-account-visible",
        "Set-MailUser -Identity 'contoso.example/Users/SfBOnline-ApplicationAccount' -HiddenFromAddressListsEnabled $True",
        true,
    ),
    (
        "archive role missing",
        |o| o.without("Get-ManagementRoleAssignment", "ArchiveApplication"),
        "state-role-missing",
        "New-ManagementRoleAssignment -Role 'ArchiveApplication'",
        true,
    ),
    (
        "user role missing",
        |o| o.without("Get-ManagementRoleAssignment", "UserApplication"),
        "state-role-missing",
        "New-ManagementRoleAssignment -Role 'UserApplication'",
        true,
    ),
    (
        "EWS off",
        |o| o.set("Get-OrganizationConfig", "", "EwsEnabled", false),
        "state-ews-policy",
        "Set-OrganizationConfig -EwsEnabled $true",
        true,
    ),
    (
        "Teams not on the allow list",
        |o| o.set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", "EnforceAllowList"),
        "state-ews-policy",
        "'*SchedulingService*'",
        true,
    ),
    (
        TESTED,
        |o| o.add("Test-OAuthConnectivity", failed()),
        "state-test-failed",
        "oauthtrace explain 2000003",
        true,
    ),
];

/// Which of them lead to which cause when nothing but the state is known; the others are faults that break nothing by
/// themselves.
const CAUSES: &[(&str, &str)] = &[
    ("certificate on no server", "auth-certificate-unusable"),
    ("certificate missing on one server", "auth-certificate-unusable"),
    ("no current certificate", "auth-certificate-unusable"),
    ("no private key", "auth-certificate-unusable"),
    ("certificate not trusted", "auth-certificate-unusable"),
    ("certificate of 1024 bits", "auth-certificate-unusable"),
    ("certificate expired", "auth-certificate-expired"),
    ("key of an old certificate", "auth-certificate-rolled-over"),
    ("no key at all", "certificate-not-uploaded"),
    ("key for signing", "auth-certificate-rolled-over"),
    ("only an expired key", "auth-certificate-rolled-over"),
    ("other bytes, same dates", "auth-certificate-rolled-over"),
    ("other bytes, same dates, at the principal of Exchange", "auth-certificate-rolled-over"),
    ("no key for Exchange itself", "certificate-not-uploaded"),
    ("principal disabled", "application-disabled"),
    ("no principal", "application-disabled"),
    ("no ACS", "auth-server-missing"),
    ("ACS disabled", "auth-server-missing"),
    ("no evoSTS", "auth-server-missing"),
    ("Entra of another cloud", "wrong-cloud"),
    ("OAuth off on EWS", "oauth-off-on-virtual-directory"),
    ("OAuth off on Autodiscover", "oauth-off-on-virtual-directory"),
    ("host not registered", "host-not-registered"),
    ("domain accepted by a wildcard", "wildcard-accepted-domain"),
    ("partner application missing", "partner-application-missing"),
    ("Exchange Online partner missing", "partner-application-missing"),
    ("partner application disabled", "partner-application-missing"),
    ("partner application twice", "partner-application-missing"),
    ("no linked account", "linked-account-without-roles"),
    ("linked to an administrator", "linked-account-without-roles"),
    ("mail user missing", "linked-account-without-roles"),
    ("archive role missing", "linked-account-without-roles"),
    ("user role missing", "linked-account-without-roles"),
    ("EWS off", "ews-switched-off-or-blocked"),
    ("Teams not on the allow list", "ews-switched-off-or-blocked"),
    (TESTED, "host-rewritten"),
];

/// The one that tells what a log tells, not how something is set.
const TESTED: &str = "connectivity test failed";

fn keys(organisation: Organisation, application: &str, keys: Vec<Properties>) -> Organisation {
    organisation.set("Get-MgServicePrincipal", application, "KeyCredentials", Val::Keys(keys))
}

fn signing() -> Properties {
    properties([
        ("KeyId", "a".into()),
        ("Type", "Symmetric".into()),
        ("Usage", "Sign".into()),
        ("StartDateTime", date(NOT_BEFORE)),
        ("EndDateTime", date(NOT_AFTER)),
    ])
}

fn second() -> Properties {
    properties([
        ("Enabled", true.into()),
        ("ApplicationIdentifier", SKYPE.into()),
        ("Realm", Val::Nothing),
        ("LinkedAccount", ACCOUNT.into()),
        ("Name", "Bob's app".into()),
    ])
}

fn failed() -> Properties {
    properties([
        ("Task", "Checking EWS API Call Under Oauth".into()),
        ("Detail", "System.Net.WebException: 401, diagnostics: 2000003;reason=\"The hostname component of the audience claim value is invalid\"".into()),
        ("ResultType", "Error".into()),
    ])
}

#[test]
fn a_healthy_state_passes_in_every_format() {
    let healthy = Organisation::healthy();
    for (name, text, more) in [
        ("state.xml", healthy.clixml(), &[][..]),
        ("state.json", healthy.json(), &[]),
        ("state.txt", healthy.format_list(american), &["--culture", "en-US"]),
        ("state.txt", healthy.format_list(german), &["--culture", "de-DE"]),
        ("state.txt", healthy.format_list(french), &["--culture", "fr-FR"]),
        ("state.txt", healthy.format_list(french), &["--culture", "es-ES"]),
        ("state.txt", healthy.format_list(swedish), &[]),
        ("tables.txt", healthy.tables(swedish), &[]),
        ("tables.txt", healthy.tables(american), &["--culture", "en-US"]),
    ] {
        let (status, document) = check(name, &text, more);
        assert_eq!(status, 0, "{name} {more:?}: {document:#}");
        assert_eq!(document["verdict"], "pass");
        assert_eq!(document["schema"], "oauthtrace/provision-check/1");
        assert_eq!(document["thumbprints"][0]["thumbprint"], PRINT);
        assert_eq!(document["thumbprints"][0]["auth_config"], "current");
    }
}

#[test]
fn every_broken_state_is_named_with_the_command_that_repairs_it() {
    assert!(BROKEN.len() >= 30);
    for (name, change, rule, help, in_text) in BROKEN {
        let organisation = change(Organisation::healthy());
        let mut forms =
            vec![("state.xml", organisation.clixml(), &[][..]), ("state.json", organisation.json(), &[][..])];
        if *in_text {
            forms.push(("state.txt", organisation.format_list(german), &["--culture", "de-DE"]));
            forms.push(("tables.txt", organisation.tables(german), &["--culture", "de-DE"]));
        }
        for (file, text, more) in forms {
            let (status, document) = check(file, &text, more);
            assert_eq!(status, 1, "{name} in {file}: {document:#}");
            let found = document["findings"].as_array().unwrap().iter().find(|one| {
                one["rule"] == *rule
                    && one["severity"] == "error"
                    && one["help"].as_str().unwrap().contains(help)
            });
            let found =
                found.unwrap_or_else(|| panic!("{name} in {file}: no {rule} with {help}: {document:#}"));
            assert!(!found["message"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn the_state_alone_leads_with_one_cause_and_its_command() {
    let mut wrong = Vec::new();
    for (name, change, rule, help, _) in BROKEN {
        let expected = CAUSES.iter().find(|(known, _)| known == name).map_or("none", |(_, cause)| *cause);
        let (_, document) = check("state.xml", &change(Organisation::healthy()).clixml(), &[]);
        let causes = document["causes"].as_array().unwrap();
        let ids: Vec<&str> = causes.iter().map(|cause| cause["id"].as_str().unwrap()).collect();
        if ids.first().copied().unwrap_or("none") != expected || ids.len() > 1 {
            wrong.push(format!("{name}: {ids:?}, expected {expected}"));
            continue;
        }
        if let Some(lead) = causes.first().filter(|_| *name != TESTED) {
            let commands = lead["commands"].to_string();
            let reasons = lead["reasons"].as_array().unwrap();
            let of_rule = lead["for"]
                .as_array()
                .unwrap()
                .iter()
                .any(|index| document["findings"][index.as_u64().unwrap() as usize]["rule"] == *rule);
            let named = commands.contains(&help.replace('\\', "\\\\"));
            if !named || !of_rule || reasons.iter().any(|one| one["source"] != "state") {
                wrong.push(format!("{name}: {lead:#}"));
            }
        }
    }
    assert_eq!(CAUSES.iter().filter(|(name, _)| !BROKEN.iter().any(|one| one.0 == *name)).count(), 0);
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let (_, healthy) = check("state.xml", &Organisation::healthy().clixml(), &[]);
    assert_eq!(healthy["causes"], Value::Array(Vec::new()));
}

#[test]
fn every_command_that_repairs_a_broken_state_parses_as_powershell() {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let mut commands = BTreeSet::new();
    for (_, change, ..) in BROKEN {
        let (_, document) = check("state.xml", &change(Organisation::healthy()).clixml(), &[]);
        for finding in document["findings"].as_array().unwrap() {
            if finding["severity"] == "error" {
                commands.insert(finding["help"].as_str().unwrap().to_owned());
            }
        }
    }
    assert!(commands.len() >= 30, "only {} different commands", commands.len());
    for command in &commands {
        let tree = parser.parse(command, None).unwrap();
        assert!(!tree.root_node().has_error(), "does not parse: {command}");
        assert!(!command.contains('<'), "a placeholder is left: {command}");
    }
}

#[test]
fn json_of_the_state_follows_its_schema() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/provision-check-1.json");
    let rules: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut documents: Vec<Value> = BROKEN
        .iter()
        .map(|(_, change, ..)| check("state.xml", &change(Organisation::healthy()).clixml(), &[]).1)
        .collect();
    documents
        .push(check("state.txt", &Organisation::healthy().format_list(german), &["--culture", "de-DE"]).1);
    documents.push(check("step.ps1", "Connect-MsolService\n", &[]).1);
    for document in &documents {
        assert_eq!(schema::check(document, &rules, &rules, "$"), Ok(()));
    }
}

#[test]
fn every_report_of_the_state_shows_where_each_certificate_stands() {
    let folder = Folder::new();
    let state = folder.file(
        "state.xml",
        keys(Organisation::healthy(), SKYPE, vec![key("a", OTHER_DER, NOT_AFTER)]).clixml(),
    );
    for format in ["text", "html", "markdown"] {
        let run =
            folder.run(&["provision", "check", state.to_str().unwrap(), "--at", AT, "-o", format, "-q"]);
        let text = run.status(1).stdout();
        // The x5t of both certificates, where they were uploaded to, and which of them is the current one.
        for part in ["uploaded to", PRINT, "nALdBtDc", OTHER_PRINT, "dzZuNfS", SKYPE, "EX02", "current"] {
            let escaped = part.replace('_', "\\_");
            assert!(text.contains(part) || text.contains(&escaped), "{format}: no {part} in {text}");
        }
        assert!(
            !text.contains("Scenarios") && !text.contains("None were seen"),
            "{format}: traffic in {text}"
        );
    }
}

#[test]
fn ambiguous_dates_ask_for_the_culture_and_are_not_guessed() {
    // June 9 or September 6: only the dates could tell that this key is right.
    let (status, document) = check("state.txt", &Organisation::healthy().format_list(french), &[]);
    assert_eq!(status, 4, "{document:#}");
    assert!(document.to_string().contains("--culture"));
}

#[test]
fn a_cut_list_is_no_proof_that_something_is_missing() {
    let names = ["a/1", "b/2", "c/3", "d/4", "https://mail.contoso.example/"];
    let cut = Organisation::healthy().set(
        "Get-MgServicePrincipal",
        EXCHANGE,
        "ServicePrincipalNames",
        list(&names),
    );
    let (status, document) = check("state.txt", &cut.format_list(swedish), &[]);
    assert_eq!(status, 4, "{document:#}");
    assert!(!rules(&document, "error").contains(&"state-host-not-registered".to_owned()));
    assert!(rules(&document, "info").contains(&"state-list-truncated".to_owned()));
    assert_eq!(check("state.xml", &cut.clixml(), &[]).0, 0, "the whole list is there");
}

#[test]
fn outputs_that_were_not_given_are_asked_for_by_cmdlet() {
    for cmdlet in [
        "Get-AuthConfig",
        "Get-PartnerApplication",
        "Get-MailUser",
        "Get-AuthServer",
        "Get-MgServicePrincipal",
    ] {
        let (status, document) = check("state.xml", &Organisation::healthy().unasked(cmdlet).clixml(), &[]);
        assert_eq!(status, 4, "{cmdlet}: {document:#}");
        let missing = document["checks"].to_string();
        assert!(missing.contains(cmdlet), "{cmdlet}: {missing}");
    }
}

#[test]
fn the_given_certificate_is_compared_and_stands_in_the_table() {
    let folder = Folder::new();
    let state = folder.file("state.xml", Organisation::healthy().clixml());
    let right = folder.file("right.cer", DER);
    let wrong = folder.file("wrong.cer", OTHER_DER);
    let run = |cert: &PathBuf| {
        folder.run(&[
            "provision",
            "check",
            state.to_str().unwrap(),
            "--at",
            AT,
            "--cert",
            cert.to_str().unwrap(),
        ])
    };
    assert!(run(&right).status(0).stdout().contains(PRINT));
    let text = run(&wrong).status(1).stdout();
    assert!(text.contains("state-certificate-differs") && text.contains(OTHER_PRINT), "{text}");
    let against =
        |cert: &PathBuf| folder.run(&["cert", cert.to_str().unwrap(), "--against", state.to_str().unwrap()]);
    against(&right).status(0);
    against(&wrong).status(1);
    let text = against(&right).stdout();
    for place in ["there as: CurrentCertificateThumbprint of Get-AuthConfig", "on EX02", SKYPE] {
        assert!(text.contains(place), "{place} in {text}");
    }
    assert!(!text.contains("not among the keys of"), "{text}");
    // There, but not where it has to be.
    let state = folder.file("bare.xml", keys(Organisation::healthy(), SKYPE, vec![]).clixml());
    let run = folder.run(&["cert", right.to_str().unwrap(), "--against", state.to_str().unwrap()]);
    let text = run.status(0).stdout();
    assert!(text.contains(&format!("not among the keys of: {SKYPE}")), "{text}");
    // What Microsoft Graph itself answers, with the key or with its identifier alone.
    for key in [
        serde_json::json!({ "keyId": "a", "key": DER, "type": "AsymmetricX509Cert", "usage": "Verify" }),
        serde_json::json!({ "keyId": "a", "key": null, "customKeyIdentifier": PRINT, "usage": "Verify" }),
    ] {
        let answer = serde_json::json!({ "@odata.context": "x", "value": [{ "appId": SKYPE, "keyCredentials": [key] }] });
        let answer = folder.file("graph.json", answer.to_string());
        let run = |cert: &PathBuf| {
            folder.run(&["cert", cert.to_str().unwrap(), "--against", answer.to_str().unwrap()])
        };
        assert!(run(&right).status(0).stdout().contains(&format!("there as: key a of {SKYPE}")));
        run(&wrong).status(1);
    }
    let dates = folder
        .file("dates.txt", "KeyId : a\nStartDate : 6/1/2012 8:00:00 AM\nEndDate : 5/31/2013 8:00:00 AM\n");
    let run = folder.run(&["cert", right.to_str().unwrap(), "--against", dates.to_str().unwrap()]);
    assert!(run.status(3).stderr().contains("without a thumbprint"), "{}", run.stderr());
}

#[test]
fn tables_of_export_csv_are_read_as_far_as_they_go() {
    let broken = Organisation::healthy()
        .set("Get-MailUser", ACCOUNT, "HiddenFromAddressListsEnabled", false)
        .set("Get-ExchangeCertificate", "EX01", "NotAfter", date("2025-03-31T10:00:00Z"));
    for separator in [",", ";"] {
        let folder = Folder::new();
        let mut arguments = vec!["provision".to_owned(), "check".into(), "--at".into(), AT.into()];
        arguments.extend(["--culture", "de-DE", "-o", "json", "-q"].map(str::to_owned));
        for cmdlet in ["Get-MailUser", "Get-ExchangeCertificate", "Get-AuthConfig", "Get-PartnerApplication"]
        {
            let table = broken.csv(cmdlet, german).replace("\",\"", &format!("\"{separator}\""));
            let file = folder.file(&format!("{cmdlet}.csv"), table);
            arguments.push(file.to_str().unwrap().to_owned());
        }
        let run = folder.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
        let document: Value = serde_json::from_str(&run.status(1).stdout()).unwrap();
        let found = rules(&document, "error");
        for rule in ["state-account-visible", "state-auth-certificate-unusable"] {
            assert!(found.iter().any(|own| own == rule), "{separator} {rule}: {document:#}");
        }
        assert!(!found.iter().any(|own| own == "state-partner-missing"), "{document:#}");
    }
}

#[test]
fn warnings_fail_where_that_is_asked() {
    let folder = Folder::new();
    let two = vec![key("a", DER, NOT_AFTER), key("b", "", "2025-01-31T10:00:00Z")];
    let state = folder.file("state.xml", keys(Organisation::healthy(), SKYPE, two).clixml());
    let config = folder.file("other.toml", "fail-on = 'warning'\n");
    let run = |more: &[&str]| {
        let fixed = ["provision", "check", state.to_str().unwrap(), "--at", AT, "-o", "json", "-q"];
        folder.run(&[&fixed[..], more].concat())
    };
    let document: Value = serde_json::from_str(&run(&[]).status(0).stdout()).unwrap();
    assert_eq!(rules(&document, "warning"), ["state-key-expired"]);
    let document: Value = serde_json::from_str(&run(&["--fail-on", "warning"]).status(1).stdout()).unwrap();
    assert_eq!(document["verdict"], "fail");
    run(&["--config", config.to_str().unwrap()]).status(1);
    run(&["--config", config.to_str().unwrap(), "--fail-on", "error"]).status(0);
    run(&["--fail-on", "info"]).status(2);
}

/// Words in angle brackets that somebody would have to replace.
fn placeholders(text: &str) -> Vec<&str> {
    let word = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == ' ');
    text.split('<')
        .skip(1)
        .filter_map(|rest| rest.split_once('>').map(|(word, _)| word))
        .filter(word)
        .collect()
}

#[test]
fn commands_hold_this_organisations_values_and_nothing_to_replace() {
    let folder = Folder::new();
    let text = format!(
        "tenant = ['{TENANT}', 'contoso.example']\nhost = 'mail.contoso.example'\nverified-domain = \
         'contoso.example'\ndomain-controller = 'dc1.contoso.example'\nat = '{AT}'\n"
    );
    folder.file("oauthtrace.toml", text);
    let mut with_controller = 0;
    for (name, change, ..) in BROKEN {
        let state = folder.file("state.xml", change(Organisation::healthy()).clixml());
        let run = folder.run(&["provision", "check", state.to_str().unwrap(), "-o", "json", "-q"]);
        let document: Value = serde_json::from_str(&run.status(1).stdout()).unwrap();
        for finding in document["findings"].as_array().unwrap() {
            let help = finding["help"].as_str().unwrap();
            assert!(!help.is_empty() || finding["severity"] == "info", "{name}: {finding}");
            assert_eq!(placeholders(help), Vec::<&str>::new(), "{name}: {help}");
            with_controller += usize::from(help.contains("-DomainController 'dc1.contoso.example'"));
        }
        for cause in document["causes"].as_array().unwrap() {
            assert_eq!(placeholders(cause["summary"].as_str().unwrap()), Vec::<&str>::new(), "{name}");
            for text in cause["commands"].as_array().unwrap().iter().filter(|_| *name != TESTED) {
                assert_eq!(placeholders(text.as_str().unwrap()), Vec::<&str>::new(), "{name}: {text}");
            }
        }
    }
    assert!(with_controller >= 4, "{with_controller}");
}

#[test]
fn repairs_name_the_hosts_of_the_cloud() {
    let folder = Folder::new();
    let state = folder.file(
        "state.xml",
        Organisation::healthy()
            .without("Get-AuthServer", "WindowsAzureACS")
            .without("Get-AuthServer", "evoSTS")
            .clixml(),
    );
    for (cloud, host) in [
        ("worldwide", "https://accounts.accesscontrol.windows.net/"),
        ("usgov", "https://login.microsoftonline.us/"),
        ("china", "https://accounts.accesscontrol.chinacloudapi.cn/"),
    ] {
        let run = folder.run(&[
            "provision",
            "check",
            state.to_str().unwrap(),
            "--at",
            AT,
            "--cloud",
            cloud,
            "--tenant",
            TENANT,
            "-o",
            "json",
            "-q",
        ]);
        let wanted =
            format!("New-AuthServer -Name WindowsAzureACS -AuthMetadataUrl '{host}{TENANT}/metadata/json/1'");
        assert!(run.status(1).stdout().contains(&wanted), "{cloud}: {}", run.stdout());
    }
}

#[test]
fn a_value_that_is_not_known_leaves_no_gap_in_a_summary() {
    let Some(corpus) = corpus("h-exchange") else { return };
    let folder = Folder::new();
    let samples = corpus.join("docs-samples.txt");
    let run = folder.run(&["provision", "check", samples.to_str().unwrap(), "--at", AT, "-q"]);
    let text = run.status(1).stdout();
    assert!(text.contains("auth-certificate-expired") && !text.contains("<thumbprint>"), "{text}");
}

#[test]
fn real_outputs_do_not_pass_and_do_not_break() {
    let Some(corpus) = corpus("h-exchange") else { return };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(corpus.join("css-exchange")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.push(corpus.join("docs-samples.txt"));
    for file in &files {
        let folder = Folder::new();
        let run = folder.run(&["provision", "check", file.to_str().unwrap(), "--at", AT, "-q"]);
        let status = run.0.status.code();
        assert!(matches!(status, Some(1 | 4)), "{}: {status:?} {}", file.display(), run.stderr());
    }
    assert!(files.len() > 10);
}

#[test]
fn our_own_collecting_script_lints_without_an_error() {
    let folder = Folder::new();
    let text = folder.run(&["provision", "collect"]).status(0).stdout();
    let file = folder.file("collect.ps1", text);
    let run = folder.run(&["provision", "check", file.to_str().unwrap(), "-o", "json", "-q"]);
    assert!(!run.stdout().contains("\"error\""), "{}", run.stdout());
}

#[test]
fn a_script_with_names_in_their_own_letters_says_how_it_is_coded() {
    let script = |domain: &str| {
        let controller = format!("dc1.{domain}");
        let arguments = ["provision", "script", "--tenant", domain, "--verified-domain", domain];
        let more = ["--domain-controller", &controller, "--host", domain, "-q"];
        Folder::new().run(&[&arguments[..], &more].concat()).status(0).stdout()
    };
    assert!(script("b\u{fc}cher.example").starts_with("\u{feff}#Requires"));
    assert!(script("nordwind.example").starts_with("#Requires"));
}

#[test]
fn our_own_scripts_lint_clean() {
    for profile in ["sfbo-2022", "sfbo-2022-graph", "teams-2025"] {
        let folder = Folder::new();
        let arguments = [
            "provision",
            "script",
            "--profile",
            profile,
            "--tenant",
            TENANT,
            "--verified-domain",
            "nordwind.example",
            "--domain-controller",
            "dc1.nordwind.example",
            "--host",
            "mail.nordwind.example",
        ];
        let single = folder.run(&arguments).status(0).stdout();
        let mut whole = arguments.to_vec();
        whole.extend(["--out", "steps"]);
        folder.run(&whole).status(0);
        let one = folder.file("all.ps1", single);
        let steps = one.with_file_name("steps");
        for input in [&one, &steps] {
            let run = folder.run(&[
                "provision",
                "check",
                input.to_str().unwrap(),
                "--profile",
                profile,
                "-o",
                "json",
                "-q",
            ]);
            let document: Value = serde_json::from_str(&run.stdout()).unwrap();
            for severity in ["error", "warning"] {
                assert_eq!(rules(&document, severity), Vec::<String>::new(), "{profile}: {document:#}");
            }
            run.status(0);
        }
    }
}

#[test]
fn the_script_of_the_page_is_linted_by_profile() {
    let page = "Connect-MsolService\nImport-Module MSOnline\n$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n";
    let (status, document) = check("upload.ps1", page, &["--profile", "sfbo-2022"]);
    assert_eq!(status, 0, "{document:#}");
    assert!(rules(&document, "info").contains(&"script-retired-module".to_owned()));
    let (status, document) = check("upload.ps1", page, &[]);
    assert_eq!(status, 1);
    assert!(rules(&document, "error").contains(&"script-retired-module".to_owned()));
}

#[test]
fn files_of_no_use_are_status_three_and_options_status_two() {
    let folder = Folder::new();
    let empty = folder.file("empty.txt", "");
    folder.run(&["provision", "check", empty.to_str().unwrap()]).status(3).complains("empty.txt");
    folder.run(&["provision", "check", "absent.xml"]).status(3);
    folder.run(&["provision", "check", "absent.xml", "--culture", "klingon"]).status(2);
}

#[test]
fn one_file_serves_verify_script_check_and_probe() {
    let folder = Folder::new();
    let state = folder.file("state.txt", Organisation::healthy().format_list(french));
    let state = state.to_str().unwrap();
    let text = format!(
        "tenant = ['{TENANT}', 'contoso.example']\nhost = 'mail.contoso.example'\nculture = 'fr-FR'\nprofile = \
         'teams-2025'\ncloud = 'worldwide'\nverified-domain = 'contoso.example'\ndomain-controller = \
         'dc1.contoso.example'\nat = '{AT}'\ncert = 'a.cer'\n"
    );
    folder.file("a.cer", DER);
    let named = folder.file("named.toml", &text);
    let har = folder
        .file("empty.har", r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[]}}"#);
    let commands: [(&[&str], i32); 4] = [
        (&["provision", "check", state, "-o", "json"], 0),
        (&["provision", "script", "--json"], 0),
        (&["verify", har.to_str().unwrap(), "--state", state], 4),
        // Nobody listens there.
        (&["probe", "https://127.0.0.1:1/ews/exchange.asmx"], 4),
    ];
    for (command, expected) in commands {
        let mut with = command.to_vec();
        with.extend(["--config", named.to_str().unwrap()]);
        folder.run(&with).status(expected);
        if command[0] != "probe" {
            assert_ne!(folder.run(command).0.status.code(), Some(expected), "{command:?} needs the file");
        }
    }
    // The same from the working directory, and a mistake in it is told by each.
    let default = folder.file("oauthtrace.toml", &text);
    for (command, expected) in commands {
        folder.run(command).status(expected);
    }
    let document: Value = serde_json::from_str(&folder.run(commands[0].0).stdout()).unwrap();
    assert_eq!((&document["profile"], &document["culture"]), (&"teams-2025".into(), &"fr-FR".into()));
    let scripts: Value = serde_json::from_str(&folder.run(commands[1].0).stdout()).unwrap();
    assert_eq!(scripts["profile"], "teams-2025");
    assert!(scripts.to_string().contains("dc1.contoso.example"));
    std::fs::write(&default, "tennant = 'x'").unwrap();
    for (command, _) in commands {
        assert!(folder.run(command).status(2).stderr().contains("tennant"), "{command:?}");
    }
}
