//! Takes a judgement, gives the cloud that the tenant lives in, and repairs that name its hosts.

use super::Judgement;
use crate::checks::expectations::Expectations;
use crate::checks::place;
use crate::checks::rules::by_id;
use crate::state::cloud::Cloud;
use crate::token::{Token, TokenId};

impl Judgement {
    /// The cloud of the tenant: as it was given, else as the issuer of the tokens in scope shows it, whose id two
    /// clouds share, else as the first token service that was asked does.
    pub fn cloud(&self, expected: &Expectations) -> Option<Cloud> {
        let issuer = |id: &TokenId| {
            let of = |token: &Token| token.principal("iss").and_then(|name| Cloud::of_acs(name.id));
            self.tokens.visit(*id, of).flatten()
        };
        let mut in_scope = self.judged.iter().filter(|(_, (in_scope, _))| *in_scope);
        let issued = || in_scope.find_map(|(id, _)| issuer(id)).filter(|cloud| *cloud == Cloud::China);
        let asked =
            || self.facts.asks.iter().find_map(|(ask, _)| Cloud::of_host(&place::bare_host(&ask.host)));
        expected.cloud.or_else(issued).or_else(asked)
    }

    /// Puts the hosts of the tenant's cloud into what rules say of repairs, which is written for the worldwide one.
    pub(super) fn fit(mut self, expected: &Expectations) -> Self {
        if let Some(cloud) = self.cloud(expected).filter(|cloud| *cloud != Cloud::Worldwide) {
            for finding in &mut self.findings {
                let own = by_id(finding.rule).is_some_and(|rule| rule.repair == finding.help);
                if let Some(fitted) = cloud.fitted(&finding.help).filter(|_| own) {
                    finding.help = fitted;
                }
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::{OTHER_TENANT, Scene};

    /// What to do where Exchange trusts the token service for another tenant, by the id of that service.
    fn help(id: &str, cloud: Option<Cloud>) -> String {
        let challenge = format!(
            "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", trusted_issuers=\"{id}@{OTHER_TENANT}\""
        );
        let scene = Scene::healthy().authorization("Bearer").refused_with(&challenge);
        let judgement = scene.expect(move |expected| expected.cloud = cloud).judge();
        let found = judgement.findings.into_iter().find(|finding| finding.rule == "challenge-realm");
        found.unwrap().help
    }

    #[test]
    fn repairs_name_the_hosts_of_the_cloud() {
        let (worldwide, china) = (Cloud::Worldwide.acs_issuer(), Cloud::China.acs_issuer());
        for (id, cloud, host) in [
            (worldwide, None, "accounts.accesscontrol.windows.net"),
            (worldwide, Some(Cloud::Worldwide), "accounts.accesscontrol.windows.net"),
            (worldwide, Some(Cloud::UsGov), "login.microsoftonline.us"),
            (china, Some(Cloud::China), "accounts.accesscontrol.chinacloudapi.cn"),
            (china, None, "accounts.accesscontrol.chinacloudapi.cn"),
        ] {
            let help = help(id, cloud);
            assert!(help.contains(&format!("https://{host}/")), "{id} {cloud:?}: {help}");
        }
    }
}
