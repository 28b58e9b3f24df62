//! Takes one exchange, gives findings of `accepted-server-error`: the server failed on the call.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::marks::Marks;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "accepted-server-error",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["J01"],
    title: "the server failed on the call",
    looks_at: "Status 500 and above to a request that presented a token in scope, without a SOAP fault.",
    matters: "The call did not succeed, whatever the token was worth.",
    bad: "503 Service Unavailable",
    good: "200",
    repair: "Look at the application pools and the HttpProxy log of that moment: \
             Get-ServerComponentState -Identity <server>; Get-ChildItem \
             \"$env:ExchangeInstallPath\\Logging\\HttpProxy\\Ews\" | Sort-Object LastWriteTime | Select-Object -Last 1",
    sources: &["RFC 9110 15.6"],
    scope: Scope::Marked(Marks::REFUSED, examine),
};

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let Some(status @ 500..) = case.status() else { return };
    let fault = case.ews().is_some_and(|outcome| !outcome.is_success());
    if let Some(seen) = case.presented()
        && !fault
    {
        out.say("the server failed on the call")
            .observed(format!("status {status}"))
            .expected("a successful answer")
            .token(seen.id)
            .location("response.status");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_503() {
        assert!(Scene::healthy().status(503).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_200() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_where_a_fault_says_what_is_wrong_and_without_a_token() {
        let fault = "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>x</faultstring></s:Fault></s:Body></s:Envelope>";
        let told = Scene::healthy().status(500).change(|exchange| {
            exchange.response.as_mut().unwrap().body = crate::checks::testing::body(fault);
        });
        assert!(!told.fires(&RULE));
        let success = Scene::healthy().ews("Success", "NoError").change(|exchange| {
            exchange.response.as_mut().unwrap().status = 500;
        });
        assert!(success.fires(&RULE));
        assert!(!Scene::healthy().status(499).fires(&RULE));
    }
}
