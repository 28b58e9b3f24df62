//! How a cause is declared: what speaks for and against it, what repairs it, and the function that weighs.
//!
//! A cause is one file in `causes/` plus one line in `diagnose::causes::CAUSES`. Its text feeds reports, `explain` and
//! `docs/causes.md`. Each piece of evidence has a weight: 80 and more together are certain, 50 likely, 20
//! possible; less is not said.

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::expectations::{self, Expectations};
use crate::checks::finding::Severity;
use crate::checks::judge::Judgement;
use crate::checks::judge::facts::{Ask, Call, Outbound, Seen};
use crate::checks::organisation::StateCase;
use crate::exchange::ExchangeKey;
use crate::limits::EVIDENCE_LISTED;

/// How sure a cause is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Something speaks for it, not more.
    Possible,
    /// More speaks for it than for anything else.
    Likely,
    /// Nothing else explains what was seen.
    Certain,
}

impl Confidence {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }

    const fn of(score: i32) -> Option<Self> {
        match score {
            80.. => Some(Self::Certain),
            50.. => Some(Self::Likely),
            20.. => Some(Self::Possible),
            _ => None,
        }
    }
}

/// Which side a reason comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Source {
    /// Recorded traffic, an export or a log.
    Traffic,
    /// What the cmdlets of the organisation print.
    State,
}

impl Source {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Traffic => "traffic",
            Self::State => "state",
        }
    }
}

/// One thing that speaks for or against a cause.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// Where it was seen.
    pub source: Source,
    /// One sentence, lower case, without a final stop.
    pub text: String,
}

/// Whether it is a root, or what people do when the root is not repaired.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rank {
    /// Something to repair.
    Root,
    /// A fallback: it stands behind a root that explains it.
    Fallback,
    /// The admission that nothing locates the failure.
    Unknown,
}

/// One cause.
#[derive(Debug)]
pub struct Cause {
    /// Stable, kebab-case.
    pub id: &'static str,
    /// One line, lower case, without a final stop.
    pub title: &'static str,
    /// See [`Rank`].
    pub rank: Rank,
    /// Two or three sentences: what happened. `{host}` and the like are filled in.
    pub summary: &'static str,
    /// What speaks for it.
    pub speaks_for: &'static str,
    /// What speaks against it.
    pub speaks_against: &'static str,
    /// Commands, with `{host}` and the like.
    pub repair: &'static [&'static str],
    /// Where the knowledge comes from.
    pub sources: &'static [&'static str],
    /// Weighs the evidence.
    pub examine: for<'a> fn(&Case<'a>, &mut Weighing<'a>),
}

/// A cause that something speaks for.
#[derive(Clone, Debug)]
pub struct Found {
    /// Which.
    pub cause: &'static Cause,
    /// How sure.
    pub confidence: Confidence,
    /// Sum of the weights.
    pub score: i32,
    /// The paragraph, with this organisation's values.
    pub summary: String,
    /// Commands, with this organisation's values: those of the state's findings where there are any.
    pub commands: Vec<String>,
    /// What speaks for it, one sentence each.
    pub reasons: Vec<Reason>,
    /// What speaks against it.
    pub doubts: Vec<Reason>,
    /// Indices of the findings that speak for it.
    pub supporting: Vec<usize>,
    /// Indices of the findings that speak against it.
    pub contradicting: Vec<usize>,
    /// The first exchanges that speak for it.
    pub exchanges: Vec<ExchangeKey>,
}

/// What is weighed.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// What was expected.
    pub expected: &'a Expectations,
    /// What was found.
    pub judgement: &'a Judgement,
    /// What the cmdlets of the organisation print, where that was given.
    pub organisation: Option<&'a StateCase<'a>>,
}

impl<'a> Case<'a> {
    /// A command with the hosts of the tenant's cloud in place of those of the worldwide one.
    fn in_its_cloud(self, command: String) -> String {
        let cloud = self.judgement.cloud(self.expected).unwrap_or_default();
        cloud.fitted(&command).unwrap_or(command)
    }

    /// Calls that `wanted` accepts.
    pub fn calls(self, wanted: impl Fn(&Call) -> bool) -> Vec<(&'a Call, &'a Seen)> {
        self.judgement.facts.calls.iter().filter(|(call, _)| wanted(call)).collect()
    }

    /// Refusals of a token in scope with this canonical category.
    pub fn refused(self, category: &str) -> Vec<(&'a Call, &'a Seen)> {
        self.calls(|call| call.says(category) && !call.succeeded())
    }

    /// Token requests that `wanted` accepts.
    pub fn asks(self, wanted: impl Fn(&Ask) -> bool) -> Vec<(&'a Ask, &'a Seen)> {
        self.judgement.facts.asks.iter().filter(|(ask, _)| wanted(ask)).collect()
    }

    /// Failures of Exchange as a caller that logs name so.
    pub fn outbound(self, names: &[&str]) -> Vec<(&'a Outbound, &'a Seen)> {
        let told = self.judgement.facts.outbound.iter();
        told.filter(|(told, _)| told.name.is_some_and(|name| names.contains(&name))).collect()
    }

    /// Findings about failures of Exchange as a caller that name one of these errors.
    fn outbound_findings(self, told: &[(&Outbound, &Seen)]) -> Vec<usize> {
        let names: Vec<_> = told.iter().filter_map(|(told, _)| told.name).collect();
        let mut found = self.errors(&["log-outbound"]);
        found.retain(|&index| {
            let finding = self.judgement.findings.get(index);
            finding.is_some_and(|finding| names.iter().any(|name| finding.help.starts_with(name)))
        });
        // The same, told by the cmdlet's output among the state.
        found.extend(self.errors(&["state-test-failed"]));
        found
    }

    /// Findings of these rules at or above `least`.
    pub fn findings(self, rules: &[&str], least: Severity) -> Vec<usize> {
        let findings = self.judgement.findings.iter().enumerate();
        findings
            .filter(|(_, finding)| finding.severity >= least && rules.contains(&finding.rule))
            .map(|(index, _)| index)
            .collect()
    }

    /// Errors of these rules.
    pub fn errors(self, rules: &[&str]) -> Vec<usize> {
        self.findings(rules, Severity::Error)
    }

    /// The host of the first exchange that a finding rests on, as far as it is known.
    pub fn host_of(self, finding: usize) -> Option<String> {
        let facts = &self.judgement.facts;
        let key = self.judgement.findings.get(finding)?.evidence.iter().find_map(|place| place.exchange)?;
        let call = facts.calls.iter().find(|(_, seen)| seen.exchanges.contains(&key));
        let ask = || facts.asks.iter().find(|(_, seen)| seen.exchanges.contains(&key));
        call.map(|(call, _)| call.host.clone()).or_else(|| ask().map(|(ask, _)| ask.host.clone()))
    }

    /// The exchanges that findings rest on, as far as they are listed.
    pub fn places(self, findings: &[usize]) -> BTreeSet<ExchangeKey> {
        let found = findings.iter().filter_map(|&index| self.judgement.findings.get(index));
        found.flat_map(|finding| finding.evidence.iter().filter_map(|place| place.exchange)).collect()
    }

    /// Whether a token in scope was accepted.
    pub fn any_accepted(self) -> bool {
        self.judgement.facts.calls.keys().any(Call::accepted)
    }

    /// Findings above information whose evidence lies in these exchanges. Findings that are about something
    /// else that the same exchange shows stay out.
    fn at(self, seen: &Seen) -> impl Iterator<Item = usize> {
        // Whom the challenge trusts, and which cloud is asked, is one thing, why something is refused another: causes of
        // the former name these rules.
        const BESIDE: [&str; 6] = [
            "transport-clear",
            "certificate-expires-soon",
            "challenge-issuer-missing",
            "challenge-realm",
            "challenge-cloud",
            "request-cloud",
        ];
        let keys = seen.exchanges.clone();
        self.judgement.findings.iter().enumerate().filter_map(move |(index, finding)| {
            let here =
                finding.evidence.iter().filter_map(|place| place.exchange).any(|key| keys.contains(&key));
            (here && finding.severity > Severity::Info && !BESIDE.contains(&finding.rule)).then_some(index)
        })
    }
}

/// Evidence for and against one cause.
#[derive(Debug)]
pub struct Weighing<'a> {
    pub(super) case: Case<'a>,
    pub(super) score: i32,
    pub(super) reasons: Vec<Reason>,
    pub(super) doubts: Vec<Reason>,
    pub(super) supporting: BTreeSet<usize>,
    contradicting: BTreeSet<usize>,
    exchanges: BTreeSet<ExchangeKey>,
    values: BTreeMap<&'static str, String>,
    /// What repairs it in this organisation, as rules on its state say.
    pub(super) repairs: Vec<String>,
}

impl<'a> Weighing<'a> {
    /// Nothing speaks for it yet.
    const fn new(case: Case<'a>) -> Self {
        Self {
            case,
            score: 0,
            reasons: Vec::new(),
            doubts: Vec::new(),
            supporting: BTreeSet::new(),
            contradicting: BTreeSet::new(),
            exchanges: BTreeSet::new(),
            values: BTreeMap::new(),
            repairs: Vec::new(),
        }
    }

    /// Something speaks for it.
    pub fn plus(&mut self, weight: i32, reason: impl Into<String>) -> &mut Self {
        self.score += weight;
        self.reasons.push(Reason { source: Source::Traffic, text: reason.into() });
        self
    }

    /// A log names an error of Exchange as a caller that this cause explains.
    pub fn logged(&mut self, weight: i32, names: &[&str]) -> &mut Self {
        let told = self.case.outbound(names);
        if let Some((first, _)) = told.first() {
            let name = first.name.unwrap_or_default();
            let called = if first.host.is_empty() {
                String::new()
            } else {
                format!(" when Exchange calls {}", first.host)
            };
            self.plus(weight, format!("a log of Exchange names {name}{called}"));
            self.by(self.case.outbound_findings(&told));
            let host = first.host.clone();
            self.value("host", &host);
        }
        self
    }

    /// Something speaks against it.
    pub fn minus(&mut self, weight: i32, reason: impl Into<String>) -> &mut Self {
        self.score -= weight;
        self.doubts.push(Reason { source: Source::Traffic, text: reason.into() });
        self
    }

    /// The findings that the evidence for it rests on.
    pub fn by(&mut self, findings: impl IntoIterator<Item = usize>) -> &mut Self {
        self.supporting.extend(findings);
        self
    }

    /// The findings that the evidence against it rests on.
    pub fn but(&mut self, findings: impl IntoIterator<Item = usize>) -> &mut Self {
        self.contradicting.extend(findings);
        self
    }

    /// The exchanges that the evidence for it rests on, with the findings there.
    pub fn at<'s, K: 's>(&mut self, seen: impl IntoIterator<Item = &'s (K, &'s Seen)>) -> &mut Self {
        for (_, seen) in seen {
            // What has no exchange, a log told.
            if seen.exchanges.is_empty() {
                self.supporting.extend(self.case.errors(&[
                    "log-refused",
                    "log-outbound",
                    "log-ews-error",
                    "state-test-failed",
                ]));
                self.supporting.extend(self.case.findings(&["log-server-error"], Severity::Warning));
            }
            self.supporting.extend(self.case.at(seen));
            self.exchanges.extend(&seen.exchanges);
        }
        self
    }

    /// A value for summary and commands. What could not be typed into a shell as it is stays a placeholder:
    /// values come from the traffic.
    pub fn value(&mut self, name: &'static str, value: &str) -> &mut Self {
        let safe = |letter: char| letter.is_ascii_alphanumeric() || "._-:@/*".contains(letter);
        if !value.is_empty() && value.chars().all(safe) {
            self.values.entry(name).or_insert_with(|| value.to_owned());
        }
        self
    }

    /// Words of this tool for the summary, where no value stands yet. Never for text of the traffic that is to
    /// be typed.
    pub fn words(&mut self, name: &'static str, text: String) -> &mut Self {
        self.values.entry(name).or_insert(text);
        self
    }

    /// Application, with its name.
    pub fn application(&mut self, id: Option<&str>) -> &mut Self {
        let Some(id) = id else { return self };
        if let Some(name) = expectations::application_name(id) {
            self.values.entry("name").or_insert_with(|| name.to_owned());
        }
        self.value("application", id)
    }

    /// A value that is known by now.
    pub fn known(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The sum so far.
    pub const fn score(&self) -> i32 {
        self.score
    }

    /// The paragraph; a value in parentheses that is not known is left out with them.
    fn paragraph(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut from = 0;
        while let Some(open) = text.get(from..).and_then(|rest| rest.find(" (")).map(|at| at + from) {
            let Some(end) = text.get(open..).and_then(|rest| rest.find(')')) else { break };
            let inside = text.get(open..open + end).unwrap_or_default();
            let name =
                inside.split_once('{').and_then(|(_, rest)| rest.split_once('}')).map(|(name, _)| name);
            if name.is_some_and(|name| !self.values.contains_key(name)) {
                text.replace_range(open..=open + end, "");
            } else {
                from = open + end;
            }
        }
        self.fill(&text)
    }

    fn fill(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, after) = rest.split_at(at);
            filled.push_str(before);
            let name = after.get(1..).and_then(|after| after.split('}').next()).unwrap_or_default();
            let known =
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') && !name.is_empty();
            if known && after.len() > name.len() + 1 {
                match self.values.get(name) {
                    Some(value) => filled.push_str(value),
                    None => filled.push_str(&format!("<{}>", name.replace('_', " "))),
                }
                rest = after.get(name.len() + 2..).unwrap_or_default();
            } else {
                filled.push('{');
                rest = after.get(1..).unwrap_or_default();
            }
        }
        filled.push_str(rest);
        filled
    }
}

/// `provision script` with the profile that knows the application that is spoken of.
fn for_its_profile(command: String, weighing: &Weighing<'_>) -> String {
    const PLAIN: &str = "oauthtrace provision script --tenant ";
    let current = [expectations::TEAMS_SCHEDULER, expectations::CLOUD_VOICEMAIL];
    let application = weighing.known("application").unwrap_or_default();
    match command.strip_prefix(PLAIN) {
        Some(rest) if current.iter().any(|id| id.eq_ignore_ascii_case(application)) => {
            format!("oauthtrace provision script --profile teams-2025 --tenant {rest}")
        }
        _ => command,
    }
}

/// Weighs one cause.
pub(super) fn weigh(cause: &'static Cause, case: &Case<'_>) -> Option<Found> {
    let mut weighing = Weighing::new(*case);
    let tenants = &case.expected.tenants;
    let domain = tenants.iter().find(|tenant| tenant.contains('.'));
    let guid = tenants.iter().find(|tenant| !tenant.contains('.'));
    for (name, value) in [("tenant", guid.or(domain)), ("domain", domain.or(guid))] {
        weighing.value(name, value.map_or("", String::as_str));
    }
    let expected = case.expected;
    for (name, value) in [
        ("verified_domain", expected.verified_domain.as_ref().or(domain)),
        ("domain_controller", expected.domain_controller.as_ref()),
        ("exchange_host", expected.hosts.first()),
    ] {
        weighing.value(name, value.map_or("", String::as_str));
    }
    (cause.examine)(case, &mut weighing);
    let confidence = Confidence::of(weighing.score)?;
    let fitted = |command: &str| for_its_profile(case.in_its_cloud(weighing.fill(command)), &weighing);
    let general = || cause.repair.iter().map(|command| fitted(command)).collect();
    Some(Found {
        cause,
        confidence,
        score: weighing.score,
        summary: weighing.paragraph(cause.summary),
        commands: if weighing.repairs.is_empty() { general() } else { weighing.repairs.clone() },
        supporting: weighing.supporting.into_iter().collect(),
        contradicting: weighing.contradicting.into_iter().collect(),
        exchanges: weighing.exchanges.into_iter().take(EVIDENCE_LISTED).collect(),
        reasons: weighing.reasons,
        doubts: weighing.doubts,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::Judge;
    use crate::checks::testing::Scene;
    use crate::state::cloud::Cloud;

    fn with(expected: &Expectations, test: impl FnOnce(&mut Weighing<'_>)) {
        let judgement = Judge::new(expected).finish();
        let case = Case { expected, judgement: &judgement, organisation: None };
        test(&mut Weighing::new(case));
    }

    #[test]
    fn only_what_a_shell_reads_as_one_word_becomes_a_value() {
        with(&Expectations::default(), |weighing| {
            for text in
                ["a;b", "a b", "$(x)", "a`b", "a'b", "\"a\"", "a|b", "a&b", "a>b", "{a}", "é", "a\nb", ""]
            {
                weighing.value("host", text);
                assert_eq!(weighing.known("host"), None, "{text:?}");
            }
            weighing.value("host", "mail.contoso.com:443").value("host", "later");
            assert_eq!(weighing.known("host"), Some("mail.contoso.com:443"));
            weighing.value("name", "https://a-b.c/*_@d");
            assert!(weighing.known("name").is_some());
        });
    }

    #[test]
    fn braces_that_are_no_names_stay_and_names_without_a_value_are_placeholders() {
        with(&Expectations::default(), |weighing| {
            weighing.value("host", "h");
            for (text, filled) in [
                ("get {host} and {domain_controller}", "get h and <domain controller>"),
                ("@{Add={host}}", "@{Add=h}"),
                ("{ $_.Name } {} {host", "{ $_.Name } {} {host"),
            ] {
                assert_eq!(weighing.fill(text), filled);
            }
            let text = "It is there ({host}), at ({tenant}), and so (as said).";
            assert_eq!(weighing.paragraph(text), "It is there (h), at, and so (as said).");
        });
    }

    #[test]
    fn commands_name_the_hosts_of_the_cloud_that_was_given() {
        let command =
            "curl https://accounts.accesscontrol.windows.net/x; Test-NetConnection outlook.office365.com";
        let placed = |cloud: Option<Cloud>| {
            let expected = Expectations { cloud, ..Scene::healthy().expectations() };
            let mut text = String::new();
            with(&expected, |weighing| text = weighing.case.in_its_cloud(command.to_owned()));
            text
        };
        assert_eq!(placed(None), command);
        assert_eq!(placed(Some(Cloud::Worldwide)), command);
        let china = placed(Some(Cloud::China));
        assert!(
            china.contains(Cloud::China.acs_host()) && china.contains(Cloud::China.online_host()),
            "{china}"
        );
        // A host that is named for what it is, not asked, stays.
        let named = "Get-AuthServer | Where-Object AuthMetadataUrl -match accounts.accesscontrol.windows.net";
        let expected = Expectations { cloud: Some(Cloud::China), ..Expectations::default() };
        with(&expected, |weighing| assert_eq!(weighing.case.in_its_cloud(named.to_owned()), named));
    }
}
