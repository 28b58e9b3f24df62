//! Stories for the tests of causes: exchanges of one or several scenes, judged together and diagnosed.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base::Instant;
use crate::checks::expectations::Expectations;
use crate::checks::judge::{Judge, Judgement};
use crate::checks::judge_state;
use crate::checks::organisation::StateCase;
use crate::checks::testing::{Scene, Signer, TENANT, body};
use crate::checks::testing_state::{Organisation, organisation};
use crate::diagnose::cause::Found;
use crate::diagnose::{Diagnosis, diagnose};
use crate::exchange::Exchange;
use crate::logrecord::{LogRecord, LogSource};
use crate::sink::Sink as _;
use crate::state;

/// Exchanges and what they are judged with.
pub(crate) struct Story {
    pub(crate) expected: Expectations,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) lines: Vec<LogRecord>,
}

/// A cause, with the rules whose findings speak for it and against it.
pub(crate) struct Told {
    pub(crate) found: Found,
    pub(crate) by: BTreeSet<&'static str>,
    pub(crate) but: BTreeSet<&'static str>,
}

/// The body of a refusal of the token service.
pub(crate) fn denied(error: &str, description: &str) -> String {
    serde_json::json!({ "error": error, "error_description": description }).to_string()
}

impl Story {
    /// Of one scene.
    pub(crate) fn of(scene: Scene) -> Self {
        Self { expected: scene.expectations(), exchanges: scene.exchanges(), lines: Vec::new() }
    }

    /// A request of Exchange to the token service alone, with its answer.
    pub(crate) fn request(signer: Signer, status: u16, answer: &str) -> Self {
        let scene = Scene::healthy().assertion_by(signer);
        let exchanges = scene.exchanges().split_off(1);
        Self { expected: scene.expectations(), exchanges, lines: Vec::new() }.answer(status, answer)
    }

    /// A failed line of the OAuthOutbound log alone.
    pub(crate) fn logged(errors: &str) -> Self {
        let line = LogRecord {
            result: Some("Fail".into()),
            errors: Some(errors.into()),
            path: Some("https://outlook.office365.com/ews/exchange.asmx".into()),
            ..LogRecord::new(LogSource::OAuthOutbound, 3)
        };
        Self::line(line)
    }

    /// A line of a log alone.
    pub(crate) fn line(line: LogRecord) -> Self {
        Self { expected: Scene::healthy().expectations(), exchanges: Vec::new(), lines: vec![line] }
    }

    /// And what another scene holds.
    pub(crate) fn and(mut self, scene: Scene) -> Self {
        self.exchanges.extend(scene.exchanges());
        self
    }

    /// And the token requests of another scene.
    pub(crate) fn and_requests(mut self, scene: Scene) -> Self {
        self.exchanges.extend(scene.exchanges().split_off(1));
        self
    }

    /// Another answer to the last exchange.
    pub(crate) fn answer(mut self, status: u16, text: &str) -> Self {
        let response = self.exchanges.last_mut().and_then(|last| last.response.as_mut()).unwrap();
        response.status = status;
        response.body = body(text);
        self
    }

    /// Another target of the last exchange.
    pub(crate) fn target(mut self, target: &str) -> Self {
        self.exchanges.last_mut().and_then(|last| last.request.as_mut()).unwrap().target = target.into();
        self
    }

    /// The last request asks for a token for this host.
    pub(crate) fn asked_for(mut self, host: &str) -> Self {
        let request = self.exchanges.last_mut().and_then(|last| last.request.as_mut()).unwrap();
        let form = String::from_utf8(request.body.bytes.to_vec()).unwrap();
        request.body = body(&form.replace("outlook.office365.com", host));
        self
    }

    /// The only name of the tenant that was given.
    pub(crate) fn tenant(mut self, tenant: &str) -> Self {
        self.expected.tenants = vec![tenant.into()];
        self
    }

    /// And the state of an organisation where all is well but for this change: its tenant and certificate are those of
    /// the scene, and it is judged at the moment of the call.
    pub(crate) fn and_state(mut self, change: impl FnOnce(Organisation) -> Organisation) -> Self {
        let given = self.expected.certificates.iter().flat_map(|(_, file)| &file.certificates);
        let own = given.clone().next().unwrap();
        let text = change(Organisation::healthy()).clixml();
        let text = text.replace(organisation::TENANT, TENANT).replace("contoso.example", "contoso.com");
        let text = text.replace(organisation::PRINT, &own.thumbprint_hex());
        let text = text.replace(organisation::DER, &STANDARD.encode(&own.der));
        let text = text.replace(organisation::NOT_BEFORE, &own.not_before.to_string());
        let text = text.replace(organisation::NOT_AFTER, &own.not_after.to_string());
        self.expected.state = vec![state::read(text.as_bytes(), "state.xml").unwrap()];
        self.expected.at = Some(Instant::from_seconds(Scene::NOW));
        self
    }

    /// Other expectations.
    pub(crate) fn expect(mut self, change: impl FnOnce(&mut Expectations)) -> Self {
        change(&mut self.expected);
        self
    }

    /// What is said of one cause, where anything is.
    pub(crate) fn told(&self, cause: &str) -> Option<Told> {
        let (judgement, diagnosis) = self.judged();
        let found = diagnosis.causes.into_iter().find(|found| found.cause.id == cause)?;
        let rules = |indices: &[usize]| -> BTreeSet<&'static str> {
            indices.iter().filter_map(|index| judgement.findings.get(*index)).map(|one| one.rule).collect()
        };
        Some(Told { by: rules(&found.supporting), but: rules(&found.contradicting), found })
    }

    /// What is diagnosed.
    pub(crate) fn diagnosis(&self) -> Diagnosis {
        self.judged().1
    }

    fn judged(&self) -> (Judgement, Diagnosis) {
        let mut judge = Judge::new(&self.expected);
        for (frame, exchange) in (1..).zip(&self.exchanges) {
            let mut exchange = exchange.clone();
            exchange.key.frame = frame * 10;
            judge.exchange(exchange);
        }
        self.lines.iter().for_each(|line| judge.log_record(line.clone()));
        let judgement = judge.finish();
        let diagnosis = diagnose(&judgement, &self.expected);
        (judgement, diagnosis)
    }

    /// The ids of the causes.
    pub(crate) fn causes(&self) -> Vec<&'static str> {
        self.diagnosis().causes.iter().map(|found| found.cause.id).collect()
    }

    /// The id of the leading cause, `none` without one.
    pub(crate) fn lead(&self) -> &'static str {
        self.causes().first().copied().unwrap_or("none")
    }
}

/// The ids of the causes that the state of a changed organisation tells alone.
pub(crate) fn told_by_state(change: fn(Organisation) -> Organisation) -> Vec<&'static str> {
    found_in_state(change).iter().map(|found| found.cause.id).collect()
}

/// The causes that the state of a changed organisation tells alone.
pub(crate) fn found_in_state(change: impl FnOnce(Organisation) -> Organisation) -> Vec<Found> {
    let text = change(Organisation::healthy()).clixml();
    let expected = Expectations {
        at: Instant::parse(organisation::AT),
        state: vec![state::read(text.as_bytes(), "state.xml").unwrap()],
        ..Expectations::default()
    };
    let case = StateCase::expected(&expected, expected.at.unwrap());
    diagnose(&judge_state::judge(&case, expected.fail_on), &expected).causes
}
