//! Takes the evidence, weighs `cannot-tell`: something fails, and nothing that was recorded says why.

use crate::checks::finding::{Finding, Severity};
use crate::checks::judge::facts::{Ask, Call, Credential};
use crate::checks::{CheckId, Outcome};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::soap::codes;
use crate::token::principal::Principal;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "cannot-tell",
    title: "something fails, and nothing that was recorded says why",
    rank: Rank::Unknown,
    summary: "{observed} The recording does not say why: {missing}. {next}",
    speaks_for: "A call or token request failed, and no other cause has evidence.",
    speaks_against: "Any other cause.",
    repair: &[
        "Get-WinEvent -FilterHashtable @{LogName=\"Application\";ProviderName=\"MSExchange OAuth\"} -MaxEvents 50 | Format-List TimeCreated,Id,Message",
        "Get-ChildItem \"$env:ExchangeInstallPath\\Logging\\HttpProxy\\Ews\" | Sort-Object LastWriteTime | Select-Object -Last 1   # give it to oauthtrace beside the recording",
        "Test-OAuthConnectivity -Service EWS -TargetUri https://{host}/ews/exchange.asmx -Mailbox <user> -Verbose | Format-List",
    ],
    sources: &["Microsoft Support: Resolve free/busy errors"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let failed =
        case.calls(|call| call.credential == Credential::Token && call.status.is_some() && !call.succeeded());
    let asks = case.asks(|ask| ask.refused());
    let broken = case.judgement.checks.iter().any(|check| {
        matches!(check.id, CheckId::Accepted | CheckId::TokenRequest | CheckId::Challenge)
            && check.outcome == Outcome::Fail
    });
    if !broken || !case.judgement.findings.iter().any(of_traffic) {
        return;
    }
    if let Some((call, _)) = failed.first() {
        call_failed(call, weigh);
    } else if let Some((ask, _)) = asks.first() {
        request_refused(ask, weigh);
    } else {
        reason_elsewhere(case, weigh);
    }
    weigh.plus(20, "a call or token request failed").at(&failed).at(&asks);
    weigh.by(case
        .judgement
        .findings
        .iter()
        .enumerate()
        .filter(|(_, finding)| finding.severity == Severity::Error)
        .map(|(index, _)| index));
}

/// What the state shows is named there; only traffic can fail without saying why.
fn of_traffic(finding: &Finding) -> bool {
    finding.severity == Severity::Error
        && !["state-", "script-"].iter().any(|kind| finding.rule.starts_with(kind))
}

/// Exchange did not do what a token asked for.
fn call_failed(call: &Call, weigh: &mut Weighing<'_>) {
    weigh.value("host", &call.host);
    if let Some((number, category, _)) = &call.said
        && let Some(code) = codes::diagnostics(*number, Some(category))
    {
        weigh.words("observed", format!("Exchange refuses with {number} ({category}). {}", code.meaning));
        weigh.words("missing", "that number has several causes, and nothing else tells which it is".into());
    }
    let (observed, missing, next) = match call.status {
        Some(500..=599) => (
            "The server fails on a call whose token is in order as far as can be told.",
            "an internal error carries no reason of OAuth",
            "Record next: the application event log and the EWS log of the server at that moment.",
        ),
        Some(401) if call.said.is_none() => (
            "Exchange refuses a token that is in order as far as can be told.",
            "the answer has no x-ms-diagnostics",
            "Record next: the same call on the Exchange server itself, and its HttpProxy log and event log \
             (source MSExchange OAuth) of that moment.",
        ),
        _ => (
            "A call with a token fails.",
            "the answer fits no cause that is known here",
            "Record next: the HttpProxy log and the EWS log of the server at that moment.",
        ),
    };
    weigh.words("observed", observed.into()).words("missing", missing.into()).words("next", next.into());
}

/// The token service gave no token.
fn request_refused(ask: &Ask, weigh: &mut Weighing<'_>) {
    // Not the token service is to be tried, but what the token was for.
    let resource = ask.resource.as_deref().and_then(Principal::parse).and_then(|name| name.host);
    weigh.value("host", resource.unwrap_or("outlook.office365.com"));
    let codes = if ask.codes.is_empty() { "no code".to_owned() } else { ask.codes.join(", ") };
    let known = ask.codes.iter().find_map(|code| codes::aadsts(code));
    let meaning = known.map_or_else(String::new, |code| format!(" {}", code.meaning));
    weigh.words("observed", format!("The token service refuses with {codes}.{meaning}"));
    let missing = match known {
        Some(_) => "that code has several causes, and nothing else tells which it is",
        None => "the code fits no cause that is known here",
    };
    weigh.words("missing", missing.into());
    weigh.words(
        "next",
        "Record next: the answer with its description, and what Test-OAuthConnectivity says.".into(),
    );
}

/// Neither shows in the recording: a log tells of it, or something beside the calls is wrong.
fn reason_elsewhere<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let tokens = case.calls(|call| call.credential == Credential::Token);
    let host = tokens.first().map_or("", |(call, _)| &call.host);
    weigh.value("host", host);
    let logged = |finding: &Finding| of_traffic(finding) && finding.rule.starts_with("log-");
    let (observed, missing, next) = if case.judgement.findings.iter().any(logged) {
        (
            "A log tells of a failure.",
            "the log gives no reason that is known here, and the call that failed is not in the recording",
            "Record next: that call, from its discovery to its answer, or the answer's x-ms-diagnostics.",
        )
    } else if tokens.is_empty() {
        (
            "Something was refused.",
            "no call with a token is in it",
            "Record next: a call of the cloud, from its discovery to its answer.",
        )
    } else {
        (
            "Something is wrong beside the calls with a token.",
            "none of the calls with a token that are in it was refused",
            "Record next: the call that fails, from its discovery to its answer.",
        )
    };
    weigh.words("observed", observed.into()).words("missing", missing.into()).words("next", next.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{Scene, Signer};
    use crate::diagnose::testing::{Story, denied};

    #[test]
    fn fires_on_a_silent_failure() {
        assert_eq!(Story::of(Scene::healthy().status(500)).lead(), CAUSE.id);
    }

    #[test]
    fn tells_what_a_known_number_means() {
        let story = Story::of(Scene::healthy().refused("2000001;error_category=\"invalid_token\""));
        let found = story.diagnosis().causes;
        let summary = &found.first().unwrap().summary;
        assert!(
            summary.contains("2000001 (invalid_token)") && summary.contains("unknown issuer"),
            "{summary}"
        );
        assert!(!summary.contains("known here"), "{summary}");
    }

    #[test]
    fn a_test_goes_to_what_the_token_was_for() {
        let answer = denied("invalid_request", "AADSTS900144: The request body must contain 'x'.");
        let found = Story::request(Signer::Exchange, 400, &answer).diagnosis().causes;
        let only = found.first().unwrap();
        assert_eq!(only.cause.id, CAUSE.id);
        let test = only.commands.last().unwrap();
        assert!(test.contains("-TargetUri https://outlook.office365.com/ews/"), "{test}");
        assert!(only.summary.contains("AADSTS900144"), "{}", only.summary);
    }

    #[test]
    fn says_of_a_log_alone_what_the_log_leaves_open() {
        let found = Story::logged("something new").diagnosis().causes;
        let [only] = &found[..] else { panic!("{found:?}") };
        assert_eq!(only.cause.id, CAUSE.id);
        assert!(only.summary.contains("A log tells of a failure.") && !only.summary.contains("no call with"));
    }

    #[test]
    fn never_says_that_no_call_is_there_when_one_is() {
        let accepted = Story::logged("something new").and(Scene::healthy());
        assert!(
            !accepted.diagnosis().causes.iter().any(|found| found.summary.contains("no call with a token"))
        );
    }

    #[test]
    fn stays_silent_when_a_cause_is_found() {
        assert!(
            !Story::of(Scene::healthy().refused("2000005;error_category=\"invalid_user\""))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
