//! Takes calls, gives how often each kind of them was seen. Building what a diagnosis wants to know of a call costs
//! more than finding out that a call like it was counted already.

use std::collections::HashMap;
use std::sync::Arc;

use super::answers;
use super::facts::{Call, Facts, Seen};
use super::repeats::{ByToken, Key, Repeats};
use super::witness::{self, Proofs};
use crate::base::Lately;
use crate::checks::marks::Marks;
use crate::checks::place;
use crate::checks::subject::{ExchangeCase, SeenToken};
use crate::exchange::Request;
use crate::limits::{FACTS_KEPT, REQUEST_BYTES};
use crate::soap::request::{self, Word};
use crate::wire::http::body;

/// Calls that are counted and not yet among the facts.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// By what is the same of them.
    known: Repeats<usize>,
    kinds: Vec<(Call, Seen)>,
    /// What a token tells about a call to a host, as a number: tokens that tell the same have the same.
    tokens: ByToken<usize>,
    told: HashMap<Call, usize, foldhash::fast::RandomState>,
    /// What SOAP requests say of themselves.
    words: Lately<Words>,
    key: Key,
}

/// What a SOAP request says of itself: its part of a key, and whether an operation is among it; `None` where it is no
/// envelope.
type Words = Option<(Arc<[u8]>, bool)>;

impl Calls {
    /// Notes a call.
    pub(super) fn note(
        &mut self,
        case: &ExchangeCase<'_>,
        marks: Marks,
        proofs: Proofs<'_>,
        facts: &mut Facts,
    ) {
        if self.kinds.len().max(self.told.len()) >= FACTS_KEPT {
            self.settle(facts);
            self.tokens.clear();
            self.told.clear();
        }
        let sight = witness::sight(case);
        if !self.describe(case, marks, proofs) {
            return facts.call(witness::call(case, proofs), sight);
        }
        if let Some(&kind) = self.known.get(&self.key) {
            debug_assert_eq!(
                self.kinds.get(kind).map(|(call, _)| call),
                Some(&witness::call(case, proofs)),
                "a diagnosis looks at something of a call that is not among what must be the same"
            );
            if let Some((_, seen)) = self.kinds.get_mut(kind) {
                seen.add(sight);
            }
            return;
        }
        let mut seen = Seen::default();
        seen.add(sight);
        self.known.insert(&self.key, self.kinds.len());
        self.kinds.push((witness::call(case, proofs), seen));
    }

    /// Hands all that was counted to the facts.
    pub(super) fn settle(&mut self, facts: &mut Facts) {
        self.known.clear();
        self.kinds.drain(..).for_each(|(call, seen)| facts.calls_seen(call, seen));
    }

    /// Writes the key of a call; `false` for one that is not worth it: an answer that says why it refuses is
    /// seldom the same.
    fn describe(&mut self, case: &ExchangeCase<'_>, bears: Marks, proofs: Proofs<'_>) -> bool {
        let special = Marks::REFUSED.and(Marks::TOLD).and(Marks::CHALLENGED);
        let path = case.path();
        if bears.meet(special) || case.ews().is_some() || place::ends_with(path, "/wssecurity") {
            return false;
        }
        let token = case.presented().map(|seen| (self.token(case, seen, proofs), witness::times(case, seen)));
        let key = self.key.clear();
        match token {
            Some((told, in_time)) => key.number(told as i64).number(in_time.map_or(-1, i64::from)),
            None => key.number(-1_i64).number(witness::credential(case) as i64),
        };
        key.number(case.place as i64).number(case.clear().map_or(-1, i64::from));
        key.number(witness::offset(case).is_some());
        let told = first_segments(path, witness::telling_segments(case));
        key.text(case.host().map(str::as_bytes)).text(Some(told.as_bytes()));
        key.number(case.status().map_or(-1, i64::from));
        if let Some(response) = case.response() {
            let head = &response.head;
            key.number(witness::bears_marks(head)).number(head.get("via").is_some()).number(head.partial);
            key.number(witness::is_page(response)).number(answers::is_unseen(case, response));
        }
        if let Some(request) = case.request() {
            key.text(request.head.get("user-agent"));
            if case.at_exchange() {
                add_words(request, key, &mut self.words);
            }
        }
        true
    }

    /// What a token tells, as a number.
    fn token(&mut self, case: &ExchangeCase<'_>, seen: &SeenToken<'_>, proofs: Proofs<'_>) -> usize {
        let scheme = case.request().and_then(|request| request.scheme.as_deref());
        let key = self.key.clear();
        key.number(seen.token.role as i64).number(case.is_mirrored()).number(case.hosts().1);
        key.text(case.host().map(str::as_bytes)).text(scheme.map(str::as_bytes));
        if let Some(&told) = self.tokens.get(seen.id, key) {
            return told;
        }
        let mut call = Call::default();
        witness::token(&mut call, case, seen, proofs);
        let next = self.told.len();
        let told = *self.told.entry(call).or_insert(next);
        self.tokens.insert(seen.id, &self.key, told);
        told
    }
}

/// As much of a path as [`Call::path`] tells of it.
fn first_segments(path: &str, count: usize) -> &str {
    let mut segments = 0;
    let mut before = b'/';
    for (at, byte) in path.bytes().enumerate() {
        if byte == b'/' && before != b'/' {
            segments += 1;
            if segments == count {
                return path.get(..at).unwrap_or(path);
            }
        }
        before = byte;
    }
    path
}

/// What the request says of itself.
fn add_words(request: &Request, key: &mut Key, lately: &mut Lately<Words>) {
    let mut words = None;
    if !request.body.bytes.is_empty() {
        let (content, _) = body::content_prefix(&request.head, &request.body, REQUEST_BYTES);
        let content = content.get(..REQUEST_BYTES).unwrap_or(&content);
        words = lately.of(content, || words_of(content));
    }
    if let Some((part, _)) = &words {
        key.part(part);
    }
    if !words.is_some_and(|(_, named)| named) {
        key.number(4).text(request.head.get("soapaction"));
    }
}

fn words_of(content: &[u8]) -> Words {
    let (mut part, mut named) = (Key::default(), false);
    let envelope = request::walk(content, |word| {
        let (kind, text) = match word {
            Word::Operation(name) => (0, name),
            Word::Folder(id) => (1, id),
            Word::Class(text) => (2, text),
            Word::Role(text) => (3, text),
        };
        named |= kind == 0;
        part.number(kind).text(Some(text));
    });
    envelope.then(|| (part.bytes().into(), named))
}

#[cfg(test)]
mod tests {
    use crate::checks::judge::Judge;
    use crate::checks::judge::facts::Facts;
    use crate::checks::testing::Scene;
    use crate::exchange::ExchangeKey;
    use crate::sink::Sink as _;

    /// What is remembered of the first exchange of each scene, which are judged in the order of `frames`.
    fn facts(scenes: &[Scene], frames: &[u64]) -> Facts {
        let expectations = scenes[0].expectations();
        let mut judge = Judge::new(&expectations);
        for &frame in frames {
            let mut exchange = scenes[frame as usize].exchanges().remove(0);
            exchange.key = ExchangeKey { frame, ..ExchangeKey::default() };
            judge.exchange(exchange);
        }
        judge.finish().facts
    }

    #[test]
    fn a_clock_that_runs_at_another_speed_makes_no_kinds() {
        let scenes: Vec<_> =
            [0, 1200, 3600, 7200].map(|ahead| Scene::healthy().date(ahead)).into_iter().collect();
        for frames in [[1, 2, 3], [3, 2, 1], [2, 1, 3]] {
            let facts = facts(&scenes, &frames);
            let kinds: Vec<_> =
                facts.calls.iter().map(|(call, seen)| (call.skewed, seen.offset(), seen.count)).collect();
            assert_eq!(kinds, [(true, Some(20), 3)], "{frames:?}");
        }
        let facts = facts(&scenes, &[0, 1]);
        let kinds: Vec<_> = facts.calls.iter().map(|(call, seen)| (call.skewed, seen.offset())).collect();
        assert_eq!(kinds, [(false, None), (true, Some(20))]);
    }

    #[test]
    fn answers_without_their_body_are_a_kind_of_their_own() {
        let unseen = |exchange: &mut crate::exchange::Exchange| {
            let body = &mut exchange.response.as_mut().unwrap().body;
            *body = crate::exchange::Body { total: 400, ..Default::default() };
        };
        let cut = |exchange: &mut crate::exchange::Exchange| {
            let body = &mut exchange.response.as_mut().unwrap().body;
            *body =
                crate::exchange::Body { bytes: "<s:Envelope><s:Bo".into(), total: 400, ..Default::default() };
        };
        let silent = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().body.bytes = Default::default();
        };
        let scenes = [Scene::healthy().change(silent), Scene::healthy().change(unseen)];
        let kinds: Vec<_> =
            facts(&scenes, &[0, 1]).calls.into_keys().map(|call| (call.unseen, call.ended())).collect();
        assert_eq!(kinds, [(false, Some(true)), (true, None)]);
        // What ends before it says how the operation went says nothing.
        let kinds: Vec<_> = facts(&[Scene::healthy().change(cut)], &[0]).calls.into_keys().collect();
        assert!(kinds[0].unseen);
    }

    #[test]
    fn the_images_of_a_page_are_one_kind_of_call() {
        let at = |target: &str| Scene::healthy().authorization("").target(target);
        let scenes = [at("/owa/resources/1/a.png"), at("/owa/resources/2/b.png"), at("/ews/exchange.asmx")];
        let paths: Vec<_> = facts(&scenes, &[0, 1, 2]).calls.into_keys().map(|call| call.path).collect();
        assert_eq!(paths, ["/ews/exchange.asmx", "/owa"]);
    }
}
