//! Takes the commands of scripts, gives findings of `script-match`: an empty thumbprint would match every certificate.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-match",
    check: CheckId::Certificate,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M24"],
    title: "an empty thumbprint would match every certificate",
    looks_at: "-match with a variable that holds a thumbprint, in scripts that do not test whether it is \
               empty.",
    matters: "-match takes the text as a pattern: an empty one matches every certificate of the machine, \
              and the wrong one is exported.",
    bad: "Where {$_.Thumbprint -match $thumbprint}",
    good: "Where-Object { $_.Thumbprint -eq $thumbprint }, after a test for empty",
    repair: "Compare with -eq, and stop when $thumbprint is empty.",
    sources: &["Microsoft: about_Comparison_Operators"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for file in &case.scripts {
        for (line, variable) in &file.script.matches {
            let tested = ["IsNullOrEmpty", "IsNullOrWhiteSpace"].iter().any(|test| {
                file.code().any(|(_, code)| code.contains(test) && code.contains(&format!("${variable}")))
            });
            let compared = |(number, code): (usize, &str)| {
                number == *line && code.to_ascii_lowercase().contains("thumbprint -")
            };
            let thumbprint = variable.to_ascii_lowercase().contains("thumb") || file.code().any(compared);
            if thumbprint && !tested {
                out.say("an empty thumbprint would match every certificate")
                    .location(file.place(*line))
                    .observed(format!("-match ${variable}"))
                    .expected(format!("-eq ${variable}, after a test for empty"))
                    .help(format!(
                        "if ([string]::IsNullOrWhiteSpace(${variable})) {{ throw 'no thumbprint' }}; ... | Where-Object {{ \
                         $_.Thumbprint -eq ${variable} }}"
                    ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_line_of_the_page() {
        assert!(Scene::script("$thumbprint = (Get-AuthConfig).CurrentCertificateThumbprint\n$oAuthCert = (dir Cert:\\LocalMachine\\My) | where {$_.Thumbprint -match $thumbprint}\n").fires(&RULE));
    }

    #[test]
    fn fires_whatever_the_variable_is_called() {
        let script = "$t = (Get-AuthConfig).CurrentCertificateThumbprint\ndir Cert:\\LocalMachine\\My | where {$_.Thumbprint -match $t}\n";
        assert!(Scene::script(script).fires(&RULE));
        assert!(!Scene::script("Get-AuthServer | where {$_.Name -match $t}\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_after_a_test_for_empty_of_that_variable() {
        let script = |test: &str| {
            format!(
                "$thumb = (Get-AuthConfig).CurrentCertificateThumbprint\n{test}\ndir | where {{$_.Thumbprint -match $thumb}}\n"
            )
        };
        assert!(!Scene::script(&script("if ([string]::IsNullOrEmpty($thumb)) { throw 1 }")).fires(&RULE));
        assert!(
            !Scene::script(&script("if ([string]::IsNullOrWhiteSpace($thumb)) { throw 1 }")).fires(&RULE)
        );
        assert!(Scene::script(&script("if ([string]::IsNullOrEmpty($other)) { throw 1 }")).fires(&RULE));
        assert!(Scene::script(&script("if ($thumb) { Get-X }")).fires(&RULE));
    }

    #[test]
    fn stays_silent_on_an_exact_comparison() {
        assert!(!Scene::script("$thumbprint = (Get-AuthConfig).CurrentCertificateThumbprint\n$oAuthCert = (dir Cert:\\LocalMachine\\My) | where {$_.Thumbprint -eq $thumbprint}\n").fires(&RULE));
    }
}
