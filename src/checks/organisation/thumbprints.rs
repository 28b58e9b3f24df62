//! Takes a case, gives the table that an administrator compares by eye: which certificate stands where.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{StateCase, hex};
use crate::base::Instant;
use crate::state::object::{Kind, Object};
use crate::state::uploaded::hex_thumbprint;

/// One certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// 40 upper-case hex digits.
    pub thumbprint: String,
    /// The same as tokens name it.
    pub x5t: String,
    /// `current`, `next` or `previous` of `Get-AuthConfig`.
    pub auth_config: Option<&'static str>,
    /// Servers that have it; empty text where the output does not name the server.
    pub servers: Vec<String>,
    /// Files of `--cert`.
    pub given: Vec<String>,
    /// Applications that it was uploaded to.
    pub uploaded: Vec<String>,
    /// Whether Exchange signed tokens with it, as far as traffic was given.
    pub signs: bool,
    /// End of its validity.
    pub not_after: Option<Instant>,
}

/// The table, the auth certificates first. Certificates that have nothing to do with OAuth are left out.
pub fn table(case: &StateCase<'_>) -> Vec<Row> {
    let mut rows: BTreeMap<[u8; 20], Row> = BTreeMap::new();
    for (which, word) in [("Current", "current"), ("Next", "next"), ("Previous", "previous")] {
        if let Some(thumbprint) = case.auth_thumbprint(which) {
            row(&mut rows, thumbprint).auth_config.get_or_insert(word);
        }
    }
    for (path, certificate) in &case.certificates {
        push(&mut row(&mut rows, certificate.thumbprint).given, path);
    }
    for key in &case.keys {
        if let Some(thumbprint) = key.thumbprint {
            push(
                &mut row(&mut rows, thumbprint).uploaded,
                key.application.as_deref().unwrap_or("(not said)"),
            );
        }
    }
    for thumbprint in case.shown.iter().flat_map(|shown| &shown.self_issued) {
        row(&mut rows, *thumbprint).signs = true;
    }
    for object in case.of(Kind::ExchangeCertificate) {
        let Some(thumbprint) = object.text("Thumbprint").and_then(hex_thumbprint) else { continue };
        if rows.contains_key(&thumbprint) || is_auth(object) {
            let server = object.text("Server").or_else(|| object.text("PSComputerName")).unwrap_or_default();
            push(&mut row(&mut rows, thumbprint).servers, server);
        }
    }
    for (thumbprint, row) in &mut rows {
        row.not_after = case.validity(*thumbprint, true).known();
    }
    let mut rows: Vec<Row> = rows.into_values().collect();
    let rank = |row: &Row| match row.auth_config {
        Some("current") => 0,
        Some("next") => 1,
        Some(_) => 2,
        None => 3,
    };
    rows.sort_by_key(rank);
    rows
}

fn is_auth(object: &Object) -> bool {
    // A wrapped subject may have lost a blank.
    let bare = |subject: &str| subject.split_whitespace().collect::<String>();
    object
        .text("Subject")
        .is_some_and(|subject| bare(subject).contains("MicrosoftExchangeServerAuthCertificate"))
}

fn push(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

fn row(rows: &mut BTreeMap<[u8; 20], Row>, thumbprint: [u8; 20]) -> &mut Row {
    rows.entry(thumbprint).or_insert_with(|| Row {
        thumbprint: hex(thumbprint),
        x5t: URL_SAFE_NO_PAD.encode(thumbprint),
        auth_config: None,
        servers: Vec::new(),
        given: Vec::new(),
        uploaded: Vec::new(),
        signs: false,
        not_after: None,
    })
}
