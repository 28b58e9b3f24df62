//! Takes one exchange, gives findings of `coverage-host-repeated`: a request has several Host fields.

use crate::base::lossy;
use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::marks::Marks;
use crate::checks::place::{self, Place};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::ExchangeCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "coverage-host-repeated",
    check: CheckId::Coverage,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "a request has several Host fields",
    looks_at: "The number of `Host` fields of requests to Exchange and to token services.",
    matters: "A server has to refuse such a request with 400. Where one does not, the devices on its way may each \
              take another host, and the audience of a token cannot be compared with any of them.",
    bad: "Host: mail.contoso.com and Host: owa.contoso.com in one request",
    good: "one Host field",
    repair: "Find what adds the field: compare the request before and behind each proxy and load balancer, and have it \
             set the field instead of adding one.",
    sources: &["RFC 9112 3.2"],
    scope: Scope::Marked(Marks::HOSTS, examine),
};

/// Hosts that are listed.
const SHOWN: usize = 4;

fn examine(case: &ExchangeCase<'_>, out: &mut Out<'_>) {
    let (count, _) = case.hosts();
    if count < 2 || !matches!(case.place, Place::Exchange | Place::TokenService) {
        return;
    }
    let Some(request) = case.request() else { return };
    let hosts = request.head.all("host").take(SHOWN).map(|field| {
        // What stands before the host is a secret.
        place::without_user(&lossy(field.value)).to_owned()
    });
    let more = if count > SHOWN { ", …" } else { "" };
    out.say("a request has several Host fields, which a server has to refuse")
        .observed(format!("{count} Host fields: {}{more}", shown(&hosts.collect::<Vec<_>>().join(", "))))
        .expected("one Host field")
        .location("request.header.host");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::exchange::Head;

    fn hosts(hosts: &'static [&'static str]) -> Scene {
        Scene::healthy().change(move |exchange| {
            let head = &mut exchange.request.as_mut().unwrap().head;
            let own = head.fields().filter(|field| !field.is("host")).map(|field| (field.name, field.value));
            let named = hosts.iter().map(|host| (&b"Host"[..], host.as_bytes()));
            *head = Head::from_pairs(named.chain(own).collect::<Vec<_>>());
        })
    }

    #[test]
    fn fires_on_two_fields_whether_they_differ_or_not() {
        assert!(hosts(&["mail.contoso.com", "owa.contoso.com"]).fires(&RULE));
        assert!(hosts(&["mail.contoso.com", "mail.contoso.com"]).fires(&RULE));
    }

    #[test]
    fn shows_hosts_and_no_users() {
        let found =
            hosts(&["anna:secret@mail.contoso.com", "bob:secret@a:secret@owa.contoso.com"]).judge().findings;
        let found = found.iter().find(|finding| finding.rule == RULE.id).unwrap();
        assert_eq!(found.observed, "2 Host fields: mail.contoso.com, owa.contoso.com");
    }

    #[test]
    fn stays_silent_on_one_field_and_elsewhere() {
        assert!(!hosts(&["mail.contoso.com"]).fires(&RULE));
        assert!(!hosts(&[]).fires(&RULE));
        assert!(!hosts(&["mail.contoso.com", "owa.contoso.com"]).target("/other/").fires(&RULE));
    }
}
