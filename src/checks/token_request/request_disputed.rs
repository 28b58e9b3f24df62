//! Takes one exchange, gives findings of `request-disputed`: what the token service says contradicts the request.

use crate::checks::CheckId;
use crate::checks::computed;
use crate::checks::finding::Severity;
use crate::checks::judge::facts::Signed;
use crate::checks::judge::standing::{shown, thumbprint};
use crate::checks::marks::Marks;
use crate::checks::realm::{self, Realm};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{ExchangeCase, SeenToken};
use crate::token::principal::Principal;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "request-disputed",
    check: CheckId::TokenRequest,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "what the token service says contradicts the request",
    looks_at: "AADSTS codes and `error` in answers, or the grant, against what was computed here of the same request: \
               signature and time of the assertion, tenant, form fields, names.",
    matters: "A disagreement locates the fault: a signature that verifies here and not there means that the certificate is \
              not on the service principal; a time that is right here and not there means a clock.",
    bad: "AADSTS50012 for an assertion that verifies with --cert",
    good: "AADSTS50012 for an assertion signed with another certificate",
    repair: "See the cause that the report names first.",
    sources: &["Microsoft Entra authentication and authorization error codes", "RFC 7523 3"],
    scope: Scope::Marked(Marks::TOKEN_SERVICE, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if case.token_request().is_none() {
        return;
    }
    let Some(answer) = case.granted() else { return };
    let assertion = super::assertions(case).next().map(|(seen, _)| seen);
    let mut say = |message: &'static str, observed: String, help: &str| {
        let hit = out.say(message);
        hit.observed(observed).expected("an answer to what was asked").location("response.body.json");
        if !help.is_empty() {
            hit.help(help);
        }
        if let Some(seen) = assertion {
            hit.token(seen.id);
        }
    };
    if answer.granted {
        if assertion.is_some_and(|seen| seen.signed == Signed::Failed) {
            let help = "The token service knows another key of that name: compare the file given with --cert with the certificate on the service principal.";
            say(
                "the token service grants a token for an assertion that is wrong here",
                "a grant".into(),
                help,
            );
        }
        return;
    }
    let digits =
        |code: &String| code.trim_start_matches(|letter: char| letter.is_ascii_alphabetic()).to_owned();
    let codes: Vec<String> = answer.codes.iter().map(digits).collect();
    let has = |wanted: &[&str]| codes.iter().find(|code| wanted.contains(&code.as_str()));
    let description = answer.description.as_deref().unwrap_or_default().to_ascii_lowercase();
    let told = |code: &str| format!("AADSTS{code}");
    if let Some(code) = has(&["50012", "700027"])
        && assertion.is_some_and(|seen| seen.signed == Signed::Verified)
        && !assertion.is_some_and(|seen| signed_too_late(case, seen))
    {
        say(
            "the token service does not accept a signature that verifies with the given certificate: it has not got it",
            told(code),
            "Upload the certificate given with --cert to the service principal that asks: oauthtrace provision script",
        );
    }
    let time = assertion.and_then(|seen| computed::in_time(seen.token, case.at, case.expected));
    if let Some(code) = has(&["500133", "700024", "50013"])
        && time == Some(true)
        && !description.contains("signature")
    {
        say(
            "the token service finds an assertion outside its time that is within it by the clock of the recording",
            told(code),
            "Compare the clocks of Exchange and of what recorded: w32tm /query /status; w32tm /resync",
        );
    }
    let path = case.path().to_owned();
    let tenant = path.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    if let Some(code) = has(&["90002"])
        && realm::compare(Some(tenant), &case.expected.tenants) == Realm::Same
    {
        say(
            "the token service does not know a tenant that is the given one: it is that of another cloud",
            format!("{}: {}", told(code), shown(tenant)),
            "Get-AuthServer | Format-List Name,IssuerIdentifier,AuthMetadataUrl,TokenIssuingEndpoint",
        );
    }
    if let Some(code) = has(&["90022"]) {
        let named = ["resource", "client_id"].into_iter().filter_map(|name| case.field(name));
        let whole = |name: &str| Principal::parse(name).is_some_and(|name| name.realm.is_some());
        let all: Vec<&str> = named.collect();
        if !all.is_empty() && all.iter().all(|name| whole(name)) {
            say(
                "the token service calls a name malformed that is not",
                told(code),
                "Record behind the proxy on the way out, and compare the form.",
            );
        }
    }
    if let Some(code) = has(&["900144"])
        && let Some((name, _)) = case.form().iter().find(|(name, value)| {
            !value.is_empty() && description.contains(&format!("'{}'", name.to_ascii_lowercase()))
        })
    {
        say(
            "the token service misses a field that the recorded request has",
            format!("{}: {}", told(code), shown(name)),
            "Something on the way out changes the form: record behind the proxy and compare.",
        );
    }
}

/// Whether the certificate that signed had ended: then that is why the service does not accept it.
fn signed_too_late(case: &ExchangeCase<'_>, seen: &SeenToken<'_>) -> bool {
    let named = ["x5t", "kid"].into_iter().find_map(|name| thumbprint(seen.token.header_member(name)?));
    let mut given = case.expected.certificates.iter().flat_map(|(_, file)| &file.certificates);
    let own = given.find(|given| named == Some(given.thumbprint));
    own.zip(case.at).is_some_and(|(certificate, at)| certificate.not_after < at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Signer;
    use crate::checks::testing::{OTHER_TENANT, Scene, TENANT};

    fn refused(scene: Scene, code: u32, words: &str) -> Scene {
        let answer = format!(r#"{{"error":"invalid_client","error_description":"AADSTS{code}: {words}"}}"#);
        scene.answered(400, &answer)
    }

    fn right() -> Scene {
        Scene::healthy().assertion_changed(|_| None)
    }

    #[test]
    fn fires_on_a_signature_a_time_a_tenant_and_a_field_that_are_right() {
        for (code, words) in [
            (50012, "invalid signature"),
            (500133, "not within its valid time range"),
            (90002, "Tenant not found"),
            (900144, "The request body must contain the following parameter: 'assertion'."),
        ] {
            assert!(refused(right(), code, words).fires(&RULE), "{code}");
        }
        let named = format!("grant_type=client_credentials&resource=a/b@{TENANT}");
        assert!(
            refused(Scene::healthy().token_request(&named, 400, "{}"), 90022, "no principal").fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_where_the_request_is_wrong_as_they_say() {
        let old = Scene::healthy().assertion_changed(|claims| claims.insert("exp".into(), 1_000.into()));
        assert!(!refused(old, 500133, "not within its valid time range").fires(&RULE));
        let ended = right().certificate_valid(-900, -1);
        assert!(!refused(ended, 50012, "invalid signature").fires(&RULE));
        let missing = "The request body must contain the following parameter: 'client_id'.";
        assert!(!refused(right(), 900144, missing).fires(&RULE));
        let other = Scene::healthy().token_request("grant_type=client_credentials&resource=x", 400, "{}");
        assert!(
            !refused(other.asked_at(&format!("/{OTHER_TENANT}/tokens/OAuth/2")), 90002, "no tenant")
                .fires(&RULE)
        );
        assert!(!right().answered(200, r#"{"access_token":"x"}"#).fires(&RULE));
    }

    #[test]
    fn goes_by_what_was_computed_of_the_assertion_and_by_what_the_form_holds() {
        // A grant for an assertion whose signature is wrong by the given certificate.
        let forged = Scene::healthy().assertion_by(Signer::Exchange).newer_certificate();
        assert!(!forged.answered(200, r#"{"access_token":"x"}"#).fires(&RULE));
        let granted =
            |form: &str| Scene::healthy().token_request(form, 200, r#"{"access_token":"x"}"#).fires(&RULE);
        assert!(!granted("grant_type=client_credentials&resource=a/b@c"));
        // A signature that nobody could verify contradicts nothing.
        let unknown = Scene::healthy().assertion_by(Signer::Acs);
        assert!(!refused(unknown, 50012, "invalid signature").fires(&RULE));
        assert!(!refused(right(), 50013, "Assertion failed signature validation").fires(&RULE));
        // Names without a tenant, one of two, none, and a field without a value.
        let fields = |form: &str, code, words: &str| {
            let form = format!("grant_type=client_credentials{form}");
            refused(Scene::healthy().token_request(&form, 400, "{}"), code, words).fires(&RULE)
        };
        assert!(!fields("&resource=a/b", 90022, "no principal"));
        assert!(!fields(&format!("&resource=a/b@{TENANT}&client_id=a"), 90022, "no principal"));
        assert!(!fields("", 90022, "no principal"));
        let lacks = "The request body must contain the following parameter: 'client_id'.";
        assert!(fields("&client_id=a", 900144, lacks) && !fields("&client_id=", 900144, lacks));
    }
}
