//! The one list of all causes, one file each.

/// The application is disabled or gone in the tenant.
pub(crate) mod application_disabled;
/// The Exchange auth certificate has expired.
pub(crate) mod auth_certificate_expired;
/// The Exchange auth certificate was replaced, and the new one was not uploaded.
pub(crate) mod auth_certificate_rolled_over;
/// Exchange has no auth certificate that it can sign with.
pub(crate) mod auth_certificate_unusable;
/// Exchange has no authorization server for the cloud.
pub(crate) mod auth_server_missing;
/// Something fails, and nothing that was recorded says why.
pub(crate) mod cannot_tell;
/// The auth certificate is not on the service principal.
pub(crate) mod certificate_not_uploaded;
/// The auth certificate is on another service principal.
pub(crate) mod certificate_on_wrong_principal;
/// A clock is wrong.
pub(crate) mod clock_skew;
/// Exchange cannot read its own OAuth configuration.
pub(crate) mod configuration_unavailable;
/// Exchange Web Services is switched off or blocked for the caller.
pub(crate) mod ews_switched_off_or_blocked;
/// Something still authenticates with a password.
pub(crate) mod fallback_to_basic;
/// The calls use Windows authentication instead of OAuth.
pub(crate) mod fallback_to_ntlm;
/// Federation by WS-Security is used instead of OAuth.
pub(crate) mod fallback_to_ws_security;
/// A device in front of Exchange takes headers away.
pub(crate) mod headers_stripped;
/// The host name is not registered with the service principal.
pub(crate) mod host_not_registered;
/// A proxy changes the host name between caller and Exchange.
pub(crate) mod host_rewritten;
/// The partner application has no linked account, or that account lacks the roles.
pub(crate) mod linked_account_without_roles;
/// OAuth is switched off on a virtual directory.
pub(crate) mod oauth_off_on_virtual_directory;
/// What Exchange sends out is stopped on the way.
pub(crate) mod outbound_call_stopped;
/// The partner application is missing or disabled.
pub(crate) mod partner_application_missing;
/// A device in front of Exchange answers instead of Exchange.
pub(crate) mod pre_authentication;
/// Exchange Online takes no calls over the shared principal any more.
pub(crate) mod shared_principal_blocked;
/// Exchange has no certificate that it can sign with.
pub(crate) mod signing_certificate_missing;
/// TLS ends in front of Exchange.
pub(crate) mod ssl_offloading;
/// Exchange has outdated keys of the token service.
pub(crate) mod stale_metadata;
/// A token is not genuine, or was changed on the way.
pub(crate) mod token_altered;
/// The caller uses a token past its end.
pub(crate) mod token_expired;
/// This kind of token is not accepted at that path.
pub(crate) mod token_kind_refused;
/// Exchange does not reach the token service.
pub(crate) mod token_service_unreachable;
/// The user is missing or not unique on premises.
pub(crate) mod user_missing_or_ambiguous;
/// A wildcard accepted domain hides the domain that the token names.
pub(crate) mod wildcard_accepted_domain;
/// Two clouds are mixed.
pub(crate) mod wrong_cloud;
/// Tokens or settings name another tenant.
pub(crate) mod wrong_realm;

use super::cause::{Case, Cause, Weighing};
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Finding;
use crate::checks::judge::facts::{Ask, Outbound};
use crate::checks::organisation::hex;
use crate::checks::organisation::keys::{Fit, fit};
use crate::state::cloud::Cloud;

/// All causes but `cannot_tell`, which stands for their absence. A cause is its file and its line here.
pub static CAUSES: &[&Cause] = &[
    &application_disabled::CAUSE,
    &auth_certificate_expired::CAUSE,
    &auth_certificate_rolled_over::CAUSE,
    &auth_certificate_unusable::CAUSE,
    &auth_server_missing::CAUSE,
    &certificate_not_uploaded::CAUSE,
    &certificate_on_wrong_principal::CAUSE,
    &clock_skew::CAUSE,
    &configuration_unavailable::CAUSE,
    &ews_switched_off_or_blocked::CAUSE,
    &fallback_to_basic::CAUSE,
    &fallback_to_ntlm::CAUSE,
    &fallback_to_ws_security::CAUSE,
    &headers_stripped::CAUSE,
    &host_not_registered::CAUSE,
    &host_rewritten::CAUSE,
    &linked_account_without_roles::CAUSE,
    &oauth_off_on_virtual_directory::CAUSE,
    &outbound_call_stopped::CAUSE,
    &partner_application_missing::CAUSE,
    &pre_authentication::CAUSE,
    &shared_principal_blocked::CAUSE,
    &signing_certificate_missing::CAUSE,
    &ssl_offloading::CAUSE,
    &stale_metadata::CAUSE,
    &token_altered::CAUSE,
    &token_expired::CAUSE,
    &token_kind_refused::CAUSE,
    &token_service_unreachable::CAUSE,
    &user_missing_or_ambiguous::CAUSE,
    &wildcard_accepted_domain::CAUSE,
    &wrong_cloud::CAUSE,
    &wrong_realm::CAUSE,
];

/// A failed call of Exchange whose other side trusts only the token service of another cloud than the worldwide one, whose
/// id the US government uses as well.
fn foreign_issuer<'a>(case: &Case<'a>) -> Option<(&'a Outbound, Cloud)> {
    let told = case.outbound(&["NoMatchedTokenIssuer"]).into_iter();
    told.map(|(told, _)| told).find_map(|told| {
        let words = told.text.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
        let clouds: Vec<Cloud> = words.filter_map(Cloud::of_acs).collect();
        let first = *clouds.first()?;
        (!clouds.contains(&Cloud::Worldwide)).then_some((told, first))
    })
}

/// All causes, `cannot-tell` last.
pub fn all() -> impl Iterator<Item = &'static Cause> {
    CAUSES.iter().copied().chain([&cannot_tell::CAUSE])
}

/// A token of that application was accepted in the traffic: what the state shows came later, or does not matter.
fn accepted_nevertheless(case: &Case<'_>, weigh: &mut Weighing<'_>, application: &str) {
    let calls = case.calls(|call| call.accepted() && call.application.as_deref() == Some(application));
    let refused = case.calls(|call| {
        call.status.is_some() && !call.succeeded() && call.application.as_deref() == Some(application)
    });
    if !calls.is_empty() && refused.is_empty() {
        weigh.minus(35, "a token of that application was accepted in the recording");
    }
}

/// The token service granted what the current certificate signed.
fn granted_nevertheless(case: &Case<'_>, weigh: &mut Weighing<'_>) {
    let current = case.organisation.and_then(|organisation| organisation.auth_thumbprint("Current")).map(hex);
    let granted = case.asks(|ask| ask.granted() && current.is_some() && ask.thumbprint == current);
    let refused = case.asks(|ask| ask.refused() && current.is_some() && ask.thumbprint == current);
    if !granted.is_empty() && refused.is_empty() {
        weigh.minus(35, "the token service grants tokens in the recording to what that certificate signed");
    }
}

/// Whether the state shows the current certificate on Exchange's service principal and on those of the procedure.
fn uploaded_everywhere(case: &Case<'_>) -> bool {
    let Some(organisation) = case.organisation else { return false };
    let ids = organisation.applications().into_iter().map(|application| application.id).chain([EXCHANGE]);
    ids.map(|id| fit(organisation, id)).all(|fit| matches!(fit, Fit::Found(_)))
}

/// Whether the state shows that the certificate that Exchange uses now has not ended.
fn current_is_valid(case: &Case<'_>) -> bool {
    let end = case.organisation.and_then(|organisation| {
        organisation.validity(organisation.auth_thumbprint("Current")?, true).known()
    });
    // The rule judges at the time of the traffic, so it is asked and not the clock.
    let over =
        |finding: &Finding| finding.evidence.iter().any(|place| place.claim.as_deref() == Some("NotAfter"));
    let findings = &case.judgement.findings;
    let ended =
        findings.iter().any(|finding| finding.rule == "state-auth-certificate-unusable" && over(finding));
    end.is_some() && !ended
}

/// Names the certificate that Exchange uses, where traffic did not.
fn current_thumbprint(case: &Case<'_>, weigh: &mut Weighing<'_>) {
    let current = case.organisation.and_then(|organisation| organisation.auth_thumbprint("Current"));
    weigh.value("thumbprint", &current.map(hex).unwrap_or_default());
}

/// Whether an assertion of Exchange, or of an application in scope, is signed with a certificate that is none of
/// the given ones. Other applications have certificates of their own.
fn signed_by_another(ask: &Ask, case: &Case<'_>) -> bool {
    let mut given = case.expected.certificates.iter().flat_map(|(_, file)| &file.certificates).peekable();
    let Some(print) = ask.thumbprint.as_deref() else { return false };
    let own = |id: &str| {
        id == EXCHANGE || case.expected.principals.iter().any(|known| known.eq_ignore_ascii_case(id))
    };
    if !ask.application.as_deref().is_some_and(own) {
        return false;
    }
    given.peek().is_some() && given.all(|known| known.thumbprint_hex() != print)
}

/// Whether the token service does not accept the key that signed, for whatever reason.
fn key_not_accepted(ask: &Ask) -> bool {
    ask.has(&["50012", "70002", "700027", "700030", "50003"])
        || (ask.error.as_deref() == Some("invalid_client") && ask.codes.is_empty())
}

/// Whether the token service says that it does not find the key.
fn key_not_found(ask: &Ask) -> bool {
    let text = ask.description.to_ascii_lowercase();
    text.contains("key was not found")
        || text.contains("no matching key")
        || (ask.has(&["50012"]) && text.contains("not found"))
}

/// The two addresses of an "Expected 'a'. Actual 'b'." sentence, or of one that says "Audience claim is 'a', request
/// url is 'b'". Which of them is the server's own depends on the kind of token, so callers compare both.
fn named_addresses(reason: &str) -> Option<(String, String)> {
    let after = |word: &str| {
        let lower = reason.to_ascii_lowercase();
        let rest = reason.get(lower.find(word)? + word.len()..)?;
        let rest = rest.trim_start_matches([' ', ':', '\'', '"', '\u{2018}', '\u{201c}']);
        let end = rest.find(['\'', '"', ' ', ',', ';', '\u{2019}', '\u{201d}']).unwrap_or(rest.len());
        let value = rest.get(..end)?.trim_end_matches('.').trim_end_matches('/');
        (!value.is_empty()).then(|| value.to_owned())
    };
    let pair = |one: &str, other: &str| Some((after(one)?, after(other)?));
    pair("expected", "actual").or_else(|| pair("audience claim is", "request url is"))
}

/// The authority of an address, without scheme and path.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default()
}

/// Whether two addresses name one host, once with https and once with http.
fn only_scheme_differs(one: &str, other: &str) -> bool {
    let scheme = |text: &str| text.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let bare = |text: &str| crate::checks::place::bare_host(host_of(text));
    bare(one) == bare(other)
        && scheme(one).is_some()
        && scheme(other).is_some()
        && scheme(one) != scheme(other)
}

/// Whether Exchange says that it takes tokens, but not of this kind at this path.
fn speaks_of_profile(reason: &str) -> bool {
    let reason = reason.to_ascii_lowercase();
    reason.contains("token profile") && reason.contains("not applicable")
}

/// Whether a text says that EWS itself is off or closed to the caller.
fn speaks_of_ews_switch(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let about = text.contains("ews") || text.contains("exchange web services");
    about
        && [
            "disabled",
            "blocked",
            "not enabled",
            "switched off",
            "turned off",
            "retired",
            "not allowed",
            "access policy",
        ]
        .iter()
        .any(|word| text.contains(word))
}
