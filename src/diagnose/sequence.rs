//! Takes the kinds of calls, gives the OAuth conversation in the order of time, across connections, with the step
//! that broke it.
//!
//! [MS-XOAUTH] 1.3: metadata, discovery with an empty Bearer, challenge, token request, token, call, answer. Equal
//! steps are one step with a count.

use std::collections::HashMap;

use crate::base::Instant;
use crate::checks::expectations;
use crate::checks::judge::facts::{Ask, Call, Credential, Facts, Seen};
use crate::exchange::ExchangeKey;
use crate::limits::STEPS_SHOWN;

/// What a step is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A metadata document is fetched.
    Metadata,
    /// The caller asks for the challenge, with an empty Bearer.
    Discovery,
    /// A token is asked for and, when it goes well, given.
    TokenRequest,
    /// A call with a token.
    Call,
    /// A call with something else than a token.
    OtherCall,
}

impl Kind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Discovery => "discovery",
            Self::TokenRequest => "token-request",
            Self::Call => "call",
            Self::OtherCall => "other-call",
        }
    }
}

/// How a step ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Outcome {
    /// As it must.
    Done,
    /// Refused or failed.
    Broken,
    /// The answer was not seen.
    Unanswered,
}

impl Outcome {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Broken => "broken",
            Self::Unanswered => "unanswered",
        }
    }
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// What it is.
    pub kind: Kind,
    /// Who asks, in words: an application's name, or `caller`.
    pub from: String,
    /// Host that is asked.
    pub to: String,
    /// What is asked, in words.
    pub asked: String,
    /// What is answered, in words.
    pub answered: String,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it is the first step that broke: the place to look at.
    pub broke: bool,
    /// How often it was seen.
    pub count: u64,
    /// The first exchange of it.
    pub exchange: Option<ExchangeKey>,
    /// When it was first seen.
    pub time: Option<Instant>,
}

/// Reads the conversation. At most [`STEPS_SHOWN`] steps: all that broke, then the first of the others.
pub fn read(facts: &Facts) -> Vec<Step> {
    let mut steps = Steps::default();
    for (document, seen) in &facts.metadata {
        let good = document.status.map(|status| (200..300).contains(&status));
        let asked = format!("metadata {}", document.path);
        let answered = status(document.status);
        steps.put(step(Kind::Metadata, "caller".into(), &document.host, asked, answered, good, seen));
    }
    for (ask, seen) in &facts.asks {
        steps.put(of_ask(ask, seen));
    }
    for (call, seen) in &facts.calls {
        steps.put(of_call(call, seen));
    }
    let mut steps = steps.list;
    steps.sort_by_key(order);
    if steps.len() > STEPS_SHOWN {
        let mut ranked: Vec<(bool, usize)> =
            steps.iter().enumerate().map(|(at, step)| (step.outcome != Outcome::Broken, at)).collect();
        ranked.sort_unstable();
        ranked.truncate(STEPS_SHOWN);
        let mut keep: Vec<usize> = ranked.into_iter().map(|(_, at)| at).collect();
        keep.sort_unstable();
        steps = keep.into_iter().filter_map(|at| steps.get(at).cloned()).collect();
    }
    if let Some(first) = steps.iter_mut().find(|step| step.outcome == Outcome::Broken) {
        first.broke = true;
    }
    steps
}

/// By time; what has none, since its source tells none, stands last.
fn order(step: &Step) -> impl Ord + use<> {
    (step.time.is_none(), step.time, step.exchange)
}

/// Steps in the order in which they were put first.
#[derive(Default)]
struct Steps {
    list: Vec<Step>,
    /// Places in the list by what makes steps equal.
    known: HashMap<(Kind, String, String, String, String, Outcome), usize>,
}

impl Steps {
    /// Adds a step, or counts it where an equal one stands.
    fn put(&mut self, step: Step) {
        let Step { kind, from, to, asked, answered, outcome, .. } = &step;
        let same = (*kind, from.clone(), to.clone(), asked.clone(), answered.clone(), *outcome);
        let place = *self.known.entry(same).or_insert(self.list.len());
        match self.list.get_mut(place) {
            Some(known) => {
                known.count += step.count;
                if order(&step) < order(known) {
                    (known.time, known.exchange) = (step.time, step.exchange);
                }
            }
            None => self.list.push(step),
        }
    }
}

fn step(
    kind: Kind,
    from: String,
    to: &str,
    asked: String,
    answered: String,
    good: Option<bool>,
    seen: &Seen,
) -> Step {
    let outcome = match good {
        Some(true) => Outcome::Done,
        Some(false) => Outcome::Broken,
        None => Outcome::Unanswered,
    };
    let (exchange, time) = (seen.key(), seen.first);
    let to = to.to_owned();
    Step { kind, from, to, asked, answered, outcome, broke: false, count: seen.count, exchange, time }
}

fn status(status: Option<u16>) -> String {
    status.map_or_else(|| "no answer seen".into(), |status| status.to_string())
}

fn who(application: Option<&str>) -> String {
    match application {
        Some(id) => expectations::application_name(id).unwrap_or(id).to_owned(),
        None => "caller".into(),
    }
}

fn of_ask(ask: &Ask, seen: &Seen) -> Step {
    let answered = match (&ask.error, ask.granted()) {
        (Some(error), _) => {
            format!("{} {error} {}", status(ask.status), ask.codes.join(", ")).trim().to_owned()
        }
        (None, true) => "a token".into(),
        (None, false) => status(ask.status),
    };
    let good = ask.status.map(|_| ask.granted());
    let target = ask.resource.as_deref().unwrap_or("a resource");
    let asked = format!("a token for {target}");
    step(Kind::TokenRequest, who(ask.application.as_deref()), &ask.host, asked, answered, good, seen)
}

fn of_call(call: &Call, seen: &Seen) -> Step {
    if call.credential == Credential::EmptyBearer {
        let challenge = call.offered.contains("bearer");
        let answered = if challenge { "the Bearer challenge".into() } else { status(call.status) };
        let asked = format!("the challenge of {}", call.path);
        let good = call.status.map(|_| challenge);
        return step(Kind::Discovery, "caller".into(), &call.host, asked, answered, good, seen);
    }
    let what = match (&call.operation, call.folders.first()) {
        (Some(operation), Some(folder)) => format!("{operation} in {folder}"),
        (Some(operation), None) => operation.clone(),
        (None, _) => call.path.clone(),
    };
    let (kind, with) = match call.credential {
        Credential::Token => (Kind::Call, "with a token"),
        Credential::Basic => (Kind::OtherCall, "with a password (Basic)"),
        Credential::Windows => (Kind::OtherCall, "with Windows authentication"),
        Credential::OtherToken => (Kind::OtherCall, "with a token of another application"),
        _ if call.path.ends_with("/wssecurity") => (Kind::OtherCall, "with WS-Security"),
        _ => (Kind::OtherCall, "without credentials"),
    };
    let answered = match (&call.said, call.ews.first()) {
        (Some((number, category, _)), _) => format!("{} {number} {category}", status(call.status)),
        (None, Some((code, _))) => format!("{} {code}", status(call.status)),
        (None, None) if call.unseen => format!("{}, its body not seen", status(call.status)),
        (None, None) => status(call.status),
    };
    // A password that works is no good step either, but it is not where OAuth broke; a 401 to a request
    // without credentials is how authentication begins.
    let good = match (call.credential, call.status) {
        (Credential::None, Some(401)) => Some(true),
        _ => call.ended(),
    };
    step(kind, who(call.application.as_deref()), &call.host, format!("{what} {with}"), answered, good, seen)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::judge::facts::Sight;

    fn facts(calls: &[(i64, Call)]) -> Facts {
        let mut facts = Facts::default();
        for (seconds, call) in calls {
            let frame = u64::try_from(100 - seconds).unwrap();
            let key = Some(ExchangeKey { frame, ..ExchangeKey::default() });
            let at = Some(Instant::from_seconds(*seconds));
            facts.call(call.clone(), Sight { key, at, ..Sight::default() });
        }
        facts
    }

    fn call(credential: Credential, status: u16) -> Call {
        let offered = if status == 401 { ["bearer".to_owned()].into() } else { Default::default() };
        Call { exchange: true, credential, status: Some(status), offered, ..Call::default() }
    }

    #[test]
    fn steps_stand_in_the_order_of_time_and_the_first_that_broke_is_marked() {
        let steps = read(&facts(&[
            (3, call(Credential::Basic, 200)),
            (1, call(Credential::EmptyBearer, 401)),
            (2, call(Credential::Token, 401)),
        ]));
        let kinds: Vec<_> = steps.iter().map(|step| (step.kind, step.outcome, step.broke)).collect();
        assert_eq!(
            kinds,
            [
                (Kind::Discovery, Outcome::Done, false),
                (Kind::Call, Outcome::Broken, true),
                (Kind::OtherCall, Outcome::Done, false)
            ]
        );
    }

    #[test]
    fn an_answer_without_its_body_is_no_good_step() {
        let outcomes = |unseen| {
            let steps = read(&facts(&[(1, Call { unseen, ..call(Credential::Token, 200) })]));
            steps.into_iter().map(|step| (step.outcome, step.answered)).collect::<Vec<_>>()
        };
        assert_eq!(outcomes(true), [(Outcome::Unanswered, "200, its body not seen".to_owned())]);
        assert_eq!(outcomes(false), [(Outcome::Done, "200".to_owned())]);
    }

    #[test]
    fn a_step_has_the_time_at_which_it_was_first_seen() {
        let sight = |frame: u64, seconds: Option<i64>| Sight {
            key: Some(ExchangeKey { frame, ..ExchangeKey::default() }),
            at: seconds.map(Instant::from_seconds),
            ..Sight::default()
        };
        // The same step three times, of kinds that differ in what a step does not show: one source knows no times.
        let call = |host_of_audience: &str| Call {
            audience: Some((true, host_of_audience.into())),
            ..call(Credential::Token, 200)
        };
        let mut facts = Facts::default();
        facts.call(call("a"), sight(2, Some(20)));
        facts.call(call("b"), sight(3, None));
        facts.call(call("c"), sight(1, Some(10)));
        let steps = read(&facts);
        let [step] = &steps[..] else { panic!("{steps:?}") };
        assert_eq!((step.count, step.time), (3, Some(Instant::from_seconds(10))));
        assert_eq!(step.exchange.map(|key| key.frame), Some(1));
    }

    /// What is asked and what is answered, in words.
    #[test]
    fn steps_say_who_asks_for_what_and_what_the_answer_was() {
        let own = expectations::SKYPE;
        let of = |credential, status| Call {
            application: Some(own.into()),
            host: "mail.contoso.com".into(),
            path: "/ews/exchange.asmx".into(),
            ..call(credential, status)
        };
        let said = |call: Call| {
            let steps = read(&facts(&[(1, call)]));
            let step = steps.first().unwrap().clone();
            assert_eq!(step.to, "mail.contoso.com");
            (step.from, step.asked, step.answered, step.outcome)
        };
        let name = expectations::application_name(own).unwrap();
        let row = |from: &str, asked: &str, answered: &str, outcome| {
            (from.to_owned(), asked.to_owned(), answered.to_owned(), outcome)
        };
        let folder = |mut call: Call| {
            call.operation = Some("CreateItem".into());
            call.folders.push("inbox".into());
            call
        };
        for (call, told) in [
            (
                folder(of(Credential::Token, 200)),
                row(name, "CreateItem in inbox with a token", "200", Outcome::Done),
            ),
            (
                Call { application: None, ..of(Credential::Basic, 200) },
                row("caller", "/ews/exchange.asmx with a password (Basic)", "200", Outcome::Done),
            ),
            (
                Call { operation: Some("GetItem".into()), application: None, ..of(Credential::Windows, 500) },
                row("caller", "GetItem with Windows authentication", "500", Outcome::Broken),
            ),
            (
                Call { application: Some("x".into()), ..of(Credential::OtherToken, 200) },
                row("x", "/ews/exchange.asmx with a token of another application", "200", Outcome::Done),
            ),
            (
                Call { path: "/ews/wssecurity".into(), ..of(Credential::Other, 200) },
                row(name, "/ews/wssecurity with WS-Security", "200", Outcome::Done),
            ),
            (
                of(Credential::None, 401),
                row(name, "/ews/exchange.asmx without credentials", "401", Outcome::Done),
            ),
            (
                of(Credential::None, 403),
                row(name, "/ews/exchange.asmx without credentials", "403", Outcome::Broken),
            ),
            (
                of(Credential::EmptyBearer, 401),
                row("caller", "the challenge of /ews/exchange.asmx", "the Bearer challenge", Outcome::Done),
            ),
            (
                of(Credential::EmptyBearer, 403),
                row("caller", "the challenge of /ews/exchange.asmx", "403", Outcome::Broken),
            ),
            (
                Call {
                    said: Some((2_000_005, "invalid_user".into(), String::new())),
                    ..of(Credential::Token, 401)
                },
                row(name, "/ews/exchange.asmx with a token", "401 2000005 invalid_user", Outcome::Broken),
            ),
            (
                Call { ews: vec![("ErrorAccessDenied".into(), String::new())], ..of(Credential::Token, 200) },
                row(name, "/ews/exchange.asmx with a token", "200 ErrorAccessDenied", Outcome::Broken),
            ),
            (
                Call { status: None, ..of(Credential::Token, 200) },
                row(name, "/ews/exchange.asmx with a token", "no answer seen", Outcome::Unanswered),
            ),
        ] {
            assert_eq!(said(call), told);
        }
        let asked = |change: fn(&mut Ask)| {
            let mut ask = Ask { status: Some(200), host: "acs".into(), ..Ask::default() };
            change(&mut ask);
            let mut facts = Facts::default();
            facts.ask(ask, Sight::default());
            let step = read(&facts).remove(0);
            (step.from, step.asked, step.answered, step.outcome)
        };
        assert_eq!(asked(|_| ()), row("caller", "a token for a resource", "a token", Outcome::Done));
        let refused = |ask: &mut Ask| {
            (ask.status, ask.error) = (Some(400), Some("invalid_client".into()));
            (ask.resource, ask.codes) = (Some("r".into()), vec!["AADSTS1".into(), "AADSTS2".into()]);
        };
        assert_eq!(
            asked(refused),
            row("caller", "a token for r", "400 invalid_client AADSTS1, AADSTS2", Outcome::Broken)
        );
        assert_eq!(asked(|ask| ask.status = Some(502)).2, "502");
        let bare = |ask: &mut Ask| (ask.status, ask.error) = (None, Some("invalid_grant".into()));
        assert_eq!(asked(bare).2, "no answer seen invalid_grant");
    }

    #[test]
    fn the_list_is_bounded_and_keeps_what_broke() {
        let many: Vec<_> = (0..90)
            .map(|seconds| {
                let mut call = call(Credential::Token, if seconds == 80 { 401 } else { 200 });
                call.operation = Some(format!("Operation{seconds}"));
                (seconds, call)
            })
            .collect();
        let steps = read(&facts(&many));
        assert_eq!(steps.len(), STEPS_SHOWN);
        assert_eq!(steps.iter().filter(|step| step.broke).count(), 1);
    }
}
