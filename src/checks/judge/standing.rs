//! Takes a distinct token, gives how far it is judged and what its signature came to.

use crate::base::opaque;
use crate::checks::expectations::{EXCHANGE, Expectations};
use crate::checks::realm::{self, Realm};
use crate::checks::subject::{self, Proof, Standing, TokenCase, algorithm};
use crate::checks::{CheckId, place, rule::Hit};
use crate::json::Value;
use crate::keys::signature::{Signature, Signer};
use crate::keys::{Key, KeyRing, Material, Origin};
use crate::state::cloud::Cloud;
use crate::token::store::TokenStore;
use crate::token::{Role, Token};

use crate::checks::tally::CauseId;

/// What is kept of a distinct token.
#[derive(Clone, Debug)]
pub(super) struct TokenState {
    /// How far it is judged.
    pub standing: Standing,
    /// What its signature came to.
    pub proof: Proof,
    /// What the rules for tokens said, counted at each use.
    pub hits: Vec<(CauseId, Hit)>,
    /// What they said is missing, told at the first use.
    pub missing: Vec<(CheckId, String)>,
    /// Whether it was seen where `--host` lets it be judged.
    pub used: bool,
    /// Whether its own application is in scope, so that a token inside it is.
    pub expected: bool,
}

/// Whether the application of a token is in scope.
pub(super) fn is_expected(token: &Token, expected: &Expectations) -> bool {
    token.application().is_some_and(|name| expected.principals.iter().any(|id| name.is(id)))
}

/// How far a token is judged, by the application id alone: its own, or for an outer token its actor's.
pub(super) fn standing(token: &Token, store: &TokenStore, expected: &Expectations) -> Standing {
    let actor = token.actor.and_then(|id| store.get(id)).filter(|_| token.role == Role::Outer);
    if is_expected(token, expected) || actor.is_some_and(|actor| is_expected(actor, expected)) {
        return Standing::InScope;
    }
    let own = !expected.certificates.is_empty()
        && subject::self_issued(token)
        && token.application().is_some_and(|name| {
            name.is(EXCHANGE) && realm::compare(name.realm, &expected.tenants) == Realm::Same
        });
    if own { Standing::SelfIssued } else { Standing::Other }
}

/// Keys of `--cert` only: what may prove a self-issued token.
pub(super) fn uploaded(keys: &KeyRing) -> KeyRing {
    KeyRing { keys: keys.keys.iter().filter(|key| key.origin == Origin::Uploaded).cloned().collect() }
}

/// Checks a token's signature. `uploaded` are the keys of `--cert`.
pub(super) fn prove(token: &Token, expected: &Expectations, uploaded: &KeyRing) -> Proof {
    let Some(jwt) = &token.jwt else { return Proof::NoJwt };
    let algorithm = algorithm(token).unwrap_or_default();
    if algorithm == "none" || (algorithm.is_empty() && !jwt.is_signed()) {
        return Proof::Unsigned;
    }
    if !jwt.is_signed() || jwt.faults.contains(&crate::token::jwt::Fault::SignatureRemoved) {
        return Proof::Removed;
    }
    // An encrypted token has another form, and whether it is signed nobody can see.
    if !jwt.is_well_formed() && token.role != Role::Encrypted {
        return Proof::Malformed;
    }
    let signer = Signer {
        algorithm,
        kid: token.header_member("kid"),
        x5t: token.header_member("x5t"),
        x5t_s256: token.header_member("x5t#S256"),
    };
    let self_issued = subject::self_issued(token);
    let ring = if self_issued && !uploaded.keys.is_empty() { uploaded } else { &expected.keys };
    let of_issuer = if self_issued { !uploaded.keys.is_empty() } else { expected.sts_keys_given };
    match ring.check(signer, jwt.signing_input(&token.text), &jwt.signature) {
        Signature::Verified { key, weak, .. } => {
            Proof::Verified { key: key.describe(), origin: key.origin, weak, thumbprint: key.x5t }
        }
        // A token that names no key: only those of its issuer could tell that the signature is wrong.
        Signature::Failed { .. } if !of_issuer && signer.is_unnamed() => Proof::NoKey,
        Signature::Failed { key } => Proof::Failed { key: key.map(Key::describe) },
        Signature::NoKey if algorithm.starts_with("HS") => confusion(ring),
        Signature::NoKey => Proof::NoKey,
        Signature::WrongKind { key, confusion } => {
            Proof::WrongKind { key: key.describe(), confusion, named: names(&signer, key) }
        }
        Signature::UnknownAlgorithm => Proof::UnknownAlgorithm,
    }
}

/// HMAC without a key of that name: every issuer of this family signs with a private key.
fn confusion(ring: &KeyRing) -> Proof {
    let asymmetric = ring.keys.iter().find(|key| !matches!(key.material, Material::Hmac(_)));
    asymmetric.map_or(Proof::NoKey, |key| Proof::WrongKind {
        key: key.describe(),
        confusion: true,
        named: false,
    })
}

/// Whether the token's header names `key`.
fn names(signer: &Signer<'_>, key: &Key) -> bool {
    let print = |text: &str| thumbprint(text);
    signer.x5t.and_then(print).is_some_and(|print| key.x5t == Some(print))
        || signer.kid.is_some_and(|kid| key.kid.as_deref() == Some(kid))
        || signer.kid.and_then(print).is_some_and(|print| key.x5t == Some(print))
        || signer
            .x5t
            .and_then(print)
            .is_some_and(|print| key.kid.as_deref().and_then(thumbprint) == Some(print))
}

/// The 20 bytes of an `x5t`; `None` when it is something else.
pub(crate) fn thumbprint(x5t: &str) -> Option<[u8; 20]> {
    use base64::Engine as _;
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    engine.decode(x5t.trim_end_matches('=')).ok()?.try_into().ok()
}

/// Where the issuer of a token publishes its keys, in words.
pub(crate) fn published(token: &Token) -> String {
    let realm = subject::realm_of(token).filter(|realm| !matches!(*realm, "" | "*"));
    let issuer = token.principal("iss");
    let tenant = issuer
        .and_then(|name| name.realm)
        .filter(|realm| !matches!(*realm, "" | "*"))
        .or(realm)
        .unwrap_or("<tenant>");
    let china = issuer.as_ref().is_some_and(|name| Cloud::of_acs(name.id) == Some(Cloud::China));
    match &issuer {
        Some(name) if china && place::is_acs(name.id) => {
            format!("https://accounts.accesscontrol.chinacloudapi.cn/{tenant}/metadata/json/1")
        }
        Some(name) if place::is_acs(name.id) => {
            format!("https://accounts.accesscontrol.windows.net/{tenant}/metadata/json/1")
        }
        _ if token.claim("iss").is_some_and(|issuer| issuer.starts_with("https://")) => format!(
            "https://login.microsoftonline.com/{}/discovery/keys (`jwks_uri` of its openid-configuration)",
            subject::realm_of(token).unwrap_or("common")
        ),
        Some(name) if name.is(EXCHANGE) => {
            "https://<autodiscover host>/autodiscover/metadata/json/1 of the Exchange organisation".into()
        }
        _ => "the metadata document of its issuer (https://<host>/metadata/json/1)".into(),
    }
}

/// The checks that rest on an actor token which cannot be read, and why: it is in scope with its outer token, and an
/// outer token that is right does not stand for it.
pub(super) fn unread_actor(case: &TokenCase<'_>) -> Vec<(CheckId, String)> {
    let actor = case.actor().filter(|actor| case.token.role == Role::Outer && actor.claims().is_none());
    let Some(actor) = actor else { return Vec::new() };
    // What has the form of a token is asked for its signature by itself.
    let checks =
        [Some(CheckId::Issuer), actor.jwt.is_none().then_some(CheckId::Signature), Some(CheckId::Lifetime)];
    let reason = "the actor token inside an outer token could not be read: record it whole";
    checks.into_iter().flatten().map(|check| (check, reason.to_owned())).collect()
}

/// Why a signature is neither right nor wrong, and what to supply.
pub(super) fn unproved(token: &Token, proof: &Proof, expected: &Expectations) -> Option<String> {
    let name = token.header_member("x5t").or_else(|| token.header_member("kid"));
    let key = match name {
        Some(name) => match thumbprint(name) {
            Some(print) => {
                let hex: String = print.iter().map(|byte| format!("{byte:02X}")).collect();
                format!("key with x5t {} (thumbprint {hex})", shown(name))
            }
            None => format!("key named {}", shown(name)),
        },
        None => "key (the token names none)".into(),
    };
    let issuer = shown(token.claim("iss").unwrap_or("an issuer that it does not name"));
    let self_issued = subject::self_issued(token);
    match proof {
        Proof::NoKey if self_issued && expected.certificates.is_empty() => Some(format!(
            "the {key} of the self-issued token of {issuer} was not supplied: give the uploaded certificate with --cert"
        )),
        Proof::NoKey if self_issued => None,
        Proof::NoKey => Some(not_supplied(&key, &issuer, token)),
        Proof::WrongKind { confusion: false, named: false, .. } if !self_issued => {
            Some(not_supplied(&key, &issuer, token))
        }
        _ => None,
    }
}

fn not_supplied(key: &str, issuer: &str, token: &Token) -> String {
    format!(
        "the {key} of {issuer} was not supplied: save {} to a file and give it with --sts-keys",
        published(token)
    )
}

/// A claim for a message: its text, or what it is instead.
pub(crate) fn claimed(token: &Token, name: &str) -> String {
    match token.claims().and_then(|claims| claims.get(name)).map(|node| &node.value) {
        None => "no such claim".to_owned(),
        Some(Value::String(text)) => shown(text),
        Some(Value::Array(_)) => "a list where a text is expected".to_owned(),
        Some(_) => "no text".to_owned(),
    }
}

/// Text of a token for a message: bounded, and without control characters.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 200;
    if text.len() <= LONGEST && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

/// What a server says to people, for a message: it may quote what it was given, which may be a secret.
pub(crate) fn quoted(text: &str) -> String {
    shown(&opaque::without(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_for_a_message_is_bounded_and_in_one_line() {
        assert_eq!(shown("plain ~ text"), "plain ~ text");
        assert_eq!(shown("a\nb\u{1b}[31m\u{7f}c"), "ab[31mc…");
        assert_eq!(shown("grün"), "grün");
        assert_eq!(shown(&"x".repeat(200)), "x".repeat(200));
        assert_eq!(shown(&"x".repeat(201)), format!("{}…", "x".repeat(200)));
    }

    #[test]
    fn a_thumbprint_has_twenty_bytes() {
        assert_eq!(thumbprint("AAAAAAAAAAAAAAAAAAAAAAAAAAA"), Some([0; 20]));
        assert_eq!(thumbprint("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), Some([0; 20]));
        assert!(
            thumbprint("AAAA").is_none() && thumbprint("not base64!").is_none() && thumbprint("").is_none()
        );
    }

    #[test]
    fn what_a_server_quotes_back_is_not_shown() {
        let reason = "401, 2000001 invalid_token: Zq77XkP0aQ7rT9vLmB4nC8dE2fG6hJ1wY3uK5 is bad";
        assert_eq!(quoted(reason), "401, 2000001 invalid_token: <masked> is bad");
        let plain =
            "401, 2000003 invalid_resource: The audience claim value is invalid 'https://mail.contoso.com'";
        assert_eq!(quoted(plain), plain);
    }
}
