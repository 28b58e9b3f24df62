//! Takes a token's text, keys and expectations, gives what each token in it comes to.
//!
//! The same facts as `verify`, without traffic around them: signature, times, tenant. What was not proven is
//! never called right.

use std::collections::BTreeMap;

use crate::base::Instant;
use crate::checks::finding::Severity;
use crate::checks::judge::SignatureState;
use crate::checks::realm::{self, Realm};
use crate::checks::subject::realm_of;
use crate::checks::{Verdict, alone};
use crate::exchange::ExchangeKey;
use crate::keys::signature::Signature;
use crate::keys::{KeyRing, Material};
use crate::report::numbers::Order;
use crate::report::single::{Remark, Single};
use crate::token::actor::CLAIMS;
use crate::token::jwt::Fault;
use crate::token::proof::{Proof, prove};
use crate::token::store::{Hint, TokenStore};
use crate::token::{Half, Location, Role, TimeClaim, Token};

/// What the token must be.
pub(super) struct Expected {
    /// Names of the tenant; empty for any.
    pub(super) tenants: Vec<String>,
    /// When it is used.
    pub(super) at: Instant,
    /// Clock tolerance in seconds.
    pub(super) leeway: i64,
}

/// What one fact comes to.
enum Fact {
    Wrong(&'static str, String),
    Open(&'static str, String),
    /// Risky, but what was asked is answered.
    Risky(&'static str, String),
    Told(&'static str, String),
}

/// Reads the token and those inside it, and judges each.
pub(super) fn examine(text: &[u8], ring: &KeyRing, expected: &Expected) -> Single {
    let mut store = TokenStore::default();
    let (outermost, _) = store.intern(text, Hint::None);
    let location = Location { half: Half::Text, part: "text".into(), bytes: 0..text.len() };
    store.seen(outermost, ExchangeKey::default(), &location);
    let order = Order::of(&store);
    let (mut judged, mut remarks) = (BTreeMap::new(), Vec::new());
    let (mut wrong, mut open) = (false, false);
    for (number, id) in order.tokens().iter().enumerate() {
        let Some(token) = store.get(*id) else { continue };
        // What is encrypted carries no signature outside (RFC 7516): nothing of it was tried, nothing failed.
        let signed = token.jwt.as_ref().filter(|_| token.role != Role::Encrypted);
        let proof = signed.map(|jwt| prove(&token.text, jwt, ring));
        let mut facts = signature(token, proof.as_ref(), ring);
        facts.extend(form(token));
        facts.extend(times(token, expected));
        facts.extend(tenant(token, expected));
        facts.extend(alone::hits(&store, *id, token, &expected.tenants).into_iter().map(|hit| {
            let text = format!("{} ({})", hit.message, hit.observed);
            match hit.severity {
                Severity::Error => Fact::Wrong(hit.rule.id, text),
                _ => Fact::Told(hit.rule.id, text),
            }
        }));
        for fact in facts {
            wrong |= matches!(fact, Fact::Wrong(..));
            open |= matches!(fact, Fact::Open(..));
            let (severity, rule, text) = match fact {
                Fact::Wrong(rule, text) => (Severity::Error, rule, text),
                Fact::Open(rule, text) | Fact::Risky(rule, text) => (Severity::Warning, rule, text),
                Fact::Told(rule, text) => (Severity::Info, rule, text),
            };
            remarks.push(Remark { severity, token: number, rule, text });
        }
        judged.insert(*id, (true, state(proof.as_ref())));
    }
    // Without a key the outcome is incomplete whatever else is seen (contract).
    let verdict = match () {
        () if ring.keys.is_empty() => Verdict::Incomplete,
        () if wrong => Verdict::Fail,
        () if open => Verdict::Incomplete,
        () => Verdict::Pass,
    };
    if ring.keys.is_empty() {
        let text =
            "no key was given, so nothing is proven; give --cert, --metadata, --jwks, --key or --secret";
        remarks.insert(
            0,
            Remark { severity: Severity::Warning, token: 0, rule: "signature-key", text: text.into() },
        );
    }
    Single { store, order, judged, remarks, verdict, at: expected.at, leeway: expected.leeway }
}

fn state(proof: Option<&Proof<'_>>) -> SignatureState {
    let key = match proof {
        Some(Proof::Checked(Signature::Verified { key, .. } | Signature::WrongKind { key, .. })) => {
            Some(*key)
        }
        Some(Proof::Checked(Signature::Failed { key })) => *key,
        _ => None,
    };
    SignatureState { state: proof.map_or("no-key", Proof::state), key: key.map(crate::keys::Key::describe) }
}

fn signature(token: &Token, proof: Option<&Proof<'_>>, ring: &KeyRing) -> Vec<Fact> {
    let named = token.header_member("x5t").or(token.header_member("kid")).unwrap_or("(it names none)");
    let algorithm = token.jwt.as_ref().and_then(|jwt| jwt.algorithm()).unwrap_or("(none)");
    let fact = match proof {
        _ if token.role == Role::Encrypted => Fact::Open(
            "signature-encrypted",
            "it is encrypted (JWE) and cannot be read without its recipient's key".into(),
        ),
        None => Fact::Wrong("token-malformed", "it is no JWT".into()),
        Some(Proof::Unsigned) if token.actor.is_some() => Fact::Told(
            "signature-none",
            "unsigned, as an outer token is: its actor token carries the signature".into(),
        ),
        Some(Proof::Unsigned) => {
            Fact::Wrong("signature-none", "it is unsigned and carries no signed actor token".into())
        }
        Some(Proof::Removed) => {
            Fact::Open("signature-missing", "its signature was removed or masked; get the whole token".into())
        }
        Some(Proof::Malformed) => Fact::Wrong(
            "token-malformed",
            "it is not in the exact compact form, so its signature proves nothing".into(),
        ),
        Some(Proof::Critical(names)) => Fact::Wrong(
            "signature-critical-header",
            format!("its header asks for extensions that nobody here knows: {}", names.join(", ")),
        ),
        // It verifies with the secret that was given, which is what was asked; a public key is strong or useless.
        Some(Proof::Checked(Signature::Verified { key, weak: true, .. }))
            if matches!(key.material, Material::Hmac(_)) =>
        {
            let bits = key.material.bits();
            Fact::Risky(
                "signature-key-weak",
                format!(
                    "the signature is right, but the secret has {bits} bits: RFC 7518 3.2 asks for as many as \
                     {algorithm} gives, and a short one can be guessed from a token"
                ),
            )
        }
        Some(Proof::Checked(Signature::Verified { key, weak: true, .. })) => Fact::Wrong(
            "signature-key-weak",
            format!("the signature is right, but the key is too weak: {}", key.material.describe()),
        ),
        Some(Proof::Checked(Signature::Verified { named: false, .. })) if named != "(it names none)" => {
            Fact::Told("signature-key-name", format!("it verifies with a key of another name than {named}"))
        }
        Some(Proof::Checked(Signature::Verified { .. })) => return Vec::new(),
        Some(Proof::Checked(Signature::Failed { .. })) => {
            Fact::Wrong("signature-wrong", format!("the signature is wrong{}", line_end(algorithm, ring)))
        }
        Some(Proof::Checked(Signature::WrongKind { confusion: true, key })) => Fact::Wrong(
            "signature-algorithm-confusion",
            format!(
                "alg {algorithm} asks for a shared secret, but the key is public: {}",
                key.material.describe()
            ),
        ),
        Some(Proof::Checked(Signature::WrongKind { key, .. })) => Fact::Wrong(
            "signature-algorithm-mismatch",
            format!("alg {algorithm} cannot be used with the key {}", key.describe()),
        ),
        Some(Proof::Checked(Signature::UnknownAlgorithm)) => Fact::Wrong(
            "signature-algorithm-unknown",
            format!("alg {algorithm} is not one of RS, PS, ES, HS with 256, 384, 512, or EdDSA"),
        ),
        Some(Proof::Checked(Signature::NoKey)) if ring.keys.is_empty() => return Vec::new(),
        Some(Proof::Checked(Signature::NoKey)) => Fact::Open(
            "signature-key",
            format!("no key given is the one that it names, {named}, and no other verifies it"),
        ),
    };
    vec![fact]
}

/// What editors and `echo` add to a file is part of the secret, since its bytes are taken as they are.
fn line_end(algorithm: &str, ring: &KeyRing) -> &'static str {
    let ends = |material: &Material| match material {
        Material::Hmac(secret) => matches!(secret.expose().last(), Some(b'\n' | b'\r')),
        _ => false,
    };
    if algorithm.starts_with("HS") && ring.keys.iter().any(|key| ends(&key.material)) {
        return "; the file of the secret ends with a line end, which counts: write it without (printf %s)";
    }
    ""
}

/// Oddities of the form that are not said already.
fn form(token: &Token) -> Vec<Fact> {
    // A header that cannot be read is wrong without a signature, too. A payload that is no JSON may be one of a JWS.
    let wrong = |fault: &Fault| {
        matches!(fault, Fault::Parts(_) | Fault::Encoding(..)) || matches!(fault, Fault::Json("header", _))
    };
    let faults = token.jwt.iter().flat_map(|jwt| &jwt.faults);
    let told = faults.map(|fault| match wrong(fault) {
        true => Fact::Wrong("token-malformed", fault.to_string()),
        false => Fact::Told("token-malformed", fault.to_string()),
    });
    let mut facts: Vec<Fact> = told.collect();
    for name in [token.header(), token.claims()].into_iter().flatten().flat_map(|node| node.duplicates()) {
        facts.push(Fact::Open(
            "oauth-duplicate-member",
            format!("the member {name} stands in it more than once"),
        ));
    }
    let inside = |name: &str| Some(&token.claims()?.get(name)?.value);
    if let (Some(one), Some(other)) = (inside(CLAIMS[0]), inside(CLAIMS[1]))
        && one != other
    {
        let text = format!("it carries two actor tokens, in {} and in {}", CLAIMS[0], CLAIMS[1]);
        facts.push(Fact::Open("oauth-duplicate-member", text));
    }
    facts
}

fn times(token: &Token, expected: &Expected) -> Vec<Fact> {
    // A JWS over something else than claims has no lifetime.
    if token.claims().is_none() {
        return Vec::new();
    }
    let Expected { at, leeway, .. } = *expected;
    let mut facts = Vec::new();
    match token.time("nbf") {
        TimeClaim::At(start, _) if at < start.plus_seconds(-leeway) => {
            facts.push(Fact::Wrong(
                "lifetime-not-yet-valid",
                format!("it is not valid before {start}; judged at {at}"),
            ));
        }
        TimeClaim::Malformed => facts.push(Fact::Wrong("lifetime-malformed", "nbf is not a time".into())),
        TimeClaim::At(..) | TimeClaim::Absent => {}
    }
    match token.time("exp") {
        TimeClaim::At(end, _) if at > end.plus_seconds(leeway) => {
            facts.push(Fact::Wrong("lifetime-expired", format!("it was valid until {end}; judged at {at}")));
        }
        TimeClaim::Malformed => facts.push(Fact::Wrong("lifetime-malformed", "exp is not a time".into())),
        TimeClaim::Absent => facts.push(Fact::Open("lifetime-no-expiry", "it has no exp".into())),
        TimeClaim::At(..) => {}
    }
    facts
}

/// The realm of the application's name, or the tenant of an Entra token, is the tenant.
fn tenant(token: &Token, expected: &Expected) -> Vec<Fact> {
    if expected.tenants.is_empty() {
        return Vec::new();
    }
    // A JWS over something else than claims proves whatever it holds, but not what was asked.
    if token.claims().is_none() {
        let text = "its payload holds no claims that can be read, so the tenant is not known";
        return vec![Fact::Open("issuer-tenant", text.into())];
    }
    let realm = realm_of(token);
    let named = realm.unwrap_or_default();
    let names = expected.tenants.join(", ");
    vec![match realm::compare(realm, &expected.tenants) {
        Realm::Same => return Vec::new(),
        Realm::Missing => {
            Fact::Wrong("issuer-realm-missing", format!("it names no tenant; expected {names}"))
        }
        Realm::Different => {
            Fact::Wrong("issuer-tenant", format!("it names the tenant {named}; expected {names}"))
        }
        Realm::Undecided => Fact::Open(
            "issuer-tenant",
            format!("it names the tenant {named}; add --tenant {named} if that is yours"),
        ),
    }]
}
