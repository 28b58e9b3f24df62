//! Takes an inspection or a verification, gives one JSON document: the contract's `inspect/1`, `verify/1`.

/// The shape of lines: records on lines of their own.
mod layout;
/// Exchanges, tokens and connections as the schema has them.
pub mod model;
/// Findings and checks as the schema has them.
pub mod verdict;

use std::io::{self, Write};

use serde::Serialize;
use serde::ser::SerializeMap as _;

use super::mask::Mask;
use super::single::{Remark, Single};
use super::{Inspection, Options, Verification};
use layout::Layout;
pub(super) use layout::write_json;
use model::{Tokens, connection, input};

/// Schema of `inspect -o json`.
pub const INSPECT_SCHEMA: &str = "oauthtrace/inspect/1";

/// Schema of `verify -o json`.
pub const VERIFY_SCHEMA: &str = "oauthtrace/verify/1";

/// Schema of `provision check -o json`.
pub const PROVISION_SCHEMA: &str = "oauthtrace/provision-check/1";

/// Schema of `token -o json`.
pub const TOKEN_SCHEMA: &str = "oauthtrace/token/1";

/// A list that is made while it is written.
pub(super) struct Each<F>(pub(super) F);

impl<F, I> Serialize for Each<F>
where
    F: Fn() -> I,
    I: IntoIterator<Item: Serialize>,
{
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// `inspect -o json`
///
/// # Errors
/// Those of `out`.
pub fn inspection(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    write(out, |map| {
        map.serialize_entry("schema", INSPECT_SCHEMA)?;
        map.serialize_entry("inputs", &Each(|| inspection.inputs.iter().map(input)))?;
        map.serialize_entry("exchanges", &model::Exchanges { inspection, mask })?;
        let number = |key: &_| inspection.exchanges.number(key);
        map.serialize_entry(
            "tokens",
            &Tokens { store: &inspection.tokens, order: &inspection.order, number, judged: None, mask },
        )?;
        map.serialize_entry(
            "connections",
            &Each(|| inspection.connections.iter().enumerate().map(connection)),
        )
    })
}

/// `verify -o json`
///
/// # Errors
/// Those of `out`.
pub fn verification(verification: &Verification, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    let judgement = &verification.judgement;
    if verification.provision.is_some() {
        return provision(verification, mask, out);
    }
    write(out, |map| {
        map.serialize_entry("schema", VERIFY_SCHEMA)?;
        map.serialize_entry("verdict", judgement.verdict.name())?;
        map.serialize_entry("inputs", &Each(|| verification.inputs.iter().map(input)))?;
        map.serialize_entry(
            "checks",
            &Each(|| judgement.checks.iter().map(|check| verdict::check(check, mask))),
        )?;
        map.serialize_entry("findings", &verdict::findings(verification, mask))?;
        map.serialize_entry("causes", &verdict::causes(verification, mask))?;
        map.serialize_entry("scenarios", &verdict::scenarios(verification))?;
        let number = |key: &_| verification.numbers.rank(key);
        let judged = Some(&judgement.judged);
        map.serialize_entry(
            "tokens",
            &Tokens { store: &judgement.tokens, order: &verification.order, number, judged, mask },
        )?;
        if !judgement.thumbprints.is_empty() {
            map.serialize_entry("thumbprints", &verdict::thumbprints(&judgement.thumbprints))?;
        }
        map.serialize_entry("coverage", &verdict::coverage(&verification.coverage))
    })
}

/// `provision check -o json`
fn provision(verification: &Verification, mask: Mask, out: &mut dyn Write) -> io::Result<()> {
    let judgement = &verification.judgement;
    write(out, |map| {
        map.serialize_entry("schema", PROVISION_SCHEMA)?;
        map.serialize_entry("verdict", judgement.verdict.name())?;
        if let Some(provision) = &verification.provision {
            map.serialize_entry("profile", provision.profile)?;
            map.serialize_entry("culture", &provision.culture)?;
        }
        map.serialize_entry("inputs", &Each(|| verification.inputs.iter().map(input)))?;
        map.serialize_entry(
            "checks",
            &Each(|| judgement.checks.iter().map(|check| verdict::check(check, mask))),
        )?;
        map.serialize_entry("findings", &verdict::findings(verification, mask))?;
        map.serialize_entry("causes", &verdict::causes(verification, mask))?;
        map.serialize_entry("thumbprints", &verdict::thumbprints(&judgement.thumbprints))
    })
}

/// `token -o json`
///
/// # Errors
/// Those of `out`.
pub fn single(single: &Single, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct RemarkRecord {
        rule: &'static str,
        severity: &'static str,
        token: usize,
        message: String,
    }
    let mask = Mask::new(options.show_secrets);
    write(out, |map| {
        map.serialize_entry("schema", TOKEN_SCHEMA)?;
        map.serialize_entry("verdict", single.verdict.name())?;
        map.serialize_entry("at", &single.at.to_string())?;
        map.serialize_entry("leeway", &single.leeway)?;
        let remark = |remark: &Remark| RemarkRecord {
            rule: remark.rule,
            severity: remark.severity.name(),
            token: remark.token,
            message: mask.text(&remark.text).into_owned(),
        };
        map.serialize_entry("findings", &single.remarks.iter().map(remark).collect::<Vec<_>>())?;
        map.serialize_entry(
            "tokens",
            &Tokens {
                store: &single.store,
                order: &single.order,
                number: |_: &_| None,
                judged: Some(&single.judged),
                mask,
            },
        )
    })
}

type Map<'m, 'w> = serde_json::ser::Compound<'m, &'w mut dyn Write, Layout>;

fn write(
    out: &mut dyn Write,
    fill: impl FnOnce(&mut Map<'_, '_>) -> Result<(), serde_json::Error>,
) -> io::Result<()> {
    use serde::Serializer as _;
    let mut serializer = serde_json::Serializer::with_formatter(out, Layout::default());
    let mut map = serializer.serialize_map(None)?;
    fill(&mut map)?;
    map.end()?;
    serializer.into_inner().write_all(b"\n")
}
