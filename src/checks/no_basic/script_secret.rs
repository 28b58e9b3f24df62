//! Takes the commands of scripts, gives findings of `script-secret`: a secret stands in the script.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::is_known;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-secret",
    check: CheckId::NoBasic,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M25"],
    title: "a secret stands in the script",
    looks_at: "ConvertTo-SecureString -AsPlainText with a literal, -Password and -ClientSecret with a \
               literal, variables named like one, private keys.",
    matters: "Scripts are kept, mailed and logged; whoever reads them has the secret.",
    bad: "ConvertTo-SecureString 'P@ssw0rd' -AsPlainText -Force",
    good: "Read-Host -AsSecureString, Get-Credential",
    repair: "Ask for it (Get-Credential, Read-Host -AsSecureString), and change the secret that stood \
             there.",
    sources: &["Microsoft: ConvertTo-SecureString"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.commands() {
        let literal = |value: Option<&str>| value.is_some_and(|value| !value.is_empty() && is_known(value));
        let plain = command.is("ConvertTo-SecureString")
            && command.has("AsPlainText")
            && command.arguments.iter().any(|(name, value)| {
                (name.is_empty()
                    || name.eq_ignore_ascii_case("String")
                    || name.eq_ignore_ascii_case("AsPlainText"))
                    && literal(value.as_deref())
            });
        let parameter = ["Password", "ClientSecret"].iter().any(|name| {
            command
                .arguments
                .iter()
                .any(|(own, value)| own.eq_ignore_ascii_case(name) && literal(value.as_deref()))
        });
        if plain || parameter {
            say(out, file.place(command.line), &format!("a literal in {}", command.name));
        }
    }
    for file in &case.scripts {
        for (line, text) in file.code() {
            if let Some(name) = assigned(text) {
                say(out, file.place(line), &format!("a literal in ${name}"));
            } else if text.contains("PRIVATE KEY-----") {
                say(out, file.place(line), "a private key");
            }
        }
    }
}

fn say(out: &mut Out<'_>, place: String, what: &str) {
    // The secret itself is not repeated.
    out.say("a secret stands in the script").location(place).observed(what).expected("no secret in a script");
}

/// `$password = 'x'`: the variable's name, when it is named like a secret and gets a literal.
fn assigned(line: &str) -> Option<&str> {
    let (name, value) = line.trim_start().strip_prefix('$')?.split_once('=')?;
    let name = name.trim();
    let lower = name.to_ascii_lowercase();
    let secret = ["password", "passwd", "secret", "pwd"].iter().any(|part| lower.ends_with(part));
    let value = value.trim();
    let quote = value.chars().next().filter(|letter| "'\"".contains(*letter))?;
    let inner = value.get(1..)?.split(quote).next()?;
    (secret && !inner.is_empty() && is_known(inner)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_password() {
        assert!(Scene::script("$s = ConvertTo-SecureString 'P@ssw0rd' -AsPlainText -Force\n").fires(&RULE));
    }

    #[test]
    fn fires_on_a_variable() {
        assert!(Scene::script("$password = 'P@ssw0rd'\nConnect-MsolService\n").fires(&RULE));
    }

    #[test]
    fn fires_on_a_literal_wherever_it_is_given() {
        for line in [
            "ConvertTo-SecureString -String 'P@ssw0rd' -AsPlainText",
            "ConvertTo-SecureString -AsPlainText 'P@ssw0rd'",
            "New-Account -Password 'P@ssw0rd'",
            "New-Account -ClientSecret P@ssw0rd",
            "-----BEGIN PRIVATE KEY-----",
        ] {
            assert!(Scene::script(&format!("{line}\n")).fires(&RULE), "{line}");
        }
        for line in [
            "ConvertTo-SecureString -Key 'k' -AsPlainText",
            "ConvertTo-SecureString 'encrypted'",
            "New-Account -Password $given",
            "New-Account -Password ''",
            "$password = ''",
            "$password = Read-Host",
            "$word = 'P@ssw0rd'",
        ] {
            assert!(!Scene::script(&format!("{line}\n")).fires(&RULE), "{line}");
        }
    }

    #[test]
    fn fires_without_repeating_it() {
        assert!(
            Scene::script("$password = 'P@ssw0rd'\nGet-X y\nConnect-MgGraph")
                .hits(&RULE)
                .iter()
                .all(|hit| !hit.observed.to_string().contains("ssw0rd"))
        );
    }

    #[test]
    fn stays_silent_when_it_is_asked_for() {
        assert!(!Scene::script("$s = Read-Host -AsSecureString\nGet-Credential\n").fires(&RULE));
    }
}
