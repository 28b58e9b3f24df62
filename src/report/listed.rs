//! Takes exchanges with the tokens that were found in them, keeps each small, gives them back one by one: a recording
//! may hold millions of them, and most reports print one after another.

use bytes::Bytes;

use super::numbers::Order;
use crate::exchange::{Exchange, ExchangeKey};
use crate::token::store::TokenStore;
use crate::token::{Half, Sighting, TokenId};
use crate::wire::http::packed::Packed;

/// One exchange with the tokens that were found in it; its bodies are dropped.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The exchange.
    pub exchange: Exchange,
    /// Tokens in it.
    pub sightings: Vec<Sighting>,
}

impl Listed {
    /// Numbers of the tokens of the exchange, or of one half of it.
    pub fn numbers(&self, order: &Order, half: Option<Half>) -> Vec<usize> {
        let of_half = self.sightings.iter().filter(|at| half.is_none_or(|half| at.location.half == half));
        let mut numbers: Vec<_> = of_half.filter_map(|at| order.number(at.token)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Texts of the tokens of one half, for a mask to find them wherever they stand.
    pub fn texts(&self, store: &TokenStore, half: Half) -> Vec<Bytes> {
        let of_half = self.sightings.iter().filter(|at| at.location.half == half);
        of_half.filter_map(|at| store.text(at.token)).collect()
    }
}

/// Exchanges with their tokens.
#[derive(Clone, Debug, Default)]
pub struct Exchanges(Vec<Kept>);

#[derive(Clone, Debug)]
struct Kept {
    /// Without its messages.
    exchange: Exchange,
    request: Option<Packed>,
    response: Option<Packed>,
    sightings: Box<[Sighting]>,
}

impl Kept {
    fn open(&self) -> Listed {
        let exchange = Exchange {
            request: self.request.as_ref().map(|request| Box::new(request.open())),
            response: self.response.as_ref().map(|response| Box::new(response.open_response())),
            ..self.exchange.clone()
        };
        Listed { exchange, sightings: self.sightings.to_vec() }
    }
}

impl Exchanges {
    /// Adds an exchange.
    pub(super) fn push(&mut self, listed: Listed) {
        let Listed { mut exchange, sightings } = listed;
        let request = exchange.request.take().map(|request| Packed::of(&request));
        let response = exchange.response.take().map(|response| Packed::of_response(&response));
        exchange.oddities.shrink_to_fit();
        self.0.push(Kept { exchange, request, response, sightings: sightings.into() });
    }

    /// Takes over others, whose tokens have other identities here: `renamed`, by their old ones.
    pub(super) fn join(&mut self, other: Self, renamed: &[TokenId]) {
        self.0.extend(other.0.into_iter().map(|mut kept| {
            for sighting in &mut kept.sightings {
                if let Some(id) = renamed.get(sighting.token.0 as usize) {
                    sighting.token = *id;
                }
            }
            kept
        }));
    }

    /// Brings them into the order of their keys.
    pub(super) fn sort(&mut self) {
        self.0.sort_by_key(|kept| kept.exchange.key);
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// An exchange by its number.
    pub fn get(&self, number: usize) -> Option<Listed> {
        self.0.get(number).map(Kept::open)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Listed> {
        self.0.iter().map(Kept::open)
    }

    /// Their keys, in order.
    pub fn keys(&self) -> impl Iterator<Item = ExchangeKey> {
        self.0.iter().map(|kept| kept.exchange.key)
    }

    /// The number of an exchange.
    pub fn number(&self, key: &ExchangeKey) -> Option<usize> {
        self.0.binary_search_by_key(key, |kept| kept.exchange.key).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Body, Head, Oddity, Protocol, Request, Response};
    use crate::token::{Location, Role};

    #[test]
    fn exchanges_come_back_as_they_were_in_the_order_of_their_keys() {
        let listed = |frame: u64| {
            let token = format!("Bearer {}", "t".repeat(600));
            let request = Request {
                method: "POST".into(),
                target: "/ews/exchange.asmx".into(),
                scheme: Some("https".into()),
                host: Some("mail.contoso.com".into()),
                head: Head::from_pairs([
                    (&b"Authorization"[..], token.as_bytes()),
                    (b"client-request-id", frame.to_string().as_bytes()),
                ]),
                body: Body { total: 900, complete: true, ..Body::default() },
                times: None,
            };
            let head = Head { partial: true, ..Head::from_pairs([(&b"Date"[..], &b"today"[..])]) };
            let response = Response { status: 401, head, ..Response::default() };
            let exchange = Exchange {
                key: ExchangeKey { input: 0, frame, sub: 0 },
                connection: Some(3),
                frames: Some((frame, frame + 7)),
                until: None,
                client: None,
                server: None,
                protocol: Protocol::Http11,
                tls: None,
                request: (frame != 2).then(|| Box::new(request)),
                response: (frame != 3).then(|| Box::new(response)),
                oddities: vec![Oddity { name: "http-bare-lf", detail: frame.to_string() }],
            };
            let location =
                Location { half: Half::Request, part: "header.authorization".into(), bytes: 7..607 };
            let (token, role) = (TokenId(5), Role::Opaque);
            let sighting = Sighting { token, role, location, frames: vec![frame], presented: true };
            Listed { exchange, sightings: vec![sighting] }
        };
        let (mut all, mut others) = (Exchanges::default(), Exchanges::default());
        all.push(listed(4));
        all.push(listed(1));
        others.push(listed(3));
        others.push(listed(2));
        all.join(others, &[0, 1, 2, 3, 4, 9].map(TokenId));
        all.sort();
        assert_eq!((all.len(), all.keys().map(|key| key.frame).collect::<Vec<_>>()), (4, vec![1, 2, 3, 4]));
        for (opened, frame) in all.iter().zip(1..) {
            let expected = listed(frame);
            assert_eq!(opened.exchange, expected.exchange);
            let token = if matches!(frame, 2 | 3) { TokenId(9) } else { TokenId(5) };
            let [sighting] = &*expected.sightings else { panic!("one token") };
            assert_eq!(opened.sightings, [Sighting { token, ..sighting.clone() }]);
            let number = usize::try_from(frame).unwrap() - 1;
            assert_eq!(all.number(&opened.exchange.key), Some(number));
            assert_eq!(all.get(number).map(|listed| listed.exchange), Some(opened.exchange));
        }
        assert_eq!(
            (all.get(4).is_none(), all.number(&ExchangeKey { input: 1, frame: 1, sub: 0 })),
            (true, None)
        );
    }
}
