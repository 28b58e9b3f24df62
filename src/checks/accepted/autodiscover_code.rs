//! Takes one exchange, gives findings of `accepted-autodiscover-code`: Autodiscover accepts the token, and gives no settings.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;
use crate::soap::autodiscover::{self, Meaning};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-autodiscover-code",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["J01"],
    title: "Autodiscover accepts the token, and gives no settings",
    looks_at: "ErrorCode of the whole, of a user or of a domain in SOAP answers of Autodiscover with status 2xx to a \
               presented token. RedirectAddress and RedirectUrl are noted only: so callers find mailboxes that were moved.",
    matters: "Authentication succeeded: nothing is wrong with the token. But the caller did not learn where the mailbox \
              is, and goes no further, or asks elsewhere.",
    bad: "200 with ErrorCode InvalidUser",
    good: "200 with ErrorCode NoError",
    repair: "For InvalidUser: Get-Recipient <address the caller asked for> | Format-List RecipientTypeDetails, \
             PrimarySmtpAddress, EmailAddresses, ExternalEmailAddress; for a mailbox that was moved: Get-RemoteMailbox \
             <address> | Format-List RemoteRoutingAddress",
    sources: &["Microsoft Learn: ErrorCode (SOAP)"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let answered = matches!(case.status(), Some(200..=299));
    let asked = case.request().is_some_and(|request| place::begins_with(request.path(), "/autodiscover/"));
    if !answered || !asked {
        return;
    }
    let Some(seen) = case.presented() else { return };
    for (code, meaning) in autodiscover::codes(case.answer()) {
        let (severity, says) = match meaning {
            Meaning::Elsewhere => {
                (Severity::Info, "Autodiscover accepts the token, and sends the caller elsewhere")
            }
            Meaning::Unknown => {
                (Severity::Warning, "Autodiscover accepts the token, and does not know what was asked for")
            }
            Meaning::Failed => (Severity::Warning, "Autodiscover accepts the token, and does not answer"),
        };
        out.say(says)
            .severity(severity)
            .observed(format!("ErrorCode {code}"))
            .expected("NoError")
            .cause(code)
            .token(seen.id)
            .location("response.body.xml");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, body};

    fn answered(target: &str, code: &str) -> Scene {
        let text = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetUserSettingsResponseMessage \
             xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><Response><ErrorCode>NoError</ErrorCode>\
             <UserResponses><UserResponse><ErrorCode>{code}</ErrorCode></UserResponse></UserResponses></Response>\
             </GetUserSettingsResponseMessage></s:Body></s:Envelope>"
        );
        Scene::healthy().target(target).status(200).change(move |exchange| {
            if let Some(response) = exchange.response.as_mut() {
                response.body = body(&text);
            }
        })
    }

    #[test]
    fn fires_on_an_unknown_user_and_notes_another_address() {
        let at = "/autodiscover/autodiscover.svc/wssecurity";
        assert_eq!(answered(at, "InvalidUser").severity(&RULE), Some(Severity::Warning));
        assert_eq!(answered(at, "RedirectAddress").severity(&RULE), Some(Severity::Info));
        assert_eq!(
            answered("/Autodiscover/autodiscover.svc", "ServerBusy").severity(&RULE),
            Some(Severity::Warning)
        );
    }

    #[test]
    fn stays_silent_on_settings() {
        assert!(!answered("/autodiscover/autodiscover.svc", "NoError").fires(&RULE));
        assert!(!answered("/ews/exchange.asmx", "InvalidUser").fires(&RULE));
        assert!(!answered("/autodiscover/autodiscover.svc", "InvalidUser").status(500).fires(&RULE));
        assert!(!Scene::healthy().fires(&RULE));
    }
}
