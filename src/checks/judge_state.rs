//! Takes the cases of an organisation, asks the rules on state and scripts, gives findings and outcomes.

/// What was printed without the properties that rules judge.
mod unshown;

use std::collections::HashMap;

use super::expectations::{EXCHANGE, Expectations};
use super::finding::{Evidence, Finding, Severity};
use super::judge::facts::Facts;
use super::judge::{Judgement, and_more, tested};
use super::organisation::keys::{Fit, fit};
use super::organisation::script::{CommandCase, ScriptFile};
use super::organisation::{StateCase, print_keys, thumbprints};
use super::rule::{Hit, Out, Scope};
use super::rules::RULES;
use super::tally::Tally;
use super::{CheckId, CheckResult, Outcome, Verdict};
use crate::state::StateFile;
use crate::state::object::{Kind, Object, Value};
use crate::state::uploaded;
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
    said.1.extend(contradictions(case));
    said.1.extend(unshown::unshown(case));
    said
}

/// What an object can be in one way only, and the check that depends on it.
const DECIDING: [(Kind, &str, CheckId); 13] = [
    (Kind::AuthConfig, "CurrentCertificateThumbprint", CheckId::Certificate),
    (Kind::AuthConfig, "NextCertificateThumbprint", CheckId::Certificate),
    (Kind::AuthConfig, "ServiceName", CheckId::Certificate),
    (Kind::AuthConfig, "Realm", CheckId::Certificate),
    (Kind::PartnerApplication, "Enabled", CheckId::Accepted),
    (Kind::RoleAssignment, "Enabled", CheckId::Accepted),
    (Kind::MailUser, "HiddenFromAddressListsEnabled", CheckId::Accepted),
    (Kind::MailUser, "ExternalEmailAddress", CheckId::Audience),
    (Kind::AuthServer, "Enabled", CheckId::Challenge),
    (Kind::Connector, "Enabled", CheckId::NoBasic),
    (Kind::ServicePrincipal, "AccountEnabled", CheckId::TokenRequest),
    (Kind::ServicePrincipal, "KeyCredentials", CheckId::TokenRequest),
    (Kind::ServicePrincipal, "ServicePrincipalNames", CheckId::Audience),
];

/// Objects that can be so or so, but not both: the state of two organisations, or of two times, was given together.
fn contradictions(case: &StateCase<'_>) -> Vec<(CheckId, String)> {
    let mut found = Vec::new();
    for (kind, property, check) in DECIDING {
        let mut known: HashMap<String, (String, &Object)> = HashMap::new();
        for object in case.of(kind) {
            let (Some(said), Some(own)) = (said(object, property), identity(object)) else { continue };
            match known.get(&own) {
                Some((other, first)) if *other != said => {
                    let is = |value: &str| match value.len() {
                        0 => "empty".to_owned(),
                        1..=80 => value.to_owned(),
                        _ => "one thing".to_owned(),
                    };
                    found.push((
                        check,
                        format!(
                            "{} says two things of {}: {property} is {} ({}) and {} ({}): give the state of one organisation, \
                             gathered at one time",
                            kind.cmdlet(),
                            object.name(),
                            is(other),
                            first.place,
                            is(&said).replace("one thing", "another"),
                            object.place
                        ),
                    ));
                }
                Some(_) => {}
                None => {
                    known.insert(own, (said, object));
                }
            }
        }
    }
    found
}

/// By what an object is known to be the same as another one; `None` where nothing tells.
fn identity(object: &Object) -> Option<String> {
    let own = match object.kind {
        // There is one configuration, whatever it is called.
        Kind::AuthConfig => return Some(String::new()),
        Kind::ServicePrincipal => return uploaded::application(object),
        // People of one name live in several containers.
        Kind::MailUser => {
            let place = ["Identity", "DistinguishedName"].iter().find_map(|name| object.text(name));
            return place.filter(|place| place.contains(['/', '='])).map(str::to_ascii_lowercase);
        }
        Kind::PartnerApplication | Kind::AuthServer => {
            object.text("ApplicationIdentifier").or(object.text("IssuerIdentifier")).unwrap_or_default()
        }
        _ => "",
    };
    object.has_name().then(|| format!("{own} {}", object.name()).to_ascii_lowercase())
}

/// What a property says, in one spelling; `None` where it is not shown, or not whole.
fn said(object: &Object, property: &str) -> Option<String> {
    // Wrapped lines may have lost or won a blank.
    let bare = |text: &str| text.split_whitespace().collect::<String>().to_ascii_lowercase();
    let value = object.get(property)?;
    if let Some(flag) = value.as_bool() {
        return Some(flag.to_string());
    }
    match value {
        // One configuration may well name no next certificate and no realm; a flag that is empty says nothing.
        Value::Nothing => (object.kind == Kind::AuthConfig).then(String::new),
        Value::Text(text) if text.trim().is_empty() => (object.kind == Kind::AuthConfig).then(String::new),
        Value::List(_, true) => None,
        Value::List(..) if property == "KeyCredentials" && uploaded::unshown(object) > 0 => None,
        Value::List(values, false) => {
            let id = |value: &Value| match value {
                Value::Object(inner) => inner.text("KeyId").map(bare),
                other => other.as_text().map(bare),
            };
            let mut ids = values.iter().map(id).collect::<Option<Vec<String>>>()?;
            ids.sort_unstable();
            Some(ids.join(","))
        }
        other => other.as_text().map(bare),
    }
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
        let open = |id: &CheckId| missing.iter().any(|(check, _)| check == id);
        let open: Vec<&str> = CheckId::ALL.into_iter().filter(open).map(CheckId::name).collect();
        if !open.is_empty() {
            let line = format!("what was given does not suffice for {}", open.join(", "));
            missing.push((CheckId::Coverage, line));
        }
    }
    if !scripts.scripts.is_empty() {
        let (more_hits, more_missing) = ask_scripts(&scripts);
        hits.extend(more_hits);
        missing.extend(more_missing);
        missing.extend(stepless(case, &scripts));
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

/// What scripts leave open that hold no step of the procedure: there is nothing in them that could be right. Without
/// another script and without state no check has anything else to look at; beside others those are right that look
/// at what there is.
fn stepless(case: &StateCase<'_>, scripts: &CommandCase<'_>) -> Vec<(CheckId, String)> {
    let alone = !case.has_state() && !scripts.scripts.iter().any(ScriptFile::has_step);
    let without = scripts.scripts.iter().filter(|file| alone || !(file.has_step() || file.is_of_procedure()));
    let lines: Vec<String> = without
        .map(|file| {
            let does = if file.is_of_procedure() { "only looks at what there is" } else { "is no script of the procedure" };
            format!("{} {does}: give one that holds a step of it (`oauthtrace provision script`), or what cmdlets print", file.path)
        })
        .collect();
    let checks = CheckId::ALL.into_iter().filter(|id| alone || *id == CheckId::Coverage);
    checks.flat_map(|id| lines.iter().map(move |line| (id, line.clone()))).collect()
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
    for id in ids.filter(|id| case.keys_of(id).is_none() && !case.has_no_principal(id)) {
        let line = match case.stray_key() {
            Some(place) => format!(
                "whose key stands at {place} is not told, and it may be one of service principal {id}"
            ),
            None => format!("the keys of service principal {id} were not given"),
        };
        missing.push((CheckId::TokenRequest, format!("{line}: run {}", print_keys(id))));
    }
    missing.extend(unfitting(case));
    if case.principal_with(EXCHANGE, "ServicePrincipalNames").is_none() {
        missing.push((
            CheckId::Audience,
            format!("the host names registered on {EXCHANGE} were not given: run {}", print_keys(EXCHANGE)),
        ));
    }
    missing
}

/// Keys that were given, and do not tell whether the current auth certificate is among them.
fn unfitting(case: &StateCase<'_>) -> Vec<(CheckId, String)> {
    let own = case.dedicated_application().is_none().then_some(EXCHANGE);
    let ids = case.applications().into_iter().map(|application| application.id).chain(own);
    let open = |id: &&str| case.keys_of(id).is_some() && matches!(fit(case, id), Fit::Unknown);
    let line = |id: &str| {
        format!(
            "whether the current auth certificate is among the keys of {id} cannot be told from what was shown: give Get-AuthConfig \
             and Get-ExchangeCertificate, and run {}",
            print_keys(id)
        )
    };
    ids.filter(open).map(|id| (CheckId::TokenRequest, line(id))).collect()
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
            let applies = (state && looks(id, case)) || (script && scripts);
            let errors = |severity: Severity| {
                findings.iter().filter(|found| found.check == id && found.severity == severity).count()
            };
            let mut reasons: Vec<String> =
                missing.iter().filter(|(check, _)| *check == id).map(|(_, reason)| reason.clone()).collect();
            reasons.dedup();
            let wrong = findings.iter().find(|found| found.check == id && found.severity == Severity::Error);
            let (outcome, summary) = if let Some(first) = wrong {
                let more = errors(Severity::Error).saturating_sub(1);
                (Outcome::Fail, and_more(&first.message, more, "error").into())
            } else if !applies {
                (Outcome::NotApplicable, nothing(id).into())
            } else if let Some(first) = reasons.first() {
                (Outcome::NotEstablished, first.as_str().into())
            } else {
                let warned =
                    findings.iter().find(|found| found.check == id && found.severity == Severity::Warning);
                let more = errors(Severity::Warning).saturating_sub(1);
                let summary = warned.map_or_else(
                    || holds(id, case, errors(Severity::Info)).to_owned(),
                    // What holds all the same cannot be said without knowing what the warning is about.
                    |first| format!("no error, but: {}", and_more(&first.message, more, "warning")),
                );
                (Outcome::Pass, summary.into())
            };
            if !matches!(outcome, Outcome::Fail | Outcome::NotEstablished) {
                reasons.clear();
            }
            CheckResult {
                id,
                required: required(id) && applies,
                outcome,
                summary,
                missing: reasons.into_iter().map(Into::into).collect(),
            }
        })
        .collect()
}

/// Whether rules on state have something to look at. Signatures are of tokens, and those are in the traffic.
fn looks(id: CheckId, case: &StateCase<'_>) -> bool {
    case.has_state() && (id != CheckId::Signature || case.shown.is_some())
}

const fn nothing(id: CheckId) -> &'static str {
    match id {
        CheckId::Signature => "no token was given: oauthtrace verify --state looks at them",
        _ => "nothing was given that it looks at",
    }
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

fn holds(id: CheckId, case: &StateCase<'_>, remarks: usize) -> &'static str {
    match id {
        _ if !case.has_state() => "the scripts do what the procedure says",
        CheckId::Audience => "Exchange's host names are registered, the account's domain is accepted",
        CheckId::Certificate => "the auth certificate is valid and where it has to be",
        CheckId::Accepted => "partner applications, accounts and roles are as the procedure says",
        CheckId::TokenRequest if by_date(case) => {
            "the service principals hold keys that end when the current auth certificate does; their bytes were not shown"
        }
        CheckId::TokenRequest => "the current auth certificate is on the service principals",
        CheckId::Challenge => "auth servers are enabled, OAuth is on",
        CheckId::NoBasic => "connectors are enabled",
        CheckId::Coverage if remarks > 0 => "all output that is looked at was given; parts of it were cut",
        CheckId::Coverage => "all output that is looked at was given and could be read",
        _ => "nothing wrong was seen",
    }
}

/// Whether a key is taken for that of the current certificate by its end date alone.
fn by_date(case: &StateCase<'_>) -> bool {
    let ids = case.applications().into_iter().map(|application| application.id).chain([EXCHANGE]);
    ids.into_iter().any(|id| matches!(fit(case, id), Fit::Found(key) if key.thumbprint.is_none()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;
    use crate::checks::testing_state::{Organisation, Val, key, organisation};

    fn outcomes(text: &str) -> Vec<(CheckId, Outcome, String)> {
        let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
        let case = StateCase::new(&files, Instant::parse(organisation::AT).unwrap());
        let checks = judge(&case, Severity::Error).checks;
        checks.into_iter().map(|check| (check.id, check.outcome, check.summary.to_string())).collect()
    }

    fn of(id: CheckId, text: &str) -> (Outcome, String) {
        outcomes(text)
            .into_iter()
            .find(|(own, ..)| *own == id)
            .map(|(_, outcome, text)| (outcome, text))
            .unwrap()
    }

    #[test]
    fn nothing_passes_on_no_evidence() {
        let healthy = Organisation::healthy().clixml();
        assert_eq!(of(CheckId::Coverage, &healthy).0, Outcome::Pass);
        assert_eq!(of(CheckId::Signature, &healthy).0, Outcome::NotApplicable);
        for (id, outcome, summary) in outcomes("CurrentCertificateThumbprint : A\nName : x\n") {
            assert_ne!(outcome, Outcome::Pass, "{id:?}: {summary}");
        }
    }

    #[test]
    fn states_that_contradict_each_other_establish_nothing_in_either_order() {
        let healthy = Organisation::healthy().clixml();
        for (cmdlet, which, property, value, id) in [
            (
                "Get-AuthConfig",
                "",
                "CurrentCertificateThumbprint",
                Val::from("DB9D38E3B1"),
                CheckId::Certificate,
            ),
            ("Get-PartnerApplication", "SfBOnline", "Enabled", Val::from(false), CheckId::Accepted),
            ("Get-AuthConfig", "", "CurrentCertificateThumbprint", Val::Nothing, CheckId::Certificate),
            ("Get-AuthConfig", "", "ServiceName", Val::from(organisation::SKYPE), CheckId::Certificate),
            (
                "Get-MgServicePrincipal",
                organisation::SKYPE,
                "AccountEnabled",
                Val::from(false),
                CheckId::TokenRequest,
            ),
            (
                "Get-MgServicePrincipal",
                organisation::SKYPE,
                "KeyCredentials",
                Val::Keys(Vec::new()),
                CheckId::TokenRequest,
            ),
            (
                "Get-MgServicePrincipal",
                EXCHANGE,
                "ServicePrincipalNames",
                Val::List(Vec::new()),
                CheckId::Audience,
            ),
            (
                "Get-MailUser",
                "SfBOnline-ApplicationAccount",
                "HiddenFromAddressListsEnabled",
                Val::from(false),
                CheckId::Accepted,
            ),
        ] {
            let other = Organisation::healthy().set(cmdlet, which, property, value).clixml();
            for order in [[&healthy, &other], [&other, &healthy]] {
                let files = order.map(|text| crate::state::read(text.as_bytes(), "state").unwrap());
                let case = StateCase::new(&files, Instant::parse(organisation::AT).unwrap());
                let judgement = judge(&case, Severity::Error);
                assert_ne!(judgement.verdict, Verdict::Pass, "{cmdlet}");
                let missing = judgement.checks.iter().find(|check| check.id == id).unwrap();
                let told = missing.outcome == Outcome::Fail
                    || missing.missing.iter().any(|line| line.words().contains("says two things"));
                assert!(told, "{cmdlet}: {missing:?}");
            }
            let files =
                [&healthy, &healthy].map(|text| crate::state::read(text.as_bytes(), "state").unwrap());
            let case = StateCase::new(&files, Instant::parse(organisation::AT).unwrap());
            assert_eq!(judge(&case, Severity::Error).verdict, Verdict::Pass);
        }
    }

    #[test]
    fn people_of_one_name_do_not_contradict_each_other() {
        let person = |place: &str, address: &str| {
            format!(
                "\nName                  : Anna\nIdentity              : a.example/{place}/Anna\nExternalEmailAddress  : {address}\n"
            )
        };
        let told = |text: String| {
            let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
            contradictions(&StateCase::new(&files, Instant::from_seconds(0))).len()
        };
        assert_eq!(told(person("Sales", "SMTP:a@x.example") + &person("Legal", "SMTP:b@x.example")), 0);
        assert_eq!(told(person("Sales", "SMTP:a@x.example") + &person("Sales", "SMTP:b@x.example")), 1);
    }

    #[test]
    fn an_empty_answer_where_every_organisation_has_one_establishes_nothing() {
        for (cmdlet, check) in [
            ("Get-AuthConfig", CheckId::Certificate),
            ("Get-AcceptedDomain", CheckId::Audience),
            ("Get-OrganizationConfig", CheckId::Accepted),
            ("Get-WebServicesVirtualDirectory", CheckId::Challenge),
            ("Get-AutodiscoverVirtualDirectory", CheckId::Challenge),
        ] {
            let organisation = Organisation::healthy().without(cmdlet, "");
            let (outcome, summary) = of(check, &organisation.clixml());
            assert_eq!(outcome, Outcome::NotEstablished, "{cmdlet}");
            assert!(summary.starts_with(cmdlet) && summary.contains("gave nothing"), "{summary}");
        }
    }

    #[test]
    fn a_script_without_a_step_of_the_procedure_establishes_nothing() {
        let judged = |scripts: &[&str], state: Option<&str>| {
            let script = |text: &&str| crate::state::read(text.as_bytes(), "a.ps1").unwrap();
            let mut files: Vec<StateFile> = scripts.iter().map(script).collect();
            files.extend(state.map(|text| crate::state::read(text.as_bytes(), "state").unwrap()));
            let judgement =
                judge(&StateCase::new(&files, Instant::parse(organisation::AT).unwrap()), Severity::Error);
            let coverage = judgement.checks.iter().find(|check| check.id == CheckId::Coverage).unwrap();
            (judgement.verdict, coverage.outcome)
        };
        for nothing in
            ["# comment only", "Write-Host hello", "Get-AuthConfig | fl", "Set-Something", "# Set-AuthConfig"]
        {
            let (verdict, coverage) = judged(&[nothing], None);
            assert_eq!((verdict, coverage), (Verdict::Incomplete, Outcome::NotEstablished), "{nothing}");
        }
        let step = "Set-AuthConfig -PublishCertificate";
        assert_eq!(judged(&[step], None), (Verdict::Pass, Outcome::Pass));
        let export = "$t = (Get-AuthConfig).CurrentCertificateThumbprint\n$bytes = $c.Export($type)";
        assert_eq!(judged(&[export], None), (Verdict::Pass, Outcome::Pass));
        // What else was given stands by itself, and looking beside a step is right.
        assert_eq!(judged(&[step, "Get-AuthConfig | fl"], None), (Verdict::Pass, Outcome::Pass));
        assert_eq!(judged(&[step, "Write-Host x"], None), (Verdict::Pass, Outcome::NotEstablished));
        let healthy = Organisation::healthy().clixml();
        assert_eq!(judged(&["Write-Host x"], Some(&healthy)), (Verdict::Pass, Outcome::NotEstablished));
        assert_eq!(judged(&[step], Some(&healthy)), (Verdict::Pass, Outcome::Pass));
    }

    #[test]
    fn only_an_empty_list_says_that_there_are_no_keys() {
        let config = "\nCurrentCertificateThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nName : x\n\nThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nNotAfter : 2029-06-09 10:00:00\n\n";
        let judged = |list: &str| {
            let id = organisation::SKYPE;
            let text = format!(
                "{config}PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{id}'\" | fl\n\nAppId : {id}\nKeyCredentials : {list}\n\n"
            );
            let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
            let judgement = judge(&StateCase::new(&files, Instant::from_seconds(0)), Severity::Error);
            let told = judgement.checks.iter().flat_map(|check| &check.missing);
            let given = format!("the keys of service principal {id} were not given");
            (
                judgement.findings.iter().any(|found| found.rule == "state-key-missing"),
                told.filter(|line| line.words().contains(&given)).count() > 0,
            )
        };
        assert_eq!(judged("{}"), (true, false));
        assert_eq!(judged("{class KeyCredential {"), (false, true));
        assert_eq!(judged(""), (false, true), "Graph leaves out what it was not asked for");
    }

    #[test]
    fn keys_that_do_not_say_whose_they_are_are_not_missing() {
        let list = "KeyCredentials : {Microsoft.Graph.PowerShell.Models.MicrosoftGraphKeyCredential}";
        let principals =
            [organisation::SKYPE, EXCHANGE].map(|id| format!("AppId : {id}\n{list}\n\n")).concat();
        let config = "\nCurrentCertificateThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nName : x\n\nThumbprint : 0123456789ABCDEF0123456789ABCDEF01234567\nNotAfter : 2029-06-09 10:00:00\n\n";
        let key =
            "\nKeyId : k\nType : AsymmetricX509Cert\nUsage : Verify\nEndDateTime : 2031-01-26 06:19:15\n\n";
        let judged = |prompt: &str, id: &str| {
            let ids = id.to_owned() + "\n" + key;
            let text = format!("{config}PS C:\\> Get-MgServicePrincipal | fl\n\n{principals}{prompt}{ids}");
            let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
            let judgement = judge(&StateCase::new(&files, Instant::from_seconds(0)), Severity::Error);
            let missing = judgement.findings.iter().any(|found| found.rule == "state-key-missing");
            let told = judgement.checks.iter().flat_map(|check| &check.missing);
            (missing, told.filter(|line| line.words().contains("whose key stands at")).count())
        };
        let object = "3f1e5b2a-1111-4222-8333-444455556666";
        assert_eq!(judged("", ""), (false, 2));
        assert_eq!(judged("PS C:\\> $p.KeyCredentials | fl", ""), (false, 2));
        assert_eq!(judged("PS C:\\> (Get-MgServicePrincipal -ServicePrincipalId ", object), (false, 2));
        // A command that names the application tells.
        assert_eq!(judged("PS C:\\> Get-Keys -AppId ", organisation::SKYPE), (true, 0));
    }

    #[test]
    fn a_summary_says_what_the_findings_say() {
        let off =
            Organisation::healthy().set("Get-IntraOrganizationConnector", "", "Enabled", false).clixml();
        let (outcome, summary) = of(CheckId::NoBasic, &off);
        assert!(outcome == Outcome::Pass && !summary.contains("are enabled"), "{summary}");
        let (_, summary) = of(CheckId::NoBasic, &Organisation::healthy().clixml());
        assert_eq!(summary, "connectors are enabled");
        let dates = [organisation::SKYPE, EXCHANGE].into_iter().fold(Organisation::healthy(), |all, id| {
            let keys = vec![key("a", "", organisation::NOT_AFTER)];
            all.set("Get-MgServicePrincipal", id, "KeyCredentials", Val::Keys(keys))
        });
        let (_, summary) = of(CheckId::TokenRequest, &dates.clixml());
        assert!(summary.contains("bytes were not shown"), "{summary}");
        let (_, summary) = of(CheckId::TokenRequest, &Organisation::healthy().clixml());
        assert_eq!(summary, "the current auth certificate is on the service principals");
    }

    #[test]
    fn what_was_not_asked_for_is_not_missing() {
        let one = "\n\nName : SfBOnline\nApplicationIdentifier : 00000004-0000-0ff1-ce00-000000000000\n\n";
        let said = |command: &str| {
            let text = format!("[PS] C:\\>Get-PartnerApplication{command} | fl{one}[PS] C:\\>");
            let files = [crate::state::read(text.as_bytes(), "state").unwrap()];
            let judgement = judge(&StateCase::new(&files, Instant::from_seconds(0)), Severity::Error);
            let missing = judgement.findings.iter().any(|finding| finding.rule == "state-partner-missing");
            let part = judgement.checks.iter().flat_map(|check| &check.missing);
            (missing, part.filter(|line| line.words().contains("only a part")).count())
        };
        assert_eq!(said(""), (true, 0));
        assert_eq!(said(" SfBOnline"), (false, 1));
        assert_eq!(said(" | ?{$_.Name -eq 'SfBOnline'}"), (false, 1));
        assert_eq!(said(" 'Exchange Online'"), (true, 0));
    }
}
