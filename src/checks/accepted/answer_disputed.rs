//! Takes one exchange, gives findings of `accepted-answer-disputed`: a SOAP fault or response code contradicts the request.

use crate::checks::CheckId;
use crate::checks::computed::Computed;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::limits::REQUEST_BYTES;
use crate::soap::request::{self, Asked};
use crate::wire::http::body;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-answer-disputed",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["I05"],
    title: "a SOAP fault or response code contradicts the request",
    looks_at: "Faults and response codes of EWS, also inside a 200, against the recorded request (its ManagementRole and \
               ExchangeImpersonation headers) and against what was computed of its token.",
    matters: "A fault about a header that the request does not have, or about a token in which nothing is wrong, tells that \
              something between the recording and EWS changed the request, or that the server judges by other data.",
    bad: "ErrorInvalidManagementRoleHeader for a request without that header",
    good: "ErrorInvalidManagementRoleHeader for a request that asks for a role",
    repair: "Record on the Exchange server itself and compare the request with this one.",
    sources: &["Microsoft Learn: EWS ResponseCode", "[MS-XOAUTH] 3.2.5.6"],
    scope: Scope::Exchange(examine),
};

const ROLE: [&str; 1] = ["ErrorInvalidManagementRoleHeader"];
const IMPERSONATION: [&str; 5] = [
    "ErrorImpersonateUserDenied",
    "ErrorImpersonationDenied",
    "ErrorImpersonationFailed",
    "ErrorInvalidExchangeImpersonationHeaderData",
    "ErrorMoreThanOneAccessModeSpecified",
];

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(seen) = case.presented() else { return };
    let Some(outcome) = case.ews().filter(|outcome| !outcome.is_success()) else { return };
    let fault = outcome.fault.as_ref();
    let codes = fault.into_iter().flat_map(|fault| fault.response_code.as_deref().or(Some(&fault.code)));
    let codes: Vec<&str> = codes.chain(outcome.errors().map(|error| error.code.as_str())).collect();
    let texts = fault.map(|fault| fault.text.as_str()).into_iter();
    let texts: Vec<&str> = texts.chain(outcome.errors().map(|error| error.text.as_str())).collect();
    let asked = asked(case);
    for (known, header, there) in [
        (&ROLE[..], "ManagementRole", asked.as_ref().map(|(asked, _)| !asked.roles.is_empty())),
        (&IMPERSONATION[..], "ExchangeImpersonation", asked.as_ref().map(|(_, impersonates)| *impersonates)),
    ] {
        if let Some(code) = codes.iter().find(|code| known.contains(code)).filter(|_| there == Some(false)) {
            out.say(format!(
                "the answer speaks of a {header} header that the recorded request does not have"
            ))
            .observed(format!("{}, and no {header} in the request", shown(code)))
            .expected("an answer to what was asked")
            .token(seen.id)
            .location("response.body.xml");
        }
    }
    let computed = Computed::of(case, seen);
    let said = texts.iter().find_map(|text| Some((computed.contradicts(category(text)?)?, *text)));
    if let Some(((message, help), text)) = said {
        out.say(message)
            .observed(shown(text))
            .expected("success, or another reason")
            .help(help)
            .token(seen.id)
            .location("response.body.xml");
    }
}

/// What a request asked for, and whether it impersonates a user; `None` when it is not in the source, or not all of it.
fn asked(case: &ExchangeCase<'_>) -> Option<(Asked, bool)> {
    let request = case.request()?;
    if request.body.bytes.is_empty() || !request.body.complete {
        return None;
    }
    let (content, _) = body::content_prefix(&request.head, &request.body, REQUEST_BYTES);
    let content = content.get(..REQUEST_BYTES).unwrap_or(&content);
    let impersonates = memchr::memmem::find(content, b"ExchangeImpersonation").is_some();
    Some((request::read(content)?, impersonates))
}

/// The category of refusal that a sentence of Exchange stands for.
fn category(text: &str) -> Option<&'static str> {
    let text = text.to_ascii_lowercase();
    [
        ("invalid signature", "invalid_signature"),
        ("token has expired", "token_expired"),
        ("token is expired", "token_expired"),
        ("hostname component of the audience", "invalid_resource"),
        ("audience claim value is invalid", "invalid_resource"),
        ("tenant guid", "invalid_tenant"),
    ]
    .into_iter()
    .find(|(words, _)| text.contains(words))
    .map(|(_, category)| category)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, body};

    const ENVELOPE: &str = r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">"#;

    fn fault(text: &str) -> String {
        format!(
            "{ENVELOPE}<s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>{text}</faultstring></s:Fault></s:Body></s:Envelope>"
        )
    }

    fn answered(scene: Scene, answer: String) -> Scene {
        scene.change(move |exchange| exchange.response.as_mut().unwrap().body = body(&answer))
    }

    fn asking(header: &str) -> Scene {
        let text =
            format!("{ENVELOPE}<s:Header>{header}</s:Header><s:Body><GetFolder/></s:Body></s:Envelope>");
        Scene::healthy().change(move |exchange| exchange.request.as_mut().unwrap().body = body(&text))
    }

    #[test]
    fn fires_on_a_response_code_inside_a_200_about_a_header_that_is_not_there() {
        assert!(asking("").ews("Error", "ErrorInvalidManagementRoleHeader").fires(&RULE));
        assert!(asking("").ews("Error", "ErrorImpersonateUserDenied").fires(&RULE));
    }

    #[test]
    fn fires_on_a_fault_about_a_token_that_is_in_order() {
        for text in ["The token has expired.", "The token has an invalid signature."] {
            assert!(answered(Scene::healthy(), fault(text)).fires(&RULE), "{text}");
        }
    }

    #[test]
    fn stays_silent_where_the_request_has_the_header_or_the_token_the_fault() {
        let role = "<ManagementRole><ApplicationRoles><Role>UserApplication</Role></ApplicationRoles></ManagementRole>";
        assert!(!asking(role).ews("Error", "ErrorInvalidManagementRoleHeader").fires(&RULE));
        assert!(
            !answered(Scene::healthy().used_after_expiry(90_000), fault("The token has expired."))
                .fires(&RULE)
        );
        assert!(!Scene::healthy().ews("Error", "ErrorInvalidManagementRoleHeader").fires(&RULE));
    }
}
