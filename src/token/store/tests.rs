//! Tests of the token store.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

fn jws(payload: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}.AAEC", part(r#"{"alg":"RS256"}"#), part(payload))
}

fn nest(depth: usize) -> String {
    (0..depth).fold(jws(r#"{"iss":"a@r","nameid":"b@r"}"#), |inner, level| {
        jws(&format!(r#"{{"iss":"b@r","n":{level},"actortoken":"{inner}"}}"#))
    })
}

fn key(frame: u64) -> ExchangeKey {
    ExchangeKey { input: 0, frame, sub: 0 }
}

fn place() -> Location {
    Location { half: Half::Request, part: "header.authorization".into(), bytes: 0..1 }
}

#[test]
fn an_actor_token_gets_its_own_entry_and_both_know_each_other() {
    let mut store = TokenStore::default();
    let (outer, new) = store.intern(nest(1).as_bytes(), Hint::Access);
    assert!(new);
    assert_eq!(store.intern(nest(1).as_bytes(), Hint::Access), (outer, false));
    let inner = store.get(outer).unwrap().actor.unwrap();
    assert_eq!(store.get(inner).unwrap().carried_by, [outer]);
    assert_eq!(store.get(inner).unwrap().depth, 1);
    assert_eq!((store.get(outer).unwrap().role, store.get(inner).unwrap().role), (Role::Outer, Role::Actor));
    assert_eq!(store.intern(nest(0).as_bytes(), Hint::Assertion), (inner, false));
    assert_eq!(store.get(inner).unwrap().depth, 0);
    assert_eq!(store.get(inner).unwrap().role, Role::Actor);
}

#[test]
fn nesting_is_bounded_and_said_to_be() {
    let mut store = TokenStore::default();
    store.intern(nest(6).as_bytes(), Hint::None);
    assert_eq!(store.len(), limits::TOKEN_DEPTH);
    let deepest = store.get(TokenId(store.len() as u32 - 1)).unwrap();
    assert!(deepest.jwt.as_ref().unwrap().faults.contains(&Fault::TooDeep));
}

#[test]
fn sixteen_exchanges_are_listed_and_all_are_counted() {
    let mut store = TokenStore::default();
    let (id, _) = store.intern(b"opaque", Hint::None);
    for frame in (0..100).rev() {
        store.seen(id, key(frame), &place());
    }
    let uses = store.sightings(id).unwrap();
    assert_eq!(uses.count, 100);
    let frames: Vec<_> = uses.exchanges.iter().map(|key| key.frame).collect();
    assert_eq!(frames, (0..16).collect::<Vec<_>>());
}

#[test]
fn the_order_does_not_depend_on_who_saw_what() {
    let texts = [nest(1), nest(2), jws("{}"), "opaque".to_owned()];
    let see = |store: &mut TokenStore, at: usize| {
        let (id, _) = store.intern(texts[at].as_bytes(), Hint::None);
        store.seen(id, key(at as u64), &place());
    };
    let describe = |mut store: TokenStore| {
        store.finalise();
        store
            .iter()
            .map(|(id, token)| {
                let seen = store.sightings(id).unwrap().clone();
                (token.fingerprint, token.actor, token.carried_by.clone(), seen)
            })
            .collect::<Vec<_>>()
    };
    let mut one = TokenStore::default();
    (0..4).for_each(|at| see(&mut one, at));
    let (mut left, mut right) = (TokenStore::default(), TokenStore::default());
    for at in [3, 1] {
        see(&mut left, at);
    }
    for at in [2, 0] {
        see(&mut right, at);
    }
    let ids = left.merge(right);
    assert_eq!(ids.len(), 3);
    let (one, two) = (describe(one), describe(left));
    assert_eq!(one, two);
    assert_eq!(one[1].3.first, Some((key(0), place())));
    assert_eq!(one[0].1, Some(TokenId(1)));
}

#[test]
fn a_field_decides_for_opaque_text_whichever_came_first() {
    for hints in [[Hint::Access, Hint::Refresh], [Hint::Refresh, Hint::Access]] {
        let mut store = TokenStore::default();
        let ids = hints.map(|hint| store.intern(b"0.AAA", hint).0);
        assert_eq!(store.get(ids[0]).unwrap().role, Role::Opaque, "by itself");
        let there = |role| store.get_as(ids[0], role).map(|token| token.role);
        assert_eq!(there(store.role(ids[0], Hint::Refresh)), Some(Role::Refresh));
        store.finalise();
        assert_eq!(store.get(TokenId(0)).unwrap().role, Role::Refresh);
    }
}

#[test]
fn tokens_that_were_not_used_lately_are_known_as_before() {
    let actor = jws(&format!(r#"{{"iss":"a@r","nameid":"b@r","long":"{}"}}"#, "z".repeat(300)));
    let many = limits::TOKENS_PARSED as u32 + 600;
    let text = |number: u32| match number % 3 {
        0 => jws(&format!(r#"{{"iss":"b@r","n":{number},"actortoken":"{actor}"}}"#)),
        1 => format!("opaque text {number}"),
        _ => jws(&format!(r#"{{"iss":"b@r","n":{number}}}"#)),
    };
    let fill = |numbers: std::ops::Range<u32>| {
        let mut store = TokenStore::default();
        for number in numbers {
            let (id, new) = store.intern(text(number).as_bytes(), Hint::None);
            assert!(new);
            store.seen(id, key(u64::from(number)), &place());
        }
        store
    };
    let check = |store: &TokenStore, from: u32, most: u32| {
        for number in (from..most).step_by(97) {
            let whole = text(number);
            let found = store.iter().find(|(_, token)| token.text == whole.as_bytes());
            let (_, token) = found.unwrap();
            let parsed = Jwt::parse(whole.as_bytes());
            assert_eq!(token.fingerprint, Fingerprint::of(whole.as_bytes()));
            assert_eq!(token.claims(), parsed.as_ref().and_then(|jwt| jwt.claims(whole.as_bytes())));
            assert_eq!(token.header(), parsed.as_ref().and_then(|jwt| jwt.header.as_deref()));
            let inside = token.actor.and_then(|id| store.get(id)).map(|inner| inner.text.clone());
            assert_eq!(inside.as_deref(), (number % 3 == 0).then_some(actor.as_bytes()));
        }
    };
    let mut store = fill(0..many);
    assert!(store.kept_small() > 500);
    assert!(!store.intern(text(0).as_bytes(), Hint::None).1, "known by its text");
    assert_eq!(store.len(), many as usize + 1);
    // Another that knows half of them, and others.
    store.merge(fill(many - 300..2 * many - 300));
    assert_eq!(store.len(), 2 * many as usize - 300 + 1);
    store.finalise();
    // Looking at all of them once parses none for good, and shows the same.
    let small = store.kept_small();
    let shown = |token: &Token| (token.text.clone(), token.fingerprint, token.actor, token.jwt.is_some());
    let looked: Vec<_> =
        store.ids().filter_map(|id| Some((store.role_of(id)?, store.visit(id, shown)?))).collect();
    assert!(small > 500 && store.kept_small() == small);
    assert!(store.iter().map(|(_, token)| (token.role, shown(token))).eq(looked));
    check(&store, 0, 2 * many - 300);
    let first = store.get(TokenId(0)).unwrap();
    assert_eq!((first.text.as_ref(), first.actor), (text(0).as_bytes(), Some(TokenId(1))));
    let inner = store.get(TokenId(1)).unwrap();
    assert_eq!(inner.carried_by.len(), (0..2 * many - 300).filter(|number| number % 3 == 0).count());
}
