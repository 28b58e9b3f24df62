//! Takes counts, gives the sentences in which outcomes are said.

use crate::checks::judge::memory::Closed;
use crate::checks::said::Said;
use crate::checks::{CheckId, realm};

use super::Decision;

/// The first thing that is missing; what to do about it stands with the whole.
pub(super) fn in_short(missing: &[Said]) -> Said {
    const KEY: &str = " was not supplied";
    let keys = missing.iter().filter(|said| said.words().contains(KEY)).count();
    let Some(first) = missing.first() else { return Said::default() };
    if keys > 0 && first.words().contains(KEY) {
        let were = if keys == 1 { "was" } else { "were" };
        return format!("{} to verify with {were} not supplied", plural(keys as u64, "key")).into();
    }
    let advice = [": save ", ": give ", ": add ", "; supply "];
    let end = advice.iter().filter_map(|words| first.words().find(words)).min();
    first.until(end.unwrap_or(first.words().len()))
}

impl Decision<'_> {
    /// One line for a check that passes.
    pub(super) fn holds(&self, id: CheckId) -> String {
        let memory = self.memory;
        let tenant = || realm::list(&self.expected.tenants);
        match id {
            CheckId::Oauth => {
                format!("{} of applications in scope seen", plural(self.seen.in_scope as u64, "token"))
            }
            CheckId::Issuer => format!("every token in scope names an expected application at {}", tenant()),
            CheckId::Signature => {
                format!("{} verified with a supplied key", plural(self.seen.verified as u64, "signed token"))
            }
            CheckId::Chain => format!(
                "{} around a signed actor token of the same application; `alg: none` outside is right there",
                plural(self.seen.outer as u64, "unsigned outer token")
            ),
            CheckId::Audience => {
                format!(
                    "the host of {} is the one that the token is meant for",
                    plural(memory.presented, "call")
                )
            }
            CheckId::Lifetime => format!(
                "{} within validity, {} s tolerance",
                plural(memory.lifetimes, "use"),
                self.expected.leeway
            ),
            CheckId::Certificate => "valid when it was used, RSA of 2048 bits or more".to_owned(),
            CheckId::NoBasic => match self.proven() {
                0 => format!("no password in {}", plural(memory.requests, "request")),
                proven => {
                    let read = match memory.requests {
                        0 => "no password".to_owned(),
                        requests => format!("no password in {}, and none", plural(requests, "request")),
                    };
                    format!(
                        "{read} on {} that stayed closed: the logs of Exchange tell how each request there was \
                         authenticated",
                        plural(proven, "connection")
                    )
                }
            },
            CheckId::Transport => {
                "no token in scope crossed a public network in the clear, or travelled in a URL".to_owned()
            }
            CheckId::Accepted => {
                let recorded = format!(
                    "{} of {} answered with success",
                    memory.accepted,
                    plural(memory.presented, "call")
                );
                let (calls, good) = self.told.calls;
                match good + self.told.answered {
                    0 => recorded,
                    good => {
                        let told =
                            format!("logs tell of success for {good} of {}", plural(calls.max(good), "call"));
                        if memory.presented == 0 { told } else { format!("{recorded}; {told}") }
                    }
                }
            }
            CheckId::TokenRequest => {
                format!("{} of {} granted", memory.granted, plural(memory.asked, "token request"))
            }
            CheckId::Challenge => {
                format!("{} named the right application and issuer", plural(memory.challenges, "challenge"))
            }
            CheckId::Coverage => {
                // Exports tell nothing of connections.
                let read = match memory.connections {
                    0 => plural(memory.exchanges, "exchange"),
                    connections => plural(connections, "connection"),
                };
                format!("everything could be read of {read}")
            }
        }
    }

    /// One line for a check that does not apply.
    pub(super) fn absent(&self, id: CheckId) -> &'static str {
        match id {
            CheckId::Chain => "no outer token in scope was seen",
            CheckId::Audience | CheckId::Accepted => "no token in scope was presented in a request",
            CheckId::Certificate => "no --cert was given",
            CheckId::Transport => "no token in scope was seen in an exchange",
            CheckId::TokenRequest => "no request to a token service was seen",
            CheckId::Challenge => "no Bearer challenge was seen",
            _ => "not applicable",
        }
    }
}

/// Whom a connection led to.
pub(super) fn named(name: &str) -> String {
    if name.is_empty() { " (server name not known)".to_owned() } else { format!(" to {name}") }
}

/// Where the first of several connections is found.
pub(in crate::checks::judge) fn first(closed: &Closed) -> Said {
    let unit = if closed.passed_on > 0 { "entry" } else { "frame" };
    closed.first.map_or_else(Said::default, |(input, _, frame)| {
        Said::from(format!(" (the first begins with {unit} {frame} of ")).then(Said::input(input)).then(")")
    })
}

/// `the first (and 2 more errors)`.
pub(crate) fn and_more(first: &str, more: usize, thing: &str) -> String {
    match more {
        0 => first.to_owned(),
        more => format!("{first} (and {})", plural(more as u64, &format!("more {thing}"))),
    }
}

/// `1 token`, `2 tokens`.
pub(crate) fn plural(count: u64, thing: &str) -> String {
    if count == 1 { format!("{count} {thing}") } else { format!("{count} {thing}s") }
}
