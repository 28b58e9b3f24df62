//! Takes the evidence, weighs `oauth-off-on-virtual-directory`: OAuth is switched off on a virtual directory.

use crate::checks::finding::Finding;
use crate::checks::judge::facts::{Call, Credential};
use crate::diagnose::cause::{Case, Cause, Rank, Weighing};
use crate::state::object::Kind;

/// See the text.
pub(crate) static CAUSE: Cause = Cause {
    id: "oauth-off-on-virtual-directory",
    title: "OAuth is switched off on a virtual directory",
    rank: Rank::Root,
    summary: "OAuth authentication is switched off on the virtual directory {path}, so that Exchange answers there without offering Bearer. Callers from the cloud that ask there for the challenge get none, and cannot go on.",
    speaks_for: "An empty Bearer, or a token, is answered 401 with Windows or Basic authentication only, by Exchange itself. The state shows OAuthAuthentication False.",
    speaks_against: "The answer lacks Exchange's marks and offers nothing that IIS offers: then a device in front answered. The state shows OAuth switched on there.",
    repair: &[
        "Get-WebServicesVirtualDirectory | Format-List Server,OAuthAuthentication; Get-AutodiscoverVirtualDirectory | Format-List Server,OAuthAuthentication",
        "{repair} -OAuthAuthentication $true",
        "iisreset /noforce   # on each server that was changed",
    ],
    sources: &["Microsoft Learn: Set-WebServicesVirtualDirectory", "[MS-XOAUTH] 3.2.5.4"],
    examine,
};

fn examine<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    traffic(case, weigh);
    let path = weigh.known("path").map(str::to_owned);
    let same = |finding: &Finding| {
        let directory = if finding.help.contains("Autodiscover") { "/autodiscover" } else { "/ews" };
        path.as_deref().is_none_or(|path| !path.starts_with('/') || path.starts_with(directory))
    };
    let Some(organisation) = case.organisation else { return };
    if weigh.state_where(&[("state-oauth-off", 85)], same) {
        let first = weigh.first_state("state-oauth-off", same);
        let directory = first.is_some_and(|finding| finding.help.contains("Autodiscover"));
        weigh.value("path", if directory { "/autodiscover" } else { "/ews" });
        let accepted = |call: &Call| {
            call.accepted() && call.path.starts_with(if directory { "/autodiscover" } else { "/ews" })
        };
        if !case.calls(accepted).is_empty() {
            weigh.minus(35, "a token was accepted there in the recording");
        }
    } else if weigh.score() > 0
        && organisation.asked(Kind::WebServices)
        && organisation.asked(Kind::Autodiscover)
    {
        weigh.set_well("the state shows OAuth switched on there");
    }
}

fn traffic<'a>(case: &Case<'a>, weigh: &mut Weighing<'a>) {
    weigh.logged(60, &["InvalidOAuthEndpoint", "InvalidChallenge", "EmptyClientId"]);
    let without = case.calls(|call| {
        let asked = matches!(call.credential, Credential::EmptyBearer | Credential::Token);
        let iis = call.offered.contains("negotiate") || call.offered.contains("ntlm");
        // A refusal that offers nothing at all does not tell what is switched on.
        let told = call.credential == Credential::EmptyBearer || !call.offered.is_empty();
        asked
            && told
            && call.exchange
            && call.status == Some(401)
            && !call.head_cut
            && !call.offered.contains("bearer")
            && call.said.is_none()
            && (call.marks || iis)
    });
    let Some((call, _)) = without.first() else {
        if weigh.score() == 0 {
            return;
        }
        weigh.words("path", "the address that it calls".into());
        weigh.words("repair", "Set-WebServicesVirtualDirectory \"<server>\\EWS (Default Web Site)\"".into());
        return;
    };
    weigh.plus(if call.marks { 80 } else { 60 }, "Exchange refuses and does not offer Bearer").at(&without);
    weigh.value("path", &call.path);
    let directory = match call.path.split('/').nth(1).unwrap_or_default() {
        "ews" => "Set-WebServicesVirtualDirectory",
        "autodiscover" => "Set-AutodiscoverVirtualDirectory",
        "mapi" => "Set-MapiVirtualDirectory",
        "oab" => "Set-OabVirtualDirectory",
        _ => "Set-WebServicesVirtualDirectory",
    };
    let site = match directory {
        "Set-AutodiscoverVirtualDirectory" => "Autodiscover (Default Web Site)",
        "Set-MapiVirtualDirectory" => "mapi (Default Web Site)",
        "Set-OabVirtualDirectory" => "OAB (Default Web Site)",
        _ => "EWS (Default Web Site)",
    };
    weigh.words("repair", format!("{directory} \"<server>\\{site}\""));
    let contradicted = case.calls(|other| {
        let same = other.host == call.host && other.path == call.path;
        same && (other.offered.contains("bearer") || other.accepted())
    });
    if !contradicted.is_empty() {
        weigh.minus(40, "the same path offers or accepts Bearer elsewhere in the recording");
    }
    if !case
        .calls(|other| other.host == call.host && other.path != call.path && other.offered.contains("bearer"))
        .is_empty()
    {
        weigh.plus(10, "another virtual directory of the same host offers it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::Scene;
    use crate::diagnose::testing::Story;
    use crate::diagnose::testing::found_in_state;

    #[test]
    fn fires_on_windows_authentication_only() {
        assert_eq!(
            Story::of(Scene::healthy().discovery("Negotiate").response_header("request-id", "x")).lead(),
            CAUSE.id
        );
    }

    #[test]
    fn stays_silent_on_a_bearer_challenge() {
        assert!(!Story::of(Scene::healthy().refused("")).causes().contains(&CAUSE.id));
    }

    #[test]
    fn fires_on_a_log_of_outbound_calls() {
        assert_eq!(Story::logged("InvalidOAuthEndpoint").lead(), CAUSE.id);
    }

    #[test]
    fn names_the_directory_that_refused() {
        let of = |path: &'static str| {
            let scene =
                Scene::healthy().discovery("Negotiate").response_header("request-id", "x").target(path);
            let lead = Story::of(scene).diagnosis().causes.remove(0);
            assert_eq!(lead.cause.id, CAUSE.id, "{path}");
            lead.commands.join("\n")
        };
        assert!(of("/ews/exchange.asmx").contains("Set-WebServicesVirtualDirectory"));
        assert!(of("/autodiscover/autodiscover.svc").contains("Set-AutodiscoverVirtualDirectory"));
    }

    #[test]
    fn stays_silent_where_it_may_not_have_been_exchange_or_where_a_part_is_lost() {
        let causes = |scene: Scene| Story::of(scene).causes().contains(&CAUSE.id);
        let lost = |exchange: &mut crate::exchange::Exchange| {
            exchange.response.as_mut().unwrap().head.partial = true;
        };
        let asked = |offer: &str| Scene::healthy().discovery(offer);
        assert!(causes(asked("Negotiate")) && causes(asked("NTLM")));
        assert!(!causes(asked("Digest realm=\"x\"")));
        assert!(!causes(asked("Negotiate").change(lost)));
        assert!(!causes(
            asked("Negotiate").change(|exchange| exchange.response.as_mut().unwrap().status = 403)
        ));
    }

    #[test]
    fn fires_on_the_state_with_its_repair() {
        let found = found_in_state(|healthy| {
            healthy.set("Get-WebServicesVirtualDirectory", "", "OAuthAuthentication", false)
        });
        let lead = found.first().unwrap();
        assert_eq!(lead.cause.id, CAUSE.id);
        assert!(
            lead.commands.iter().all(|line| line.starts_with("Set-WebServicesVirtualDirectory")),
            "{:?}",
            lead.commands
        );
    }
}
