//! Takes the commands of scripts, gives findings of `script-trust-any`: TLS certificates are not checked.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-trust-any",
    check: CheckId::Challenge,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &["M11"],
    title: "TLS certificates are not checked",
    looks_at: "-TrustAnySSLCertificate of New- and Set-AuthServer and -PartnerApplication.",
    matters: "Whoever stands in between can give Exchange other keys to trust; the switch is not for \
              production.",
    bad: "-TrustAnySSLCertificate",
    good: "no such switch",
    repair: "Leave the switch out, and repair the certificate of the server that is asked.",
    sources: &["Microsoft: New-AuthServer"],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    for (file, command) in case.commands() {
        let off =
            command.value("TrustAnySSLCertificate").is_some_and(|value| value.eq_ignore_ascii_case("$false"));
        if command.has("TrustAnySSLCertificate") && !off {
            out.say("TLS certificates are not checked")
                .location(file.place(command.line))
                .observed(format!("{} -TrustAnySSLCertificate", command.name))
                .expected("no such switch");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_switch() {
        assert!(
            Scene::script("New-AuthServer -Name x -AuthMetadataUrl https://x/ -TrustAnySSLCertificate\n")
                .fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_without_it() {
        assert!(!Scene::script("New-AuthServer -Name x -AuthMetadataUrl https://x/\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_where_it_is_switched_off() {
        for value in ["$false", "$False", "$FALSE"] {
            let script = format!("Set-AuthServer x -TrustAnySSLCertificate:{value}\n");
            assert!(!Scene::script(&script).fires(&RULE), "{value}");
        }
        assert!(Scene::script("Set-AuthServer x -TrustAnySSLCertificate:$true\n").fires(&RULE));
    }
}
