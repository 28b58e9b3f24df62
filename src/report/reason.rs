//! Takes the ledger of a connection, gives the line that says what is missing from it.

use crate::connection::{BEGINS_INSIDE, Connection, SNAPPED, State};

/// Why a connection is not complete; `None` when it is.
pub fn of(connection: &Connection) -> Option<String> {
    if connection.state() == State::Complete {
        return None;
    }
    let mut reasons = Vec::new();
    if let Some(tls) = &connection.tls {
        reasons.extend(tls.undecrypted.clone());
        if tls.records_failed > 0 {
            reasons.push(format!("{} did not open", counted(tls.records_failed, "TLS record")));
        }
    }
    for (missing, who) in [(connection.sent.missing, "client"), (connection.received.missing, "server")] {
        if missing > 0 {
            reasons.push(format!("{} of the {who} missing", counted(missing, "byte")));
        }
    }
    if connection.snapped {
        reasons.push(SNAPPED.to_owned());
    }
    if connection.exchanges_partial > 0 {
        reasons.push(format!("{} not seen to the end", counted(connection.exchanges_partial, "exchange")));
    }
    if connection.begins_inside {
        reasons.push(BEGINS_INSIDE.to_owned());
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// `1 byte`, `2 bytes`.
pub fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::{Flow, TlsLedger};

    #[test]
    fn a_complete_connection_needs_no_reason() {
        assert_eq!(of(&Connection::default()), None);
    }

    #[test]
    fn everything_that_is_missing_is_named() {
        let connection = Connection {
            sent: Flow { missing: 1, ..Flow::default() },
            exchanges_partial: 2,
            begins_inside: true,
            snapped: true,
            tls: Some(TlsLedger { records_failed: 3, ..TlsLedger::default() }),
            ..Connection::default()
        };
        assert_eq!(
            of(&connection).as_deref(),
            Some(
                "3 TLS records did not open; 1 byte of the client missing; packets were recorded in part: \
                 record them whole (tcpdump -s 0, pktmon start --pkt-size 0); 2 exchanges not seen to the end; \
                 joined inside a message: record from the start of the connection, or give all files of one \
                 recording together"
            )
        );
    }
}
