//! Takes the state of the organisation, gives findings of `state-auth-certificate-unusable`: the auth certificate cannot be used.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::{carry, hex, quoted, renew};
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Value;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-auth-certificate-unusable",
    check: CheckId::Certificate,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N02"],
    title: "the auth certificate cannot be used",
    looks_at: "The entry of the current auth certificate in Get-ExchangeCertificate: HasPrivateKey, \
               Status, dates, PublicKeySize.",
    matters: "Without its private key nothing can be signed; when it has expired, or is not trusted, \
              every token is refused.",
    bad: "HasPrivateKey False; Status Invalid; NotAfter 2024-01-01",
    good: "HasPrivateKey True; Status Valid; NotAfter in the future; 2048 bits",
    repair: "Make a new auth certificate, upload it, then publish it: `oauthtrace provision script` \
             writes the rollover (80, 50, 81).",
    sources: &[
        "CSS-Exchange: FreeBusyChecker, HealthChecker",
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let Some(current) = case.auth_thumbprint("Current") else { return };
    // A server that has it whole can give it to the others.
    let healthy = case
        .stored(current)
        .filter(|object| object.flag("HasPrivateKey") == Some(true))
        .find_map(|object| object.text("Server").filter(|name| !name.is_empty()));
    for object in case.stored(current) {
        let server = object.text("Server").filter(|name| !name.is_empty());
        let on = server.map_or_else(String::new, |name| format!(" on {name}"));
        let mut wrong: Vec<(String, &'static str, &'static str)> = Vec::new();
        if object.flag("HasPrivateKey") == Some(false) {
            wrong.push((
                "HasPrivateKey: False".into(),
                "the certificate with its private key",
                "HasPrivateKey",
            ));
        }
        // 1: `ConvertTo-Json` on a server prints the number of an enumeration.
        let fine = |text: &str| text.is_empty() || text.eq_ignore_ascii_case("Valid") || text == "1";
        if let Some(status) = object.text("Status").map(str::trim).filter(|text| !fine(text)) {
            wrong.push((format!("Status: {status}"), "Status: Valid", "Status"));
        }
        let bits = object.text("PublicKeySize").and_then(|text| text.trim().parse::<u32>().ok());
        if let Some(bits) = bits.filter(|bits| *bits < 2048) {
            wrong.push((format!("PublicKeySize: {bits}"), "2048 bits or more", "PublicKeySize"));
        }
        if let Some(end) = case.when(object, "NotAfter").known().filter(|end| *end < case.at) {
            wrong.push((format!("NotAfter: {end}"), "an end of validity in the future", "NotAfter"));
        }
        let ended = object.get("NotAfter").filter(|value| case.past_either_way(value));
        if let Some(text) = ended.and_then(Value::as_text) {
            wrong.push((
                format!("NotAfter: {text}, which is past however day and month are read"),
                "an end of validity in the future",
                "NotAfter",
            ));
        }
        if let Some(start) = case.when(object, "NotBefore").known().filter(|start| *start > case.at) {
            wrong.push((format!("NotBefore: {start}"), "a start of validity in the past", "NotBefore"));
        }
        let target = server.map_or_else(String::new, |name| format!(" -Server {}", quoted(name)));
        for (observed, expected, claim) in wrong {
            out.say(format!("the current auth certificate{on} cannot be used"))
                .location(&object.place)
                .claim(claim)
                .observed(observed)
                .expected(expected)
                .help(match healthy.filter(|_| claim == "HasPrivateKey").zip(server) {
                    Some((from, to)) => carry(current, from, to),
                    None => format!(
                        "Get-ExchangeCertificate{target} -Thumbprint {} | Format-List *\n{}",
                        hex(current),
                        renew()
                    ),
                });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{Scene, date};

    #[test]
    fn fires_without_a_private_key() {
        assert!(Scene::healthy().set("Get-ExchangeCertificate", "EX02", "HasPrivateKey", false).fires(&RULE));
    }

    #[test]
    fn fires_on_an_expired_one() {
        assert!(
            Scene::healthy()
                .set("Get-ExchangeCertificate", "EX01", "NotAfter", date("2025-01-01T00:00:00Z"))
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_an_end_that_is_past_however_it_is_read() {
        let ends = |text: &str| {
            Scene::healthy().set("Get-ExchangeCertificate", "EX01", "NotAfter", text).fires(&RULE)
        };
        assert!(ends("01/02/2025 10:00:00"));
        assert!(!ends("01/02/2035 10:00:00"));
    }

    #[test]
    fn fires_on_a_short_key() {
        assert!(
            Scene::healthy().set("Get-ExchangeCertificate", "EX01", "PublicKeySize", "1024").fires(&RULE)
        );
    }

    #[test]
    fn fires_before_the_start_and_not_at_the_bounds() {
        let at = |name: &str, time: &str| {
            Scene::healthy().set("Get-ExchangeCertificate", "EX01", name, date(time)).fires(&RULE)
        };
        assert!(at("NotBefore", "2031-01-01T00:00:00Z"));
        assert!(!at("NotAfter", "2031-01-01T00:00:00Z"));
    }

    #[test]
    fn a_server_that_has_it_whole_gives_it_to_the_others() {
        let hits =
            Scene::healthy().set("Get-ExchangeCertificate", "EX02", "HasPrivateKey", false).hits(&RULE);
        assert!(hits[0].help.contains("EX01") && hits[0].help.contains("EX02"), "{}", hits[0].help);
        let none = Scene::healthy().set("Get-ExchangeCertificate", "EX01", "HasPrivateKey", false).set(
            "Get-ExchangeCertificate",
            "EX02",
            "HasPrivateKey",
            false,
        );
        assert!(none.hits(&RULE).iter().all(|hit| !hit.help.contains("Import-ExchangeCertificate")));
        let short =
            Scene::healthy().set("Get-ExchangeCertificate", "EX01", "PublicKeySize", "1024").hits(&RULE);
        assert!(!short[0].help.contains("Import-ExchangeCertificate"), "{}", short[0].help);
    }

    #[test]
    fn fires_on_a_bad_status() {
        assert!(
            Scene::healthy()
                .set("Get-ExchangeCertificate", "EX01", "Status", "RevocationCheckFailure")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_a_good_one() {
        assert!(!Scene::healthy().fires(&RULE));
        assert!(!Scene::healthy().set("Get-ExchangeCertificate", "EX01", "Status", "1").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_another_certificate() {
        assert!(
            !Scene::healthy()
                .set("Get-ExchangeCertificate", "CN=mail.contoso.example", "HasPrivateKey", false)
                .fires(&RULE)
        );
    }
}
