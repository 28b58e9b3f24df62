//! Takes the evidence, weighs `fallback-to-basic`: something still authenticates with a password.

use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "fallback-to-basic",
    title: "something still authenticates with a password",
    rank: Rank::Fallback,
    summary: "A password was sent to {host}. OAuth needs none: either the caller is not set up for OAuth and never was, or it falls back to the password when OAuth fails. With Basic authentication switched off it would not work at all.",
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
    let sent = case.errors(&["basic-sent", "password-grant", "password-in-url", "log-basic"]);
    if !sent.is_empty() {
        weigh.plus(85, "a password was sent").by(sent);
        let calls = case.calls(|call| call.credential == Credential::Basic);
        if let Some((call, _)) = calls.first() {
            weigh.at(&calls).value("host", &call.host);
        }
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
}
