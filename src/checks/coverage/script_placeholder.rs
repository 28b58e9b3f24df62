//! Takes the commands of scripts, gives findings of `script-placeholder`: a placeholder of the template was left in the script.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-placeholder",
    check: CheckId::Coverage,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M14"],
    title: "a placeholder of the template was left in the script",
    looks_at: "Text in angle brackets, and the names of Microsoft's examples (contoso.com, fabrikam.com).",
    matters: "The command runs for an organisation that is not yours, or fails.",
    bad: "SfBOnline-ApplicationAccount@<your Verified Domain>",
    good: "SfBOnline-ApplicationAccount@contoso.example",
    repair: "Put the value of your organisation there, or let `oauthtrace provision script` write the \
             steps.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

const EXAMPLES: [&str; 5] = [
    "contoso.com",
    "contoso.onmicrosoft.com",
    "contoso.mail.onmicrosoft.com",
    "fabrikam.com",
    "litwareinc.com",
];

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        for (line, text) in file.code() {
            if let Some(found) = bracketed(text).or_else(|| example(text)) {
                out.say("a placeholder of the template was left in the script")
                    .location(file.place(line))
                    .observed(found)
                    .expected("the value of your organisation");
            }
        }
    }
}

/// `<your Verified Domain>`: letters between brackets, on one line.
fn bracketed(line: &str) -> Option<String> {
    line.split('<').skip(1).find_map(|rest| {
        let inner = rest.split_once('>')?.0;
        let words = inner.starts_with(|letter: char| letter.is_alphabetic())
            && inner.chars().all(|letter| letter.is_alphanumeric() || " -_'.".contains(letter));
        words.then(|| format!("<{inner}>"))
    })
}

/// A domain of Microsoft's examples, as a whole name.
fn example(line: &str) -> Option<String> {
    let letters = |letter: char| !(letter.is_alphanumeric() || letter == '.' || letter == '-');
    let is = |word: &&str| {
        let word = word.trim_end_matches('.').to_ascii_lowercase();
        EXAMPLES.iter().any(|known| word == *known || word.ends_with(&format!(".{known}")))
    };
    line.split(letters).find(is).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_brackets() {
        assert!(
            Scene::script("New-MailUser -Name x -ExternalEmailAddress 'x@<your Verified Domain>'\n")
                .fires(&RULE)
        );
    }

    #[test]
    fn fires_on_the_example() {
        assert!(Scene::script("New-MailUser -Name x -ExternalEmailAddress x@contoso.com\n").fires(&RULE));
    }

    #[test]
    fn tells_placeholders_from_what_only_looks_alike() {
        for (line, placeholder) in [
            ("Get-X <Tenant-GUID>", Some("<Tenant-GUID>")),
            ("Get-X <it's 2nd_name.x>", Some("<it's 2nd_name.x>")),
            ("Get-X <1>", None),
            ("Get-X <a=b>", None),
            ("Get-X < a>", None),
            ("Get-X mail.contoso.com.", Some("mail.contoso.com.")),
            ("Get-X CONTOSO.com", Some("CONTOSO.com")),
            ("Get-X mycontoso.com", None),
            ("Get-X my-contoso.com", None),
            ("Get-X contoso.com.example", None),
        ] {
            assert_eq!(bracketed(line).or_else(|| example(line)).as_deref(), placeholder, "{line}");
        }
    }

    #[test]
    fn stays_silent_on_a_real_domain() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_pattern() {
        assert!(!Scene::script("if ($x -like '*<*') { Write-Host 1 }\n$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example").fires(&RULE));
    }
}
