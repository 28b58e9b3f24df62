//! Takes a distinct token, gives findings of `signature-x5t-malformed`: x5t is no SHA-1 thumbprint.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::judge::standing::{shown, thumbprint};
use crate::checks::rule::{Out, Rule, Scope};
use crate::checks::subject::TokenCase;

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "signature-x5t-malformed",
    check: CheckId::Signature,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["C09"],
    title: "x5t is no SHA-1 thumbprint",
    looks_at: "The header member `x5t`, decoded: 20 bytes.",
    matters: "Exchange looks its certificates up by it; a hexadecimal or cut thumbprint never matches.",
    bad: "\"x5t\":\"D0D6BAA255F51F106760CE3BB869A0FE8C9FC298\"",
    good: "\"x5t\":\"0Na6olX1HxBnYM47uGmg_oyfwpg\"",
    repair: "oauthtrace cert <file> prints the right value of a certificate.",
    sources: &["RFC 7515 4.1.7"],
    scope: Scope::Token(examine),
};

fn examine(case: &TokenCase<'_>, out: &mut Out<'_>) {
    if let Some(text) = case.token.header_member("x5t")
        && thumbprint(text).is_none()
    {
        out.say("`x5t` is not the base64url form of 20 bytes")
            .observed(shown(text))
            .expected("27 characters of base64url, the SHA-1 of the certificate")
            .claim("x5t");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;

    #[test]
    fn fires_on_hexadecimal() {
        assert!(
            Scene::healthy().actor_header("x5t", "D0D6BAA255F51F106760CE3BB869A0FE8C9FC298").fires(&RULE)
        );
    }

    #[test]
    fn stays_silent_on_base64url() {
        assert!(!Scene::healthy().fires(&RULE));
    }
}
