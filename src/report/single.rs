//! Takes one token with what it came to, gives text for people.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Options;
use super::claims::{date, pretty};
use super::escape::terminal;
use super::mask::Mask;
use super::numbers::Order;
use super::text::paint::Paint;
use super::text::wrap::wrap;
use crate::base::Instant;
use crate::checks::Verdict;
use crate::checks::finding::Severity;
use crate::checks::judge::SignatureState;
use crate::json::Node;
use crate::token::store::TokenStore;
use crate::token::{Token, TokenId};

/// Everything that `token` shows.
#[derive(Clone, Debug)]
pub struct Single {
    /// The token and those inside it.
    pub store: TokenStore,
    /// Their numbers, the outermost first.
    pub order: Order,
    /// What their signatures came to.
    pub judged: BTreeMap<TokenId, (bool, SignatureState)>,
    /// What is to be said of them.
    pub remarks: Vec<Remark>,
    /// The answer.
    pub verdict: Verdict,
    /// The moment that times were judged at.
    pub at: Instant,
    /// Clock tolerance in seconds.
    pub leeway: i64,
}

/// A remark on one of the tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remark {
    /// How bad it is; a warning leaves the answer open.
    pub severity: Severity,
    /// The printed number of the token.
    pub token: usize,
    /// A stable name.
    pub rule: &'static str,
    /// One line.
    pub text: String,
}

/// `token -o text`
///
/// # Errors
/// Those of `out`.
pub fn text(single: &Single, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let paint = Paint { color: options.color };
    let answer = single.verdict.name();
    writeln!(out, "{}", paint.verdict(single.verdict, &format!("verdict: {answer}")))?;
    writeln!(out, "judged at {} with a leeway of {} s\n", single.at, single.leeway)?;
    for remark in &single.remarks {
        let name = remark.severity.name();
        let head = format!("{name}[{}]: ", remark.rule);
        let line = terminal(&format!("token {}: {}", remark.token, remark.text)).into_owned();
        for (index, line) in wrap(&line, options.width.saturating_sub(head.len()).max(30)).iter().enumerate()
        {
            let lead =
                if index == 0 { paint.severity(remark.severity, &head) } else { " ".repeat(head.len()) };
            writeln!(out, "{lead}{line}")?;
        }
    }
    if !single.remarks.is_empty() {
        writeln!(out)?;
    }
    for (number, id) in single.order.tokens().iter().enumerate() {
        if let Some(token) = single.store.get(*id) {
            one(number, *id, token, single, options, out)?;
        }
    }
    Ok(())
}

fn one(
    number: usize,
    id: TokenId,
    token: &Token,
    single: &Single,
    options: &Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let paint = Paint { color: options.color };
    let mask = Mask::new(options.show_secrets);
    let title = format!("token {number}: {}, fingerprint {}", token.role.name(), token.fingerprint);
    writeln!(out, "{}", paint.heading(&title))?;
    if let Some(name) = token.application() {
        writeln!(out, "  application  {}", terminal(&mask.name(&name)))?;
    }
    if let Some((_, state)) = single.judged.get(&id) {
        let key = state.key.as_ref().map_or(String::new(), |key| format!(", {key}"));
        writeln!(out, "  signature    {}{}", state.state, terminal(&key))?;
    }
    for node in [token.header(), token.claims()].into_iter().flatten() {
        let shown = pretty(node, token, &single.store, &single.order, mask);
        for line in shown.text.lines() {
            writeln!(out, "  {line}{}", dated(line, node))?;
        }
    }
    if options.show_secrets {
        writeln!(out, "  text         {}", terminal(&String::from_utf8_lossy(&token.text)))?;
    }
    writeln!(out)
}

/// The date that a line of a time claim means.
fn dated(line: &str, node: &Node) -> String {
    let name = line.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
    let date = name.and_then(|name| date(name, node.get(name)?));
    date.map_or(String::new(), |date| format!("   {date}"))
}
