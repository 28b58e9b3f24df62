//! Takes the evidence, weighs `fallback-to-ntlm`: the calls use Windows authentication instead of OAuth.

use crate::checks::finding::Severity;
use crate::checks::judge::facts::Credential;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "fallback-to-ntlm",
    title: "the calls use Windows authentication instead of OAuth",
    rank: Rank::Fallback,
    summary: "The calls to {host} come with NTLM or Kerberos (Negotiate) and no token in scope was seen: the caller is not set up for OAuth, or gave up on it, and signs in with a Windows account.",
    speaks_for: "NTLM or Negotiate credentials at Exchange paths, and no token in scope.",
    speaks_against: "Tokens in scope are used too: then the Windows sign-ins belong to other clients.",
    repair: &[
        "Test-OAuthConnectivity -Service EWS -TargetUri https://{host}/ews/exchange.asmx -Mailbox <user> -Verbose | Format-List",
        "Get-PartnerApplication | Format-List Name,ApplicationIdentifier,Enabled",
        "Get-WebServicesVirtualDirectory | Format-List Server,OAuthAuthentication,WindowsAuthentication",
    ],
    sources: &["[MS-XOAUTH] 3.1.4", "RFC 4559"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    let windows = case.calls(|call| call.credential == Credential::Windows && call.exchange);
    let Some((call, _)) = windows.first() else { return };
    let tokens = case.calls(|call| call.credential == Credential::Token);
    if tokens.is_empty() {
        weigh
            .plus(65, "Windows authentication at Exchange paths, and no token in scope")
            .at(&windows)
            .value("host", &call.host);
        if !case.calls(|call| call.credential == Credential::EmptyBearer).is_empty() {
            weigh.plus(15, "a caller asked for the challenge of OAuth and did not go on");
        }
    } else if tokens.iter().all(|(call, _)| !call.succeeded()) {
        weigh
            .plus(30, "Windows authentication beside tokens that were all refused")
            .at(&windows)
            .value("host", &call.host);
    }
    weigh.by(case.findings(&["oauth-windows-authentication"], Severity::Warning));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_ntlm_alone() {
        assert_eq!(Story::of(Scene::healthy().authorization("NTLM TlRMTVNTUAADAAAA")).lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_beside_tokens_that_work() {
        assert!(
            !Story::of(Scene::healthy())
                .and(Scene::healthy().authorization("NTLM TlRMTVNTUAADAAAA"))
                .causes()
                .contains(&CAUSE.id)
        );
    }
}
