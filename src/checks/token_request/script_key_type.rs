//! Takes the commands of scripts, gives findings of `script-key-type`: the key is uploaded with a wrong type or usage.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::organisation::script::{ScriptFile, is_known};
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-key-type",
    check: CheckId::TokenRequest,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M03"],
    title: "the key is uploaded with a wrong type or usage",
    looks_at: "-Type and -Usage of New-MsolServicePrincipalCredential; type and usage of keys for \
               Microsoft Graph.",
    matters: "Exchange proves itself with a certificate; a symmetric key, or one for signing, does not \
              verify its tokens.",
    bad: "-Type Symmetric; -Usage Sign; type = 'X509CertAndPassword'",
    good: "-Type asymmetric -Usage Verify; AsymmetricX509Cert, Verify",
    repair: "-Type asymmetric -Usage Verify (MSOnline); @{ type = 'AsymmetricX509Cert'; usage = \
             'Verify'; key = ... } (Graph).",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
        "Microsoft Graph: keyCredential",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.named("New-MsolServicePrincipalCredential") {
        for (parameter, wanted) in [("Type", "asymmetric"), ("Usage", "Verify")] {
            // Without -Type the cmdlet makes a symmetric key; -Usage is Verify by itself.
            let omitted = parameter == "Type" && !command.has(parameter) && !command.is_open();
            if omitted {
                wrong(out, file, command.line, "no -Type", &format!("-{parameter} {wanted}"));
            }
            let value = command.value(parameter).filter(|value| is_known(value));
            if let Some(value) = value.filter(|value| !value.eq_ignore_ascii_case(wanted)) {
                wrong(
                    out,
                    file,
                    command.line,
                    &format!("-{parameter} {value}"),
                    &format!("-{parameter} {wanted}"),
                );
            }
        }
    }
    for file in case
        .scripts
        .iter()
        .filter(|file| file.upload().is_some_and(|one| one.is("Update-MgServicePrincipal")))
    {
        for (line, text) in file.code() {
            for (member, wanted) in [("type", "AsymmetricX509Cert"), ("usage", "Verify")] {
                if let Some(value) =
                    literal_of(text, member).filter(|value| !value.eq_ignore_ascii_case(wanted))
                {
                    wrong(
                        out,
                        *file,
                        line,
                        &format!("{member} = {value}"),
                        &format!("{member} = '{wanted}'"),
                    );
                }
            }
        }
    }
}

fn wrong(out: &mut Out<'_>, file: ScriptFile<'_>, line: usize, observed: &str, expected: &str) {
    out.say("the key is uploaded with a wrong type or usage")
        .location(file.place(line))
        .observed(observed)
        .expected(expected)
        .help(expected);
}

/// The quoted value of `member = 'value'` in a hashtable.
fn literal_of<'t>(line: &'t str, member: &str) -> Option<&'t str> {
    let lower = line.to_ascii_lowercase();
    let at = lower.match_indices(member).map(|(at, _)| at).find(|at| {
        !lower.get(..*at).is_some_and(|before| {
            before.ends_with(|letter: char| letter.is_alphanumeric() || ".$-_".contains(letter))
        })
    })?;
    let rest = line.get(at + member.len()..)?.trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|letter| "'\"".contains(*letter))?;
    rest.get(1..)?.split(quote).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_a_symmetric_key() {
        assert!(Scene::script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type symmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn fires_on_no_type() {
        let upload = "New-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Usage Verify -Value $credValue";
        assert!(Scene::script(upload).fires(&RULE));
        assert!(!Scene::script(&format!("{upload} @rest")).fires(&RULE));
        assert!(!Scene::script(&format!("$t = @{{ Type = 'asymmetric' }}\n{upload} @t")).fires(&RULE));
    }

    #[test]
    fn fires_on_graph_with_another_type() {
        assert!(Scene::script("$k = @{ key = $b; type = 'X509CertAndPassword'; usage = 'Verify' }\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $k\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_the_right_ones() {
        assert!(!Scene::script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_on_graph() {
        assert!(!Scene::script("$k = @{ key = $b; type = 'AsymmetricX509Cert'; usage = 'Verify' }\nUpdate-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $k\n").fires(&RULE));
    }

    #[test]
    fn reads_the_member_alone_and_no_variables() {
        let graph = |key: &str| {
            let upload = "Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $k";
            Scene::script(&format!("{key}\n{upload}\n")).fires(&RULE)
        };
        assert!(graph("$k = @{ key = $b; usage = 'Sign'; type = \"AsymmetricX509Cert\" }"));
        for other in ["$type = 'x'", "$k.keyType = 'x'", "$mytype = 'x'", "$k = @{ type = $kind }"] {
            assert!(!graph(other), "{other}");
        }
        let msol = |rest: &str| {
            let upload = "New-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Value $v";
            Scene::script(&format!("{upload} {rest}\n")).fires(&RULE)
        };
        assert!(msol("-Type asymmetric -Usage Sign"));
        // -Usage is Verify by itself, and what a variable holds is not known.
        assert!(!msol("-Type asymmetric") && !msol("-Type $type -Usage $usage"));
    }
}
