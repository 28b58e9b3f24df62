//! Takes a distinct token, gives findings of `signature-other-signer`: Exchange's key signed for the token service.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::shown;
use crate::checks::place;
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::{Proof, TokenCase};
use crate::keys::Origin;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-other-signer",
    check: CheckId::Signature,
    severity: Severity::Warning,
    since: "0.1.0",
    candidates: &[],
    title: "the uploaded certificate signed a token of the token service",
    looks_at: "Tokens whose `iss` is the token service (ACS or Entra), and whose signature verifies with a key of --cert.",
    matters: "The token service signs with keys of its own, which Exchange asks for. Who holds the key of Exchange can \
             write such a token, and Exchange refuses it (2000000); or the certificate was given with the wrong option.",
    bad: "iss 00000001-…, x5t of the Exchange auth certificate",
    good: "iss 00000001-…, x5t of a key in the metadata of ACS",
    repair: "Give the keys of the token service with --sts-keys. If the certificate of --cert is the one of Exchange: find \
             out what built the token.",
    sources: &["[MS-XOAUTH] 3.2.5.6", "RFC 8725 3.8"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    let Proof::Verified { key, origin: Origin::Uploaded, .. } = case.proof else { return };
    let acs = case.token.principal("iss").is_some_and(|name| place::is_acs(name.id));
    let issuer = case.token.claim("iss").unwrap_or_default();
    if acs || issuer.starts_with("https://sts.windows.net/") {
        out.say("a token of the token service is signed with the uploaded certificate")
            .observed(format!("{}, signed by {key}", shown(issuer)))
            .expected("a key of the token service")
            .claim("iss");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::expectations::SKYPE;
    use crate::checks::testing::{Scene, TENANT};

    fn verified(origin: Origin) -> Proof {
        Proof::Verified { key: "a key".into(), origin, weak: false, thumbprint: None }
    }

    #[test]
    fn fires_on_a_key_of_exchange() {
        assert!(Scene::healthy().fires_on_proof(&RULE, &verified(Origin::Uploaded)));
    }

    #[test]
    fn stays_silent_on_a_key_of_the_token_service_and_on_what_exchange_issues() {
        assert!(!Scene::healthy().fires_on_proof(&RULE, &verified(Origin::TokenService)));
        let own = Scene::healthy().actor("iss", format!("{SKYPE}@{TENANT}"));
        assert!(!own.fires_on_proof(&RULE, &verified(Origin::Uploaded)));
    }
}
