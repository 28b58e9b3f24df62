//! Takes one exchange, gives findings of `password-in-soap`: a password stands in a SOAP request.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::place::Place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "password-in-soap",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["A01", "H02"],
    title: "a password stands in a SOAP request",
    looks_at: "A `UsernameToken` with a `Password` in plain text (WS-Security) in what is sent to /ews, /autodiscover, \
               /api, /mapi, /oab and to token services, which take one by WS-Trust (AD FS among them). Elsewhere it is a warning; a digest \
               of a password is none.",
    matters: "It is a user name and a password as in Basic authentication, only in the body: whatever else the request \
              bears, a password carries the call.",
    bad: "<wsse:UsernameToken><wsse:Username>anna</wsse:Username><wsse:Password>…</wsse:Password></wsse:UsernameToken>",
    good: "Authorization: Bearer eyJ…, and no wsse:Security header",
    repair: "Find the client by its address and user agent and move it to OAuth. WS-Security on the virtual directory \
             stays: Exchange needs it for federation. Change the password: it was recorded.",
    sources: &["OASIS WS-Security UsernameToken Profile 1.1 3.1", "OASIS WS-Trust 1.3"],
    scope: Scope::Marked(Marks::SOAP_PASSWORD, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if !case.soap_password() {
        return;
    }
    let hit = out.say("a password was sent in a SOAP request");
    hit.observed(format!("UsernameToken with a password to {}", super::target(case)))
        .expected("Bearer")
        .location("request.body");
    if !matches!(case.place, Place::Exchange | Place::TokenService) {
        hit.severity(Severity::Warning);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, body};

    fn scene(security: &str) -> Scene {
        let text = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header><o:Security>{security}\
             </o:Security></s:Header><s:Body><m:GetFolder/></s:Body></s:Envelope>"
        );
        Scene::healthy().change(move |exchange| exchange.request.as_mut().unwrap().body = body(&text))
    }

    const PASSWORD: &str =
        "<o:UsernameToken><o:Username>anna</o:Username><o:Password>secret</o:Password></o:UsernameToken>";

    #[test]
    fn fires_on_a_password() {
        assert_eq!(scene(PASSWORD).severity(&RULE), Some(Severity::Error));
    }

    #[test]
    fn a_password_that_goes_elsewhere_is_a_warning() {
        assert_eq!(scene(PASSWORD).target("/owa/").severity(&RULE), Some(Severity::Warning));
        let federation =
            scene(PASSWORD).host("fs.contoso.com").target("/adfs/services/trust/13/usernamemixed");
        assert_eq!(federation.severity(&RULE), Some(Severity::Error));
    }

    #[test]
    fn stays_silent_without_one() {
        assert!(!scene("").fires(&RULE));
        assert!(!scene("<o:UsernameToken><o:Username>anna</o:Username></o:UsernameToken>").fires(&RULE));
        assert!(!scene("<o:BinarySecurityToken>eA==</o:BinarySecurityToken>").fires(&RULE));
    }
}
