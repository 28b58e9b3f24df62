//! Takes one exchange, gives findings of `accepted-told-inside`: an answer quotes how another server refused a token.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-told-inside",
    check: CheckId::Accepted,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["J01"],
    title: "an answer quotes how another server refused a token",
    looks_at: "Errors inside EWS answers that quote x-ms-diagnostics: a server asks another one for \
               availability, and tells its client what that one said.",
    matters: "The call that was refused is another one than the recorded one, between the two organisations, \
              and its token is that of Exchange; why it was refused stands here only.",
    bad: "ErrorProxyRequestProcessingFailed: Proxy web request failed … HTTP status 401: Unauthorized \
          diagnostics: 2000005;…;error_category=\"invalid_user\"",
    good: "availability without an error",
    repair: "See the number: oauthtrace explain <number>",
    sources: &["Microsoft Support: Resolve free/busy errors"],
    scope: Scope::Exchange(examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    if !case.at_exchange() {
        return;
    }
    let Some(said) = case.told_inside() else { return };
    let hit = out.say("an answer quotes how another server refused a token");
    hit.observed(quoted(&said.summary())).expected("no error").location("response.body.xml");
    if let Some(advice) = said.advice() {
        hit.help(advice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, body};

    fn answered(text: &str) -> Scene {
        let envelope = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><GetUserAvailabilityResponse xmlns=\"http://schemas.microsoft.com/exchange/services/2006/messages\"><FreeBusyResponseArray><FreeBusyResponse><ResponseMessage ResponseClass=\"Error\"><MessageText>{text}</MessageText><ResponseCode>ErrorProxyRequestProcessingFailed</ResponseCode></ResponseMessage></FreeBusyResponse></FreeBusyResponseArray></GetUserAvailabilityResponse></s:Body></s:Envelope>"
        );
        Scene::healthy().status(200).change(move |exchange| {
            if let Some(response) = exchange.response.as_mut() {
                response.body = body(&envelope);
            }
        })
    }

    #[test]
    fn fires_on_quoted_diagnostics() {
        let told = "Proxy web request failed. , inner exception: The request failed with HTTP status 401: Unauthorized diagnostics: 2000005;reason=\"The user specified by the user-context in the token is ambiguous.\";error_category=\"invalid_user\"";
        assert!(answered(told).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_other_errors() {
        assert!(!answered("Unable to connect to the remote server").fires(&RULE));
        assert!(!Scene::healthy().fires(&RULE));
    }
}
