//! Takes the exchanges of a HAR file, gives them on, marking those whose credentials were taken out.
//!
//! Since version 130 Chrome and Edge export HAR without `Authorization`, `Cookie` and `Set-Cookie` unless
//! asked for more, and leave no mark of it. Exchange answers `/ews`, `/api` and the like with 200 only to
//! who has shown credentials, so such an answer to a request without any is evidence that they were taken
//! out; but only where no field of that kind is in the whole file. That NTLM or Negotiate are offered
//! excuses nothing: Exchange always offers them, and their handshake would stand in an export that is whole.
//! An answer that says itself that its connection was authenticated before (`Persistent-Auth`) is not in
//! question, whatever becomes of the file. A client certificate, or a handshake before the recording began,
//! may have stood in: the answer never tells, and the wording of the oddity leaves it open.

use super::super::{Notice, Receiver};
use crate::exchange::{Exchange, Oddity};
use crate::limits;

/// Holds back the exchanges in question until the file has been seen.
#[derive(Default)]
pub(super) struct Stripped {
    /// In question; bounded by `limits::EXPORT_HELD`.
    held: Vec<Exchange>,
    /// How many were in question and could not be held.
    passed: u64,
    /// A credential was seen: what holds one was not stripped.
    innocent: bool,
}

impl Stripped {
    /// Takes the next exchange.
    pub(super) fn pass(&mut self, exchange: Exchange, out: &mut dyn Receiver) {
        if !self.innocent && shows_credentials(&exchange) {
            self.innocent = true;
            self.held.drain(..).for_each(|held| out.exchange(held));
        }
        if self.innocent || !answered_as_known(&exchange) || was_authenticated(&exchange) {
            return out.exchange(exchange);
        }
        if self.held.len() < limits::EXPORT_HELD {
            self.held.push(exchange);
        } else {
            self.passed += 1;
            out.exchange(exchange);
        }
    }

    /// Whether there is no doubt any more: what comes can go straight on.
    pub(super) fn is_over(&self) -> bool {
        self.innocent
    }

    /// The file is over: what is still held is marked.
    pub(super) fn finish(self, out: &mut dyn Receiver) {
        let count = self.held.len() as u64 + self.passed;
        if count == 0 || self.innocent {
            return;
        }
        for mut exchange in self.held {
            exchange.oddities.push(Oddity {
                name: "export-stripped-headers",
                detail: "answered 200 where Exchange demands credentials, and the whole file holds none: \
                         the export left them out (or a client certificate or an earlier handshake stood in)"
                    .to_owned(),
            });
            out.exchange(exchange);
        }
        let text = format!(
            "{count} {} answered as authenticated, but no Authorization or Cookie is in the file: \
             export it again with sensitive data (Chrome: Settings, Preferences, Network, \
             \"Allow to generate HAR with sensitive data\")",
            if count == 1 { "request was" } else { "requests were" }
        );
        out.notice(Notice::new(None, text));
    }
}

fn shows_credentials(exchange: &Exchange) -> bool {
    let sent = exchange.request.as_ref().is_some_and(|request| {
        let mut fields = request.head.fields();
        fields.any(|field| (field.is("authorization") || field.is("cookie")) && !field.value.is_empty())
    });
    sent || exchange.response.as_ref().is_some_and(|response| response.head.get("set-cookie").is_some())
}

/// Whether the answer says that its connection was authenticated, so that the request needed nothing.
fn was_authenticated(exchange: &Exchange) -> bool {
    let says = |value: &[u8]| value.eq_ignore_ascii_case(b"true");
    exchange.response.as_ref().is_some_and(|response| response.head.get("persistent-auth").is_some_and(says))
}

/// A 200 of Exchange where it serves nobody unknown. `/autodiscover/metadata` and health pages are open.
fn answered_as_known(exchange: &Exchange) -> bool {
    let Some(request) = &exchange.request else { return false };
    let path = request.path().to_ascii_lowercase();
    exchange.response.as_ref().is_some_and(|response| response.status == 200)
        && ["/ews/exchange.asmx", "/mapi/emsmdb", "/api/v2.0/"].iter().any(|known| path.starts_with(known))
        && !path.ends_with("healthcheck.htm")
        // Proves inside the message who it is (federation of organisation relationships).
        && !path.contains("/wssecurity")
        && matches!(request.method.as_str(), "POST" | "PATCH" | "PUT" | "DELETE")
}
