//! Pages of what `token` says of a token that it was given alone; in traffic the outcome of `signature` says the same.

use super::catalogue::{Kind, Page};
use crate::checks::CheckId;
use crate::checks::finding::Severity;

struct Remark {
    id: &'static str,
    severity: Severity,
    title: &'static str,
    matters: &'static str,
    repair: &'static str,
    sources: &'static [&'static str],
}

const REMARKS: [Remark; 3] = [
    Remark {
        id: "signature-key",
        severity: Severity::Warning,
        title: "the key that could prove the signature was not given",
        matters: "Without the signer's key a token proves nothing, whatever it claims: the outcome is incomplete, \
                  never a pass. No key is fetched from where a token points.",
        repair: "Give the key that the token names in x5t or kid: the uploaded certificate with --cert, the metadata \
                 of the token service with --metadata, a key set with --jwks.",
        sources: &["RFC 7515 5.2", "RFC 8725 3.1"],
    },
    Remark {
        id: "signature-key-name",
        severity: Severity::Info,
        title: "the signature verifies with a key of another name than the token gives",
        matters: "x5t and kid only say where to look for the key. That another key verifies means that the key set \
                  names its keys otherwise, or that the token names a certificate that was renewed with the same key.",
        repair: "Nothing, where the key is the signer's; compare the names in the key set with the one in the token.",
        sources: &["RFC 7515 4.1.4", "RFC 7515 4.1.7"],
    },
    Remark {
        id: "signature-encrypted",
        severity: Severity::Warning,
        title: "the token is encrypted and cannot be read",
        matters: "A token of five parts is encrypted for its recipient (JWE): neither its claims nor a signature inside \
                  are visible here, so nothing is proven. Exchange neither issues nor takes such tokens.",
        repair: "Find out who asked for it: the token for Exchange is a JWT of three parts.",
        sources: &["RFC 7516 3.1"],
    },
];

/// All of them.
pub(super) fn pages() -> impl Iterator<Item = Page> {
    REMARKS.iter().map(|remark| Page {
        kind: Kind::Alone,
        id: remark.id.into(),
        alias: String::new(),
        title: remark.title.into(),
        check: Some(CheckId::Signature.name()),
        severity: Some(remark.severity.name()),
        since: Some("0.1.0"),
        sections: vec![
            ("Where it is seen", "In the output of `oauthtrace token`.".into()),
            ("Why it matters", remark.matters.into()),
            ("Repair", remark.repair.into()),
        ],
        sources: remark.sources.iter().map(|&source| source.to_owned()).collect(),
    })
}
