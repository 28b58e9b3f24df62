//! Takes the cases of an organisation, asks the rules on state and scripts, gives findings and outcomes.

use super::expectations::{EXCHANGE, Expectations};
use super::finding::{Evidence, Finding, Severity};
use super::judge::facts::Facts;
use super::judge::{Judgement, and_more, plural, tested};
use super::organisation::script::CommandCase;
use super::organisation::{StateCase, show_keys, thumbprints};
use super::rule::{Hit, Out, Scope};
use super::rules::RULES;
use super::tally::Tally;
use super::{CheckId, CheckResult, Outcome, Verdict};
use crate::state::StateFile;
use crate::state::object::Kind;
use crate::token::store::TokenStore;

/// What rules said of state and scripts.
pub(super) type Said = (Vec<Hit>, Vec<(CheckId, String)>);

/// Asks all rules on state.
pub(super) fn ask_state(case: &StateCase<'_>) -> Said {
    let mut said = Said::default();
    for rule in RULES {
        if let Scope::State(examine) = rule.scope {
            examine(case, &mut Out::new(rule, &mut said.0, &mut said.1));
        }
    }
    let unread = |kind: Kind| Some((check_of(kind), case.unreadable(kind)?));
    said.1.extend(Kind::ALL.into_iter().filter_map(unread));
    said
}

/// The check that cannot do without the output of a cmdlet; for output that is good to have, what was covered.
fn check_of(kind: Kind) -> CheckId {
    match kind {
        Kind::Autodiscover => CheckId::Challenge,
        _ => NEEDED
            .iter()
            .find(|(_, needed, _)| *needed == kind)
            .map_or(CheckId::Coverage, |(check, ..)| *check),
    }
}

/// Asks all rules on scripts.
pub(super) fn ask_scripts(case: &CommandCase<'_>) -> Said {
    let mut said = Said::default();
    for rule in RULES {
        if let Scope::Command(examine) = rule.scope {
            examine(case, &mut Out::new(rule, &mut said.0, &mut said.1));
        }
    }
    said
}

/// Judges state and scripts without traffic: `provision check`. Findings from `fail_on` up fail.
pub fn judge(case: &StateCase<'_>, fail_on: Severity) -> Judgement {
    let scripts = CommandCase::new(case.files, case.profile, case.cloud);
    let (mut hits, mut missing) = if case.has_state() { ask_state(case) } else { Said::default() };
    if case.has_state() {
        missing.extend(absent(case));
    }
    if !scripts.scripts.is_empty() {
        let (more_hits, more_missing) = ask_scripts(&scripts);
        hits.extend(more_hits);
        missing.extend(more_missing);
    }
    let mut facts = Facts::default();
    tested(case.files, &Expectations::default(), &mut facts);
    facts.finish();
    let mut tally = Tally::default();
    for hit in &hits {
        let cause = tally.cause(hit);
        tally.place(cause, hit, None, || evidence(hit, case.files));
    }
    let findings = tally.finish();
    let checks = checks(case, !scripts.scripts.is_empty(), &missing, &findings);
    let verdict = Verdict::of(&checks, findings.iter().map(|finding| finding.severity), fail_on);
    Judgement {
        verdict,
        checks,
        findings,
        tokens: TokenStore::default(),
        judged: std::collections::BTreeMap::new(),
        own: 0,
        facts,
        thumbprints: thumbprints::table(case),
    }
}

/// The file that a place is in, and the place inside it.
fn evidence(hit: &Hit, files: &[StateFile]) -> Evidence {
    let place = hit.location.as_deref().unwrap_or_default();
    let inside = |file: &StateFile| place.strip_prefix(&file.path).and_then(|rest| rest.strip_prefix(':'));
    let found = (0u32..).zip(files).find_map(|(number, file)| Some((number, inside(file)?.trim())));
    let location = match found {
        Some((_, line)) if line.bytes().all(|byte| byte.is_ascii_digit()) => format!("line {line}"),
        Some((_, inside)) => inside.to_owned(),
        None => place.to_owned(),
    };
    Evidence {
        input: found.map(|(number, _)| number),
        location: (!location.is_empty()).then_some(location),
        claim: hit.claim.map(str::to_owned),
        ..Evidence::default()
    }
}

/// Cmdlets whose output a check cannot do without.
const NEEDED: [(CheckId, Kind, &str); 10] = [
    (CheckId::Audience, Kind::AcceptedDomain, "Get-AcceptedDomain"),
    (CheckId::Certificate, Kind::AuthConfig, "Get-AuthConfig"),
    (CheckId::Certificate, Kind::ExchangeCertificate, "Get-ExchangeCertificate"),
    (CheckId::NoBasic, Kind::Connector, "Get-IntraOrganizationConnector"),
    (CheckId::Accepted, Kind::PartnerApplication, "Get-PartnerApplication"),
    (CheckId::Accepted, Kind::MailUser, "Get-MailUser"),
    (CheckId::Accepted, Kind::RoleAssignment, "Get-ManagementRoleAssignment"),
    (CheckId::Accepted, Kind::OrganizationConfig, "Get-OrganizationConfig"),
    (CheckId::Challenge, Kind::AuthServer, "Get-AuthServer"),
    (CheckId::Challenge, Kind::WebServices, "Get-WebServicesVirtualDirectory"),
];

/// What was not given, and the cmdlet that prints it.
fn absent(case: &StateCase<'_>) -> Vec<(CheckId, String)> {
    let mut missing: Vec<(CheckId, String)> = NEEDED
        .iter()
        .filter(|(_, kind, _)| !case.asked(*kind) && case.unreadable(*kind).is_none())
        .map(|(check, _, cmdlet)| (*check, format!("the output of {cmdlet} was not given: {HOW}")))
        .collect();
    if !case.asked(Kind::Autodiscover) && case.unreadable(Kind::Autodiscover).is_none() {
        let line = format!("the output of Get-AutodiscoverVirtualDirectory was not given: {HOW}");
        missing.push((CheckId::Challenge, line));
    }
    let ids = case.applications().into_iter().map(|application| application.id).chain([EXCHANGE]);
    for id in ids.filter(|id| case.keys_of(id).is_none()) {
        missing.push((
            CheckId::TokenRequest,
            format!("the keys of service principal {id} were not given: run {}", show_keys(id)),
        ));
    }
    if case.principal(EXCHANGE).is_none_or(|object| object.get("ServicePrincipalNames").is_none()) {
        missing.push((
            CheckId::Audience,
            format!("the host names registered on {EXCHANGE} were not given: run {}", show_keys(EXCHANGE)),
        ));
    }
    missing
}

const HOW: &str = "run it and give what it prints, best with the script of `oauthtrace provision collect`";

/// Checks that rules on state or scripts hang under, in the contract's order.
fn checks(
    case: &StateCase<'_>,
    scripts: bool,
    missing: &[(CheckId, String)],
    findings: &[Finding],
) -> Vec<CheckResult> {
    let judged = |id: &CheckId| {
        let ours = |scope: Scope| matches!(scope, Scope::State(_) | Scope::Command(_));
        RULES.iter().any(|rule| rule.check == *id && ours(rule.scope))
    };
    CheckId::ALL
        .into_iter()
        .filter(judged)
        .map(|id| {
            let state = RULES.iter().any(|rule| rule.check == id && matches!(rule.scope, Scope::State(_)));
            let script = RULES.iter().any(|rule| rule.check == id && matches!(rule.scope, Scope::Command(_)));
            let applies = (state && case.has_state()) || (script && scripts);
            let errors = |severity: Severity| {
                findings.iter().filter(|found| found.check == id && found.severity == severity).count()
            };
            let mut reasons: Vec<String> =
                missing.iter().filter(|(check, _)| *check == id).map(|(_, reason)| reason.clone()).collect();
            reasons.dedup();
            let wrong = findings.iter().find(|found| found.check == id && found.severity == Severity::Error);
            let (outcome, summary) = if let Some(first) = wrong {
                (Outcome::Fail, and_more(&first.message, errors(Severity::Error).saturating_sub(1), "error"))
            } else if !applies {
                (Outcome::NotApplicable, "nothing was given that it looks at".to_owned())
            } else if let Some(first) = reasons.first() {
                (Outcome::NotEstablished, first.clone())
            } else {
                (Outcome::Pass, holds(id, case.has_state(), errors(Severity::Warning)))
            };
            if !matches!(outcome, Outcome::Fail | Outcome::NotEstablished) {
                reasons.clear();
            }
            CheckResult { id, required: required(id) && applies, outcome, summary, missing: reasons }
        })
        .collect()
}

const fn required(id: CheckId) -> bool {
    matches!(
        id,
        CheckId::Audience
            | CheckId::Certificate
            | CheckId::Accepted
            | CheckId::TokenRequest
            | CheckId::Challenge
    )
}

fn holds(id: CheckId, state: bool, warnings: usize) -> String {
    let text = match id {
        _ if !state => "the scripts do what the procedure says",
        CheckId::Audience => "Exchange's host names are registered, the account's domain is accepted",
        CheckId::Certificate => "the auth certificate is valid and where it has to be",
        CheckId::Accepted => "partner applications, accounts and roles are as the procedure says",
        CheckId::TokenRequest => "the current auth certificate is on the service principals",
        CheckId::Challenge => "auth servers are enabled, OAuth is on",
        CheckId::NoBasic => "connectors are enabled",
        _ => "nothing wrong was seen",
    };
    if warnings > 0 {
        format!("{text}, with {}", plural(warnings as u64, "warning"))
    } else {
        text.to_owned()
    }
}
