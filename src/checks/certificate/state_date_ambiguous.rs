//! Takes the state of the organisation, gives findings of `state-date-ambiguous`: a date can be read in two ways.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::plural;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::When;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Value};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-date-ambiguous",
    check: CheckId::Certificate,
    severity: Severity::Info,
    since: "0.1.0",
    candidates: &["N18"],
    title: "a date can be read in two ways",
    looks_at: "Dates that Format-List printed, whose day and month can be exchanged.",
    matters: "The dates of key and certificate are compared; a guess could make a fault look right, or \
              the right look wrong.",
    bad: "EndDate 6/9/2029 without a culture",
    good: "EndDate 6/9/2029 with --culture en-US; 2029-06-09T10:00:00Z",
    repair: "Name the culture of the session with --culture (for example en-US or de-DE), or give \
             CLIXML: `oauthtrace provision collect`.",
    sources: &["Microsoft: Format-List"],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    let printed = [
        (Kind::ExchangeCertificate, "NotBefore"),
        (Kind::ExchangeCertificate, "NotAfter"),
        (Kind::AuthConfig, "NextCertificateEffectiveDate"),
    ];
    let of_objects = printed.iter().flat_map(|(kind, name)| {
        case.of(*kind).filter_map(|object| Some((*name, object.get(name)?, object.place.as_str())))
    });
    let of_keys = case.keys.iter().flat_map(|key| {
        [("StartDate", &key.start, key.place.as_str()), ("EndDate", &key.end, key.place.as_str())]
    });
    let dates: Vec<(&str, &Value, &str)> =
        of_objects.chain(of_keys).filter(|(_, value, _)| case.date(value) == When::Ambiguous).collect();
    let count = dates.len();
    if let Some((name, value, place)) = dates.first() {
        let text = value.as_text().unwrap_or_default();
        let others = match count {
            1 => String::new(),
            more => format!(" ({more} such dates)"),
        };
        let reason = format!(
            "{name} {text} can be read in two ways{others}: name the culture of the session with \
             --culture, for example en-US or de-DE, or give CLIXML (oauthtrace provision collect)"
        );
        out.missing(&reason);
        out.say(format!("{} can be read in two ways", plural(count as u64, "date")))
            .location(*place)
            .observed(format!("{name}: {text}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene,
        organisation::{american, german},
    };
    use crate::state::dates::Order;

    #[test]
    fn fires_without_a_culture() {
        assert!(Scene::healthy().printed(american).fires(&RULE));
    }

    #[test]
    fn fires_and_leaves_the_check_open() {
        assert!(Scene::healthy().printed(german).misses(&RULE));
    }

    #[test]
    fn stays_silent_with_a_culture() {
        assert!(!Scene::healthy().printed(american).order(Order::MonthFirst).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_clixml() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
