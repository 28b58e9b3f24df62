//! Takes the state of the organisation, gives findings of `state-partner-duplicated`: a partner application is enabled twice.

use crate::checks::CheckId;
use crate::checks::expectations::EXCHANGE;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::Object;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-partner-duplicated",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N13"],
    title: "a partner application is enabled twice",
    looks_at: "How many enabled partner applications have the same ApplicationIdentifier and Realm.",
    matters: "Exchange cannot tell which of them, and which account, a token stands for.",
    bad: "two enabled objects for 00000004-0000-0ff1-ce00-000000000000",
    good: "exactly one",
    repair: "Remove the one that was not meant: Remove-PartnerApplication -Identity <name>",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::State(examine),
};

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for id in case.applications().iter().map(|application| application.id).chain([EXCHANGE]) {
        let realm = |object: &Object| object.text("Realm").unwrap_or_default().trim().to_ascii_lowercase();
        // One whose name was cut may be the same once more, one whose realm was cut may have another.
        let told =
            |object: &&Object| object.has_name() && object.get("Realm").is_none_or(|realm| !realm.is_cut());
        let all = case.partners(id).into_iter().filter(|object| object.flag("Enabled") != Some(false));
        let (enabled, unclear): (Vec<&Object>, Vec<&Object>) = all.partition(told);
        if let Some(one) = unclear.first().filter(|_| enabled.len() + unclear.len() > 1) {
            out.missing(format!(
                "Get-PartnerApplication shows {id} more than once, and not the whole of Name and Realm ({}): print it again with \
                 `Get-PartnerApplication | Format-List *`",
                one.place
            ));
        }
        let twice = enabled.iter().enumerate().find(|(at, one)| {
            enabled.iter().take(*at).any(|earlier| {
                let shown = earlier.get("Realm").is_some() || one.get("Realm").is_some();
                shown && realm(earlier) == realm(one) && earlier.name() != one.name()
            })
        });
        if let Some((_, second)) = twice {
            let names: Vec<&str> = enabled.iter().map(|object| object.name()).collect();
            out.say(format!("{} partner applications {id} are enabled", enabled.len()))
                .location(&second.place)
                .observed(names.join(", "))
                .about(id)
                .expected("exactly one")
                .help(format!(
                    "Remove-PartnerApplication -Identity {} # or the other one",
                    quoted(second.name())
                ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::{
        Scene,
        organisation::{ACCOUNT, SKYPE},
        properties,
    };

    #[test]
    fn leaves_it_open_where_the_console_cut_the_names() {
        let table = |second: &str| {
            format!(
                "Name         ApplicationIdentifier                Enabled Realm\n----         ---------------------                ------- -----\nSfBOnlin...  {SKYPE}    True      \n{second}"
            )
        };
        let said = |text: &str| {
            let files = [crate::state::read(text.as_bytes(), "a").unwrap()];
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let case = StateCase::new(&files, crate::base::Instant::from_seconds(0));
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.len(), missing.len())
        };
        let ask = "[PS] C:\\>Get-PartnerApplication | ft\n\n";
        assert_eq!(said(&format!("{ask}{}", table(""))), (0, 0));
        assert_eq!(
            said(&format!("{ask}{}", table(&format!("SfB          {SKYPE}    True      \n")))),
            (0, 1)
        );
    }

    #[test]
    fn fires_on_two() {
        assert!(
            Scene::healthy()
                .add(
                    "Get-PartnerApplication",
                    properties([
                        ("Name", "Second".into()),
                        ("ApplicationIdentifier", SKYPE.into()),
                        ("Enabled", true.into()),
                        ("LinkedAccount", ACCOUNT.into())
                    ])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_when_the_second_is_disabled() {
        assert!(
            !Scene::healthy()
                .add(
                    "Get-PartnerApplication",
                    properties([
                        ("Name", "Second".into()),
                        ("ApplicationIdentifier", SKYPE.into()),
                        ("Enabled", false.into()),
                        ("LinkedAccount", ACCOUNT.into())
                    ])
                )
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_another_realm_and_on_the_same_object_once_more() {
        let second = |name: &str, realm: &str| {
            Scene::healthy().set("Get-PartnerApplication", SKYPE, "Realm", "").add(
                "Get-PartnerApplication",
                properties([
                    ("Name", name.into()),
                    ("ApplicationIdentifier", SKYPE.into()),
                    ("Enabled", true.into()),
                    ("Realm", realm.into()),
                ]),
            )
        };
        assert!(second("Second", "").fires(&RULE));
        assert!(!second("Second", "fabrikam.com").fires(&RULE));
        let own = second("x", "").hits(&RULE)[0].observed.to_string();
        let own = own.split(", ").find(|name| *name != "x").unwrap().to_owned();
        assert!(!second(&own, "").fires(&RULE));
    }
}
