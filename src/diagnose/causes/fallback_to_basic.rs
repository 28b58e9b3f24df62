//! Takes the evidence, weighs `fallback-to-basic`: something still authenticates with a password.

use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "fallback-to-basic",
    title: "something still authenticates with a password",
    rank: Rank::Fallback,
    summary: "A password was sent (to {host}). OAuth needs none: either the caller is not set up for OAuth and never was, or it falls back to the password when OAuth fails. With Basic authentication switched off it would not work at all.",
    speaks_for: "Basic credentials, a password grant or a password in a URL.",
    speaks_against: "A cause that makes OAuth fail first: then the password is the consequence.",
    repair: &[
        "Get-WebServicesVirtualDirectory | Format-List Server,BasicAuthentication,OAuthAuthentication",
        "# switch the caller to OAuth, then: Set-WebServicesVirtualDirectory \"<server>\\EWS (Default Web Site)\" -BasicAuthentication $false",
        "# change the password that was sent: it has been recorded",
    ],
    sources: &["Microsoft Learn: Configure OAuth between Skype for Business Online and Exchange on-premises"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let sent =
        case.errors(&["basic-sent", "password-grant", "password-in-url", "log-basic", "log-password-in-url"]);
    if !sent.is_empty() {
        weigh.plus(85, "a password was sent").by(sent.iter().copied());
        let calls = case.calls(|call| call.credential == Credential::Basic);
        if let Some((call, _)) = calls.first() {
            weigh.at(&calls).value("host", &call.host);
        }
        // Beside a token, in a URL, or told by a log: the call is not one with a password alone.
        let named = sent.iter().find_map(|&index| case.host_of(index));
        let logged = case.judgement.facts.passwords.first().cloned();
        weigh.value("host", &named.or(logged).unwrap_or_default());
        if case.calls(|call| call.credential == Credential::Token).is_empty() {
            weigh.plus(5, "no token in scope was sent at all");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;
    use crate::logrecord::{LogRecord, LogSource};

    #[test]
    fn fires_on_basic() {
        assert_eq!(
            Story::of(Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw==")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_bearer() {
        assert!(!Story::of(Scene::healthy().status(500)).causes().contains(&CAUSE.id));
    }

    #[test]
    fn names_the_host_wherever_the_password_stood() {
        let summary = |story: Story| {
            let causes = story.diagnosis().causes;
            causes.iter().find(|found| found.cause.id == CAUSE.id).unwrap().summary.clone()
        };
        let own = "A password was sent (to mail.contoso.com).";
        let basic = || Scene::healthy().authorization("Basic dXNlcjpwYXNzd29yZDEyMw==");
        assert!(summary(Story::of(basic())).starts_with(own));
        let url = Story::of(Scene::healthy()).target("/ews/exchange.asmx?password=secret");
        assert!(summary(url).starts_with(own));
        let line = |host: Option<&str>| LogRecord {
            host: host.map(str::to_owned),
            path: Some("/EWS/Exchange.asmx".into()),
            authentication: Some("Basic".into()),
            status: Some(200),
            ..LogRecord::new(LogSource::HttpProxy, 7)
        };
        assert!(summary(Story::line(line(Some("mail.contoso.com")))).starts_with(own));
        assert!(summary(Story::line(line(None))).starts_with("A password was sent. "));
    }
}
