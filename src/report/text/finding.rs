//! Takes a finding, gives it as a compiler would show it: rule, title, the decoded token with a caret at
//! the claim, observed, expected, the repair, and where to look.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Origin, Renderer, Snippet};

use super::wrap::wrap;
use crate::checks::finding::{Evidence, Finding, Severity};
use crate::report::claims::{Pretty, pretty};
use crate::report::escape::{lines, shorten, terminal};
use crate::report::mask::Mask;
use crate::report::places::{member_name, place, shown_part};
use crate::report::{Options, Verification, commands, diagnosis};

/// Places that are written out; the rest is counted.
const PLACES: usize = 4;

/// Characters of a label at the caret.
const LABEL: usize = 60;

/// One finding, without a final line feed.
pub(super) fn render(
    finding: &Finding,
    known: bool,
    verification: &Verification,
    options: &Options,
) -> String {
    let mask = Mask::new(options.show_secrets);
    let clean = |text: &str| lines(&mask.text(text));
    let fold =
        |text: &str, used: usize| wrap(&clean(text), options.width.saturating_sub(used).max(30)).join("\n");
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let head = format!("{}[{}]: ", finding.severity.name(), finding.rule);
    let title = if known { format!("{} (known)", finding.message) } else { finding.message.clone() };
    let mut group =
        level.primary_title(fold(&title, head.len())).id(finding.rule).elements(Vec::<Origin<'_>>::new());

    let snippet =
        finding.evidence.iter().find_map(|evidence| Some((evidence, shown(evidence, verification, mask)?)));
    let first = snippet.as_ref().map(|(evidence, _)| *evidence).or(finding.evidence.first());
    let path = first.map(|evidence| terminal(&place(evidence, verification)).into_owned());
    // Path and snippet are elements of their own: lines and columns of the shown text mean nothing.
    if let Some(path) = path {
        group = group.element(Origin::path(path));
    }
    if let Some((evidence, pretty)) = &snippet {
        group = group.element(annotated(finding, evidence, pretty));
    }
    for (word, text) in [("observed", &finding.observed), ("expected", &finding.expected)] {
        if !text.is_empty() {
            group = group.element(Level::NOTE.with_name(word).message(fold(text, 18)));
        }
    }
    if !finding.help.is_empty() {
        group = group.element(
            Level::HELP.message(fold(&commands::apart(&diagnosis::help(finding, verification)), 14)),
        );
    }
    if let Some(seen) = places(finding, first, verification) {
        group = group.element(Level::NOTE.with_name("seen").message(seen));
    }
    let longest = snippet.as_ref().and_then(|(_, pretty)| pretty.text.lines().map(str::len).max());
    let text = renderer(options, longest.unwrap_or_default()).render(&[group]);
    // Between a path and a snippet without one the library says that something was left out; nothing was.
    let told = |line: &&str| anstream::adapter::strip_str(line).to_string().trim() != ":::";
    text.lines().filter(told).map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Lines of the token are never cut: they hold identifiers.
fn renderer(options: &Options, longest: usize) -> Renderer {
    let renderer = if options.color { Renderer::styled() } else { Renderer::plain() };
    renderer.decor_style(DecorStyle::Ascii).term_width(options.width.max(longest + 16))
}

/// The part of the token that the evidence points at: claims, or header.
fn shown(evidence: &Evidence, verification: &Verification, mask: Mask) -> Option<Pretty> {
    let store = &verification.judgement.tokens;
    let token = store.get(evidence.token?)?;
    let claim = evidence.claim.as_deref()?;
    let node = shown_part(token, claim)?;
    Some(pretty(node, token, store, &verification.order, mask))
}

fn annotated<'s>(
    finding: &Finding,
    evidence: &Evidence,
    pretty: &'s Pretty,
) -> Snippet<'s, annotate_snippets::Annotation<'s>> {
    let claim = evidence.claim.as_deref().map(member_name).unwrap_or_default();
    let (span, label) = match pretty.member(claim) {
        Some(span) if finding.expected.contains('\n') || finding.expected.is_empty() => (span, String::new()),
        Some(span) => (span, format!("expected {}", shorten(&terminal(&finding.expected), LABEL))),
        // A claim that is missing is shown where it could stand.
        None => (0..1, format!("no `{}` here", terminal(claim))),
    };
    let annotation = AnnotationKind::Primary.span(span);
    let annotation =
        if label.is_empty() || label.chars().count() > LABEL { annotation } else { annotation.label(label) };
    Snippet::source(pretty.text.as_str())
        .line_numbering(false)
        .fold(pretty.members.len() > 14)
        .annotation(annotation)
}

/// The other places, and how many there are.
fn places(finding: &Finding, first: Option<&Evidence>, verification: &Verification) -> Option<String> {
    if finding.count <= 1 && finding.evidence.len() <= 1 {
        return None;
    }
    let mut others: Vec<String> = Vec::new();
    for evidence in &finding.evidence {
        let line = terminal(&place(evidence, verification)).into_owned();
        if first != Some(evidence) && !line.is_empty() && !others.contains(&line) {
            others.push(line);
        }
    }
    let more = others.len().saturating_sub(PLACES);
    others.truncate(PLACES);
    let mut text = format!("{} times", finding.count.max(finding.evidence.len() as u64));
    for place in others {
        text.push_str(&format!("\n{place}"));
    }
    if more > 0 {
        text.push_str(&format!("\nand more; -o json lists {}", finding.evidence.len()));
    }
    Some(text)
}
