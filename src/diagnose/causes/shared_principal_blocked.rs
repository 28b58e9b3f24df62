//! Takes the evidence, weighs `shared-principal-blocked`: Exchange Online takes no calls over the shared principal any more.

use crate::checks::judge::facts::Outbound;
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "shared-principal-blocked",
    title: "Exchange Online takes no calls over the shared principal any more",
    rank: Rank::Root,
    summary: "Exchange got a token, and Exchange Online forbids its call (403). Since 31 October 2025 that is what calls over the shared principal 00000002-0000-0ff1-ce00-000000000000 get: free/busy, MailTips and photos from on premises to the cloud need the dedicated hybrid application, created in the tenant and switched on in Exchange. What the cloud calls at Exchange (Skype for Business, Teams, voicemail) is not affected.",
    speaks_for: "Test-OAuthConnectivity or the log of outbound calls tells of 403 Forbidden from Exchange \
                 Online, without a number of OAuth and without a code of the token service. The state shows \
                 the dedicated application named, but not switched on.",
    speaks_against: "The request could not be sent (then it is a proxy), or the answer says in \
                     X-EWS-Policy-Reason that a policy blocks it. The state shows the dedicated application \
                     switched on.",
    repair: &[
        "Get-SettingOverride | Where-Object SectionName -eq ExchangeOnpremAsThirdPartyAppId | Format-List \
         Name,Parameters; Get-AuthServer | Format-List Name,ApplicationIdentifier,DomainName",
        ".\\ConfigureExchangeHybridApplication.ps1 -FullyConfigureExchangeHybridApplication   # or the \
         Hybrid Configuration Wizard, and then the next line",
        ".\\ConfigureExchangeHybridApplication.ps1 -EnableExchangeHybridApplicationOverride",
        "iisreset   # or wait an hour",
        "Test-OAuthConnectivity -Service EWS -TargetUri https://outlook.office365.com/ews/exchange.asmx \
         -Mailbox <user> -Verbose | Format-List",
    ],
    sources: &[
        "Exchange Team Blog: Dedicated hybrid app, temporary enforcements, new HCW and possible hybrid \
         functionality disruptions",
        "https://blog.appelcloud.dk/the-exchange-hybrid-wake-up-call-when-free-busy-stops-working",
        "CSS-Exchange: ConfigureExchangeHybridApplication",
    ],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    // A proxy forbids the request to be sent, the token service has a code.
    let forbidden = |told: &Outbound| {
        told.name.is_none()
            && told.text.contains("(403)")
            && !["GetRequestStream", "AADSTS"].iter().any(|words| told.text.contains(words))
    };
    let cloud = |host: &str| {
        [".office365.com", ".office.com", ".outlook.com", ".office365.us"]
            .iter()
            .any(|end| host.ends_with(end))
    };
    let told = case.judgement.facts.outbound.iter();
    let told = told
        .map(|(told, _)| told)
        .find(|told| forbidden(told) && (told.host.is_empty() || cloud(&told.host)));
    if let Some(told) = told {
        let known = !told.host.is_empty();
        let whose = if known { "Exchange Online forbids" } else { "the other side forbids" };
        weigh.plus(
            if known { 70 } else { 55 },
            format!("{whose} the call of Exchange (403), without a reason of OAuth"),
        );
        weigh.by(case.errors(&["log-outbound", "state-test-failed"]));
        weigh.state(&[("state-hybrid-application", 20)]);
        if case.organisation.is_some_and(|organisation| organisation.dedicated_override()) {
            weigh.set_well("Get-SettingOverride shows the dedicated application switched on");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;

    #[test]
    fn fires_on_403_of_exchange_online() {
        let told = "System.Net.WebException: The remote server returned an error: (403) Forbidden.";
        assert_eq!(Story::logged(told).lead(), CAUSE.id);
    }

    #[test]
    fn stays_silent_on_a_proxy_and_on_other_answers() {
        for told in [
            "System.Net.WebException: (403) Forbidden.; GetRequestStream: the call itself could not be sent",
            "System.Net.WebException: The remote server returned an error: (401) Unauthorized.",
            "invalid_client AADSTS50012: x (403)",
        ] {
            assert!(!Story::logged(told).causes().contains(&CAUSE.id), "{told}");
        }
        assert!(!Story::of(Scene::healthy().status(403)).causes().contains(&CAUSE.id));
    }
}
