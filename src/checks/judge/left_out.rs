//! Takes what exports could not give, gives what `coverage` and `no-basic` say about it.

use std::collections::BTreeMap;

use super::outcomes::plural;
use crate::checks::place;
use crate::checks::said::Said;
use crate::connection::LeftOut;
use crate::limits::NAMES_KEPT;

/// Messages that could not be read, by input, whether requests may be among them, and the host that they went to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Losses(BTreeMap<(u32, bool, Option<String>), Lost>);

/// How many messages, and what was said of the first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Lost {
    count: u64,
    first: String,
}

impl Losses {
    /// Remembers a loss of an input, and what was said about it.
    pub(super) fn add(&mut self, input: u32, loss: LeftOut, why: String) {
        let host = loss.host.as_deref().map(place::bare_host).filter(|_| loss.request);
        self.put((input, loss.request, host), Lost { count: loss.count, first: why });
    }

    fn put(&mut self, mut key: (u32, bool, Option<String>), lost: Lost) {
        if self.0.len() >= NAMES_KEPT && !self.0.contains_key(&key) {
            // Without a name it counts as one that may concern any host.
            key.2 = None;
        }
        let known = self.0.entry(key).or_default();
        if known.count == 0 {
            known.first = lost.first;
        }
        known.count = known.count.saturating_add(lost.count);
    }

    /// Takes over what another thread remembered.
    pub(super) fn merge(&mut self, other: Self) {
        for (key, lost) in other.0 {
            self.put(key, lost);
        }
    }

    /// What is missing of each input.
    pub(super) fn missing(&self) -> Vec<Said> {
        let mut inputs: BTreeMap<u32, Lost> = BTreeMap::new();
        for ((input, ..), lost) in &self.0 {
            let known = inputs.entry(*input).or_insert_with(|| Lost { count: 0, first: lost.first.clone() });
            known.count = known.count.saturating_add(lost.count);
        }
        let line = |(input, lost): (u32, Lost)| {
            let were = if lost.count == 1 { "was" } else { "were" };
            let messages = plural(lost.count, "message");
            Said::from(format!("{messages} of "))
                .then(Said::input(input))
                .then(format!(" could not be read and {were} left out{}", lost.said()))
        };
        inputs.into_iter().map(line).collect()
    }

    /// What may have been requests to hosts of which `concerns` says that they are in question; nothing is the name
    /// of a host that is not known.
    pub(super) fn requests<'l>(
        &'l self,
        concerns: impl Fn(&str) -> bool + 'l,
    ) -> impl Iterator<Item = Said> + 'l {
        let requests = self.0.iter().filter(|((_, request, _), _)| *request);
        requests.filter(move |((.., host), _)| concerns(host.as_deref().unwrap_or_default())).map(
            |((input, _, host), lost)| {
                let to = host.as_deref().map_or_else(String::new, |host| format!(" to {host}"));
                let messages = plural(lost.count, "message");
                Said::from(format!("{messages}{to} of ")).then(Said::input(*input)).then(format!(
                    " could not be read, and may have been sent with a password{}: give a recording that is whole",
                    lost.said()
                ))
            },
        )
    }
}

impl Lost {
    fn said(&self) -> String {
        let first = if self.count == 1 { "" } else { "first: " };
        format!(" ({first}{})", self.first)
    }
}
