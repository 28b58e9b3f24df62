//! Whatever thread saw which exchange, and in whatever order: one answer.

use proptest::prelude::*;

use super::pool;
use crate::checks::expectations::Expectations;
use crate::checks::judge::{Judge, Judgement};
use crate::checks::testing::{Scene, TENANT};
use crate::exchange::Exchange;
use crate::sink::Sink as _;

const ANOTHER: &str = "00000003-0000-0ff1-ce00-000000000000";

/// Scenes whose tokens are judged by more than themselves: by the token around them, by the field they
/// stand in.
fn entangled(index: usize) -> Scene {
    let foreign = || Scene::healthy().actor("nameid", format!("{ANOTHER}@{TENANT}"));
    let nameless = || Scene::healthy().actor_without("nameid").actor("iss", format!("{ANOTHER}@{TENANT}"));
    let entra = || Scene::healthy().entra("https://mail.contoso.com/").outer_without("scp");
    match index {
        0 => foreign(),
        1 => foreign().alone(),
        2 => foreign().alone().used_after_expiry(90_000),
        3 => foreign().application(ANOTHER).alone().in_form("access_token"),
        4 => nameless().alone(),
        5 => nameless().alone().in_form("assertion"),
        6 => nameless(),
        7 => entra(),
        8 => entra().in_form("id_token"),
        9 => entra().in_form("refresh_token"),
        10 => entra().in_form("client_assertion").used_after_expiry(9000),
        11 => Scene::healthy().actor("tid", TENANT).alone(),
        12 => Scene::healthy().actor("tid", TENANT),
        other => pool(other - 13),
    }
}

/// Exchanges in the order of their keys.
fn exchanges(picked: &[usize]) -> Vec<Exchange> {
    let all = picked.iter().flat_map(|&index| entangled(index).exchanges());
    let numbered = (1_u64..).zip(all).map(|(frame, mut exchange)| {
        exchange.key.frame = frame;
        exchange
    });
    numbered.collect()
}

/// Everything that a report is made of.
fn shown(judgement: &Judgement) -> String {
    let tokens: Vec<_> = judgement
        .tokens
        .iter()
        .map(|(id, token)| {
            (
                id,
                token.fingerprint,
                token.role,
                token.actor,
                &token.carried_by,
                judgement.tokens.sightings(id),
            )
        })
        .collect();
    format!(
        "{:#?}\n{:#?}\n{:#?}\n{tokens:#?}\n{:#?}",
        judgement.checks, judgement.findings, judgement.judged, judgement.facts
    )
}

fn judged(expected: &Expectations, exchanges: &[Exchange], order: &[usize], shards: &[usize]) -> String {
    let mut judges: Vec<Judge<'_>> = (0..3).map(|_| Judge::new(expected)).collect();
    for &at in order {
        let shard = shards.get(at % shards.len().max(1)).copied().unwrap_or(0);
        judges[shard].exchange(exchanges[at].clone());
    }
    let mut all = judges.into_iter();
    let mut first = all.next().unwrap();
    all.for_each(|judge| first.join(judge));
    shown(&first.finish())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn exchanges_in_any_order_on_any_shards_give_one_answer(
        picked in proptest::collection::vec(0_usize..23, 1..9),
        shards in proptest::collection::vec(0_usize..3, 9),
        seed in any::<u64>(),
        host in any::<bool>(),
    ) {
        let scene = Scene::healthy();
        let scene = if host {
            scene.expect(|expected| expected.hosts = vec!["mail.contoso.com".into()])
        } else {
            scene
        };
        let expected = scene.expectations();
        let exchanges = exchanges(&picked);
        let plain: Vec<usize> = (0..exchanges.len()).collect();
        let mut shuffled = plain.clone();
        // Fisher and Yates, with the numbers of a linear congruence.
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            shuffled.swap(at, (state >> 33) as usize % (at + 1));
        }
        let one = judged(&expected, &exchanges, &plain, &[0]);
        prop_assert_eq!(&judged(&expected, &exchanges, &shuffled, &[0]), &one);
        prop_assert_eq!(&judged(&expected, &exchanges, &plain, &shards), &one);
        prop_assert_eq!(&judged(&expected, &exchanges, &shuffled, &shards), &one);
    }
}

#[test]
fn a_token_alone_is_judged_by_itself_whatever_carries_it_elsewhere() {
    let expected = Scene::healthy().expectations();
    let all = exchanges(&[1, 0, 1]);
    let lifetimes = |order: &[usize]| {
        let mut judge = Judge::new(&expected);
        order.iter().for_each(|&at| judge.exchange(all[at].clone()));
        judge.book.memory.lifetimes
    };
    // The pair of the exchange in the middle; the token of another application, alone, is not judged.
    assert_eq!([lifetimes(&[0, 1, 2]), lifetimes(&[1, 0, 2]), lifetimes(&[0, 2, 1])], [2, 2, 2]);
}
