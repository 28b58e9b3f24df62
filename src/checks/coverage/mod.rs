//! Could everything be read? One file per rule.

/// Retransmitted bytes differ from the first copy.
pub(crate) mod conflict;
/// Bytes are missing in a connection.
pub(crate) mod gap;
/// A request has several Host fields.
pub(crate) mod host_repeated;
/// An HTTP message is odd.
pub(crate) mod http;
/// A bound of the tool was reached.
pub(crate) mod limit;
/// A line of a log tells of a recorded exchange.
pub(crate) mod log_joined;
/// What a live service is.
pub(crate) mod service;
/// An input was cut.
pub(crate) mod truncated;
/// A question to a live service was not answered.
pub(crate) mod unanswered;
/// A TLS connection stayed closed.
pub(crate) mod undecrypted;

use crate::checks::judge::plural;
use crate::checks::said::Said;
use crate::connection::{BEGINS_INSIDE, Connection, SNAPPED};

/// What is missing of a connection, in one line.
pub(crate) fn describe(connection: &Connection) -> Said {
    let mut parts = Vec::new();
    if let Some(reason) = connection.tls.as_ref().and_then(|tls| tls.undecrypted.as_deref()) {
        parts.push(format!("not decrypted: {reason}"));
    }
    let missing = connection.sent.missing + connection.received.missing;
    if missing > 0 {
        parts.push(format!("{} missing", plural(missing, "byte")));
    }
    if connection.snapped {
        parts.push(SNAPPED.to_owned());
    }
    if let Some(tls) = connection.tls.as_ref().filter(|tls| tls.records_failed > 0) {
        parts.push(format!("{} did not open", plural(tls.records_failed, "TLS record")));
    }
    if connection.exchanges_partial > 0 {
        parts.push(format!("{} incomplete", plural(connection.exchanges_partial, "exchange")));
    }
    if connection.begins_inside {
        parts.push(BEGINS_INSIDE.to_owned());
    }
    parts.extend(connection.oddities.iter().map(|oddity| format!("{}: {}", oddity.name, oddity.detail)));
    let ends = match (connection.client, connection.server) {
        (Some(client), Some(server)) => format!(" {client} to {server}"),
        _ => String::new(),
    };
    // By its first frame, which every tool shows alike.
    let unit = if connection.passed_on { "entry" } else { "frame" };
    let from = format!(" from {unit} {}", connection.first_frame);
    Said::from(format!("connection{ends}{from} of "))
        .then(Said::input(connection.input))
        .then(format!(": {}", parts.join("; ")))
}
/// A placeholder of the template was left in the script.
pub(crate) mod script_placeholder;
/// Typographic dashes or quotes stand in the script.
pub(crate) mod script_typographic;
/// A list was cut by the output.
pub(crate) mod state_list_truncated;
