//! Takes one token, gives what those rules say of it that need neither keys nor traffic. For tokens that are pasted.

use crate::checks::expectations::Expectations;
use crate::checks::rule::{Hit, Out, Scope};
use crate::checks::rules::RULES;
use crate::checks::subject::{Proof, Standing, TokenCase};
use crate::token::store::TokenStore;
use crate::token::{Token, TokenId};

/// Rules about the form of a token and about what its parts say of each other.
const ALONE: [&str; 6] = [
    "chain-application",
    "chain-issuer-realm",
    "chain-outer-signed",
    "chain-realm",
    "lifetime-inverted",
    "signature-x5t-malformed",
];

/// What rules say of a token of a store. Nothing but the names of the tenant may be expected for it.
pub fn hits(store: &TokenStore, id: TokenId, token: &Token, tenants: &[String]) -> Vec<Hit> {
    let expected = Expectations { tenants: tenants.to_vec(), ..Expectations::default() };
    let (proof, standing) = (Proof::NoKey, Standing::InScope);
    let case = TokenCase { expected: &expected, store, id, token, standing, proof: &proof };
    let (mut hits, mut missing) = (Vec::new(), Vec::new());
    for rule in RULES.iter().filter(|rule| ALONE.contains(&rule.id)) {
        if let Scope::Token(examine) = rule.scope {
            examine(&case, &mut Out::new(rule, &mut hits, &mut missing));
        }
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_of_them_is_a_rule_about_tokens() {
        for id in ALONE {
            let rule = RULES.iter().find(|rule| rule.id == id);
            assert!(rule.is_some_and(|rule| matches!(rule.scope, Scope::Token(_))), "{id}");
        }
    }
}
