//! Tables: what the state of the organisation says of causes, alone and together with a recording.

use super::evidence::{GRANTED, NOT_FOUND, refusal};
use super::*;
use crate::checks::testing_state::{
    Val, date, hybrid_on, key, list,
    organisation::{ACCOUNT, DER, EXCHANGE, NOT_AFTER, OTHER_DER, OTHER_PRINT, PRINT, SKYPE},
};
use crate::diagnose::cause::Confidence::{self, Certain, Likely, Possible};

const PRINCIPAL: &str = "Get-MgServicePrincipal";
const PARTNER: &str = "Get-PartnerApplication";
const SERVER: &str = "Get-AuthServer";
const STORE: &str = "Get-ExchangeCertificate";
const PAST: &str = "2025-01-01T00:00:00Z";
const ACS: &str = "WindowsAzureACS";

type Change = fn(Organisation) -> Organisation;

/// The keys of an application, as the base64 of their certificates.
fn keys(all: Organisation, application: &str, certificates: &[&str]) -> Organisation {
    let keys =
        certificates.iter().enumerate().map(|(id, der)| key(&id.to_string(), der, NOT_AFTER)).collect();
    all.set(PRINCIPAL, application, "KeyCredentials", Val::Keys(keys))
}

fn of_another_cloud(all: Organisation) -> Organisation {
    let url = "https://accounts.accesscontrol.chinacloudapi.cn/contoso.example/metadata/json/1";
    all.set(SERVER, ACS, "AuthMetadataUrl", url)
}

#[test]
fn each_thing_that_is_set_wrong_has_its_cause_with_the_command_for_it() {
    type Row<'a> = (&'a str, Change, &'a [(&'a str, Confidence)], &'a str);
    let rows: Vec<Row<'_>> = vec![
        ("nothing", |all| all, &[], ""),
        (
            "no certificate is named",
            |all| all.set("Get-AuthConfig", "", "CurrentCertificateThumbprint", Val::Nothing),
            &[("auth-certificate-unusable", Certain)],
            "",
        ),
        (
            "the certificate is nowhere",
            |all| all.without(STORE, PRINT),
            &[("auth-certificate-unusable", Certain)],
            "",
        ),
        (
            "no private key",
            |all| all.set(STORE, "EX01", "HasPrivateKey", false),
            &[("auth-certificate-unusable", Certain)],
            "",
        ),
        (
            "too short",
            |all| all.set(STORE, "EX01", "PublicKeySize", "1024"),
            &[("auth-certificate-unusable", Certain)],
            "",
        ),
        (
            "past its end",
            |all| all.set(STORE, "EX01", "NotAfter", date(PAST)).set(STORE, "EX02", "NotAfter", date(PAST)),
            &[("auth-certificate-expired", Certain)],
            "",
        ),
        (
            "a principal is disabled",
            |all| all.set(PRINCIPAL, SKYPE, "AccountEnabled", false),
            &[("application-disabled", Certain)],
            "Update-MgServicePrincipal",
        ),
        (
            "a principal is missing",
            |all| all.without(PRINCIPAL, SKYPE),
            &[("application-disabled", Certain)],
            "New-MgServicePrincipal",
        ),
        ("no key", |all| keys(all, SKYPE, &[]), &[("certificate-not-uploaded", Certain)], ""),
        (
            "no key anywhere",
            |all| [SKYPE, EXCHANGE].iter().fold(all, |all, id| keys(all, id, &[])),
            &[("certificate-not-uploaded", Certain)],
            "",
        ),
        (
            "the key of another certificate",
            |all| keys(all, SKYPE, &[OTHER_DER]),
            &[("auth-certificate-rolled-over", Certain)],
            "",
        ),
        (
            "no auth server",
            |all| all.without(SERVER, ACS),
            &[("auth-server-missing", Certain)],
            "New-AuthServer",
        ),
        (
            "the auth server is disabled",
            |all| all.set(SERVER, ACS, "Enabled", false),
            &[("auth-server-missing", Certain)],
            "Set-AuthServer",
        ),
        ("another cloud", of_another_cloud, &[("wrong-cloud", Certain)], "Set-AuthServer"),
        (
            // Warnings alone break nothing.
            "a realm",
            |all| all.set("Get-AuthConfig", "", "Realm", "other.example"),
            &[],
            "",
        ),
        (
            "a host is not registered",
            |all| all.set(PRINCIPAL, EXCHANGE, "ServicePrincipalNames", list(&[EXCHANGE])),
            &[("host-not-registered", Certain)],
            "",
        ),
        (
            "no partner application",
            |all| all.without(PARTNER, SKYPE),
            &[("partner-application-missing", Certain)],
            "New-PartnerApplication",
        ),
        (
            "the partner application is disabled",
            |all| all.set(PARTNER, SKYPE, "Enabled", false),
            &[("partner-application-missing", Certain)],
            "Set-PartnerApplication",
        ),
        ("it has a realm", |all| all.set(PARTNER, SKYPE, "Realm", "contoso.example"), &[], ""),
        (
            "it has no account",
            |all| all.set(PARTNER, SKYPE, "LinkedAccount", Val::Nothing),
            &[("linked-account-without-roles", Certain)],
            "Set-PartnerApplication",
        ),
        (
            "the account is missing",
            |all| all.without("Get-MailUser", ACCOUNT),
            &[("linked-account-without-roles", Certain)],
            "New-MailUser",
        ),
        (
            "a role is missing",
            |all| all.without("Get-ManagementRoleAssignment", "UserApplication"),
            &[("linked-account-without-roles", Certain)],
            "New-ManagementRoleAssignment",
        ),
        (
            "OAuth is off",
            |all| all.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false),
            &[("oauth-off-on-virtual-directory", Certain)],
            "Set-WebServicesVirtualDirectory",
        ),
        (
            "OAuth is off at Autodiscover",
            |all| all.set("Get-AutodiscoverVirtualDirectory", "", "OAuthAuthentication", false),
            &[("oauth-off-on-virtual-directory", Certain)],
            "Set-AutodiscoverVirtualDirectory",
        ),
        (
            "EWS is off",
            |all| all.set("Get-OrganizationConfig", "", "EwsEnabled", false),
            &[("ews-switched-off-or-blocked", Certain)],
            "Set-OrganizationConfig",
        ),
        (
            "the domain is covered by a wildcard",
            |all| all.set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.contoso.example"),
            &[("wildcard-accepted-domain", Likely)],
            "",
        ),
        // Federation takes over where it is seen to, not before.
        ("no connector", |all| all.set("Get-IntraOrganizationConnector", "", "Enabled", false), &[], ""),
    ];
    let mut wrong = Vec::new();
    for (name, change, expected, command) in rows {
        let found = found_in_state(change);
        let causes: Vec<_> = found.iter().map(|found| (found.cause.id, found.confidence)).collect();
        if causes != expected {
            wrong.push(format!("{name}: {causes:?}"));
        }
        let commands = found.first().map(|found| found.commands.join("\n")).unwrap_or_default();
        if !commands.contains(command) {
            wrong.push(format!("{name}: {commands}"));
        }
        let text = found.first().map(|found| format!("{}\n{commands}", found.summary)).unwrap_or_default();
        let open = ["<application>", "<thumbprint>", "<path>", "<host>", "<observed>", "<resource>"];
        let summary = found.first().map_or("", |found| &found.summary);
        if open.iter().any(|place| text.contains(place)) || summary.contains(['<', '{']) {
            wrong.push(format!("{name}: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What a cause has for and against it when the state speaks too: how sure it is, words of a reason (`+`) or of a doubt
/// (`-`), each with the side that it comes from.
type Row<'a> = (&'a str, Story, Change, &'a str, Option<Confidence>, &'a str);

#[test]
fn state_and_recording_are_weighed_together() {
    let refused = |number: u32, category: &str| Story::of(refusal(number, category));
    let asked =
        |description: &str| Story::request(Signer::Exchange, 401, &denied("invalid_client", description));
    let disabled =
        || Story::request(Signer::Exchange, 400, &denied("unauthorized_client", "AADSTS7000112: disabled"));
    let granted = || Story::request(Signer::Exchange, 200, GRANTED);
    let accepted = || Story::of(Scene::healthy());
    let well: Change = |all| all;
    let rows: Vec<Row<'_>> = vec![
        (
            "the application is there",
            refused(2_000_006, "invalid_client"),
            well,
            "partner-application-missing",
            Some(Likely),
            "-state Get-PartnerApplication shows the partner application, enabled",
        ),
        (
            "it is disabled",
            refused(2_000_006, "invalid_client"),
            |all| all.set(PARTNER, SKYPE, "Enabled", false),
            "partner-application-missing",
            Some(Certain),
            "+state ",
        ),
        (
            "it is disabled, and was accepted",
            accepted(),
            |all| all.set(PARTNER, SKYPE, "Enabled", false),
            "partner-application-missing",
            Some(Likely),
            "-traffic a token of that application was accepted",
        ),
        (
            "it is disabled, and another was accepted",
            Story::of(Scene::healthy().application(EXCHANGE))
                .expect(|expected| expected.principals.push(EXCHANGE.into())),
            |all| all.set(PARTNER, SKYPE, "Enabled", false),
            "partner-application-missing",
            Some(Certain),
            "+state ",
        ),
        (
            "it is disabled, and was accepted once and refused once",
            accepted().and(refusal(2_000_005, "invalid_user")),
            |all| all.set(PARTNER, SKYPE, "Enabled", false),
            "partner-application-missing",
            Some(Certain),
            "+state ",
        ),
        (
            "no key is there, and tokens are granted to another certificate",
            Story::request(Signer::Stranger, 200, GRANTED),
            |all| keys(all, EXCHANGE, &[]),
            "certificate-not-uploaded",
            Some(Certain),
            "+state ",
        ),
        (
            "the account is there",
            refused(2_000_008, "invalid_grant"),
            well,
            "linked-account-without-roles",
            Some(Likely),
            "-state the state shows the linked account with the roles",
        ),
        (
            "the account lacks a role, and was accepted",
            accepted(),
            |all| all.without("Get-ManagementRoleAssignment", "UserApplication"),
            "linked-account-without-roles",
            Some(Likely),
            "-traffic a token of that application was accepted",
        ),
        (
            "the key is there",
            asked(NOT_FOUND),
            well,
            "certificate-not-uploaded",
            Some(Likely),
            "-state the state shows the current certificate on the service principals",
        ),
        (
            "no key is there",
            asked(NOT_FOUND),
            |all| keys(all, EXCHANGE, &[]),
            "certificate-not-uploaded",
            Some(Certain),
            "+state ",
        ),
        (
            "no key is there, and tokens are granted",
            granted(),
            |all| keys(all, EXCHANGE, &[]),
            "certificate-not-uploaded",
            Some(Likely),
            "-traffic the token service grants tokens",
        ),
        (
            "another key is there, and tokens are granted",
            granted(),
            |all| keys(all, EXCHANGE, &[OTHER_DER]),
            "auth-certificate-rolled-over",
            Some(Likely),
            "-traffic the token service grants tokens",
        ),
        (
            "another certificate is asked with than the current one, which is there",
            Story::request(Signer::Stranger, 401, &denied("invalid_client", NOT_FOUND)),
            well,
            "auth-certificate-rolled-over",
            Some(Certain),
            "+state Exchange signs with another certificate than Get-AuthConfig names",
        ),
        (
            "the principal is enabled",
            disabled(),
            well,
            "application-disabled",
            Some(Likely),
            "-state Get-MgServicePrincipal shows the service principal, enabled",
        ),
        (
            "the principal is disabled",
            disabled(),
            |all| all.set(PRINCIPAL, EXCHANGE, "AccountEnabled", false),
            "application-disabled",
            Some(Certain),
            "+state ",
        ),
        (
            "the principal is disabled, and tokens are granted",
            granted(),
            |all| all.set(PRINCIPAL, EXCHANGE, "AccountEnabled", false),
            "application-disabled",
            Some(Likely),
            "-traffic the token service grants tokens",
        ),
        (
            "the auth servers are there",
            Story::logged("NoMatchedTokenIssuer"),
            well,
            "auth-server-missing",
            Some(Likely),
            "-state Get-AuthServer shows the auth servers of the cloud, enabled",
        ),
        (
            "the auth server is disabled, and a token was accepted",
            accepted(),
            |all| all.set(SERVER, ACS, "Enabled", false),
            "auth-server-missing",
            Some(Likely),
            "-traffic a token of the cloud was accepted",
        ),
        (
            "OAuth is on",
            Story::of(Scene::healthy().discovery("Negotiate").response_header("request-id", "x")),
            well,
            "oauth-off-on-virtual-directory",
            Some(Likely),
            "-state the state shows OAuth switched on there",
        ),
        (
            "OAuth is off there",
            Story::of(Scene::healthy().discovery("Negotiate").response_header("request-id", "x")),
            |all| all.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false),
            "oauth-off-on-virtual-directory",
            Some(Certain),
            "+state ",
        ),
        (
            "OAuth is off elsewhere",
            Story::of(Scene::healthy().discovery("Negotiate").response_header("request-id", "x")),
            |all| all.set("Get-AutodiscoverVirtualDirectory", "", "OAuthAuthentication", false),
            "oauth-off-on-virtual-directory",
            Some(Likely),
            "-state the state shows OAuth switched on there",
        ),
        (
            "OAuth is off, and a token was accepted",
            accepted(),
            |all| all.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false),
            "oauth-off-on-virtual-directory",
            Some(Likely),
            "-traffic a token was accepted there",
        ),
        (
            "EWS is on",
            Story::of(Scene::healthy().status(403).response_header("request-id", "x")),
            well,
            "ews-switched-off-or-blocked",
            Some(Possible),
            "-state Get-OrganizationConfig shows EWS on",
        ),
        (
            "EWS is off",
            Story::of(Scene::healthy().status(403).response_header("request-id", "x")),
            |all| all.set("Get-OrganizationConfig", "", "EwsEnabled", false),
            "ews-switched-off-or-blocked",
            Some(Certain),
            "+state ",
        ),
        (
            "the host is registered",
            Story::request(Signer::Exchange, 400, &denied("invalid_resource", "AADSTS500011: x"))
                .asked_for("mail.contoso.com"),
            well,
            "host-not-registered",
            Some(Likely),
            "-state Get-MgServicePrincipal shows the host",
        ),
        (
            "the host is not registered",
            Story::request(Signer::Exchange, 400, &denied("invalid_resource", "AADSTS500011: x"))
                .asked_for("mail.contoso.com"),
            |all| all.set(PRINCIPAL, EXCHANGE, "ServicePrincipalNames", list(&[EXCHANGE])),
            "host-not-registered",
            Some(Certain),
            "+state ",
        ),
        (
            "the domain is covered by a wildcard",
            refused(2_000_004, "invalid_tenant"),
            |all| all.set("Get-AcceptedDomain", "contoso.example", "DomainName", "*.contoso.example"),
            "wildcard-accepted-domain",
            Some(Certain),
            "+state ",
        ),
        (
            "it does not know the tenant, and has a realm of its own",
            refused(2_000_004, "invalid_tenant"),
            |all| all.set("Get-AuthConfig", "", "Realm", "other.example"),
            "wrong-realm",
            Some(Likely),
            "+state ",
        ),
        (
            "it does not know the application, which has a realm",
            refused(2_000_006, "invalid_client"),
            |all| all.set(PARTNER, SKYPE, "Realm", "contoso.example"),
            "partner-application-missing",
            Some(Certain),
            "+state ",
        ),
        (
            "federation, and no connector",
            Story::of(Scene::healthy().authorization("").target("/ews/exchange.asmx/wssecurity")),
            |all| all.set("Get-IntraOrganizationConnector", "", "Enabled", false),
            "fallback-to-ws-security",
            Some(Certain),
            "+state ",
        ),
        (
            "the certificate that Exchange uses is valid",
            asked("AADSTS700027: The certificate has expired."),
            well,
            "auth-certificate-expired",
            None,
            "",
        ),
        (
            "the dedicated application is switched on",
            Story::logged("System.Net.WebException: (403) Forbidden."),
            |all| all.add("Get-SettingOverride", hybrid_on()),
            "shared-principal-blocked",
            Some(Possible),
            "-state Get-SettingOverride shows the dedicated application switched on",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, story, change, cause, confidence, words) in rows {
        let told = story.and_state(change).told(cause);
        let found = told.as_ref().map(|told| told.found.confidence);
        let said: Vec<String> = told
            .iter()
            .flat_map(|told| {
                let line = |sign: char| {
                    move |one: &crate::diagnose::cause::Reason| {
                        format!("{sign}{} {}", one.source.name(), one.text)
                    }
                };
                told.found.reasons.iter().map(line('+')).chain(told.found.doubts.iter().map(line('-')))
            })
            .collect();
        let there = words.split_at_checked(1).is_some_and(|(sign, rest)| {
            let (side, rest) = rest.split_once(' ').unwrap();
            said.iter().any(|line| line.starts_with(&format!("{sign}{side} ")) && line.contains(rest))
        });
        if found != confidence || !(there || words.is_empty()) {
            wrong.push(format!("{name}: {found:?} {said:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_ne!((PRINT, DER), (OTHER_PRINT, OTHER_DER));
}
