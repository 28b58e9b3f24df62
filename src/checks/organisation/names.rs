//! Takes an organisation, gives the names that its commands need: what was said on the command line, else what
//! its own objects say, else a word in angle brackets to be replaced.

use super::{StateCase, host_of, quoted};
use crate::base::is_guid;
use crate::state::cloud::Cloud;
use crate::state::object::{Kind, Object};

impl StateCase<'_> {
    /// The tenant: its GUID before a domain.
    pub fn tenant(&self) -> String {
        let of_url = |object: &Object| {
            let url = object.text("AuthMetadataUrl")?.split("://").nth(1)?;
            url.split('/').nth(1).filter(|part| part.contains(['.', '-'])).map(str::to_owned)
        };
        let named = self.tenants.iter().find(|tenant| is_guid(tenant)).or(self.tenants.first()).cloned();
        named.or_else(|| self.of(Kind::AuthServer).find_map(of_url)).unwrap_or_else(|| "<tenant>".to_owned())
    }

    /// The domain of the mailboxes on premises.
    pub fn domain(&self) -> &str {
        let default = || {
            let default = |object: &&Object| object.flag("Default") == Some(true);
            let name = self.of(Kind::AcceptedDomain).find(default)?.text("DomainName");
            // No address can be in a wildcard.
            name.filter(|name| !name.trim().starts_with('*'))
        };
        let tenant = || self.tenants.iter().map(String::as_str).find(|tenant| !is_guid(tenant));
        self.verified_domain.or_else(default).or_else(tenant).unwrap_or("<verified domain>")
    }

    /// The cloud: the one that was named, else the one that traffic and the organisation show.
    pub fn cloud(&self) -> Cloud {
        let any = || self.of(Kind::AuthServer).find_map(|object| metadata_host(object)?.1);
        self.cloud.or_else(|| self.cloud_shown()).or_else(any).unwrap_or_default()
    }

    /// The cloud that traffic shows, else that of the enabled auth servers. Where these are of several, what else of the
    /// organisation belongs to one of them tells, then how many there are, then the one for ACS: its tokens are those
    /// that callers present.
    pub fn cloud_shown(&self) -> Option<Cloud> {
        let enabled = self.of(Kind::AuthServer).filter(|object| object.flag("Enabled") != Some(false));
        let mut servers: Vec<(&Object, Cloud)> =
            enabled.filter_map(|object| Some((object, metadata_host(object)?.1?))).collect();
        match self.shown.as_ref().and_then(|shown| shown.china) {
            Some(true) => return Some(Cloud::China),
            Some(false) if servers.iter().all(|(_, cloud)| *cloud == Cloud::China) => {
                return (!servers.is_empty()).then_some(Cloud::Worldwide);
            }
            Some(false) => servers.retain(|(_, cloud)| *cloud != Cloud::China),
            None => {}
        }
        let mut rest = self.clouds_named();
        rest.retain(|named| servers.iter().any(|(_, cloud)| cloud == named));
        if let Some(first) = rest.first().filter(|first| rest.iter().all(|named| named == *first)) {
            return Some(*first);
        }
        let votes = |of: Cloud| servers.iter().filter(|(_, cloud)| *cloud == of).count();
        let acs = |object: &Object| {
            object.text("AuthMetadataUrl").is_some_and(|url| url.contains("/metadata/json/"))
        };
        // The first of the greatest: `max_by_key` gives the last.
        let ranked = servers.iter().rev().max_by_key(|(object, cloud)| (votes(*cloud), acs(object)));
        ranked.map(|(_, cloud)| *cloud)
    }

    /// The clouds whose names are used beside the auth servers: by domains of the tenant, and by connectors.
    fn clouds_named(&self) -> Vec<Cloud> {
        let accepted = self.of(Kind::AcceptedDomain).filter_map(|object| object.text("DomainName"));
        let domains = self.tenants.iter().map(String::as_str).chain(accepted).filter_map(Cloud::of_domain);
        let endpoint = |object: &Object| Cloud::of_host(&host_of(object.text("DiscoveryEndpoint")?)?);
        domains.chain(self.of(Kind::Connector).filter_map(endpoint)).collect()
    }

    /// ` -DomainController NAME` where one was named, for commands that follow one another.
    pub fn controller(&self) -> String {
        self.domain_controller.map_or_else(String::new, |name| format!(" -DomainController {}", quoted(name)))
    }

    /// The domain of the tenant that mail between both sides is addressed to, as PowerShell: a literal, or the
    /// expression that finds it.
    pub fn coexistence_domain(&self) -> String {
        let suffix = self.cloud().online_suffix();
        let known = self
            .of(Kind::AcceptedDomain)
            .filter_map(|object| object.text("DomainName"))
            .find(|name| name.to_ascii_lowercase().ends_with(suffix));
        known.map_or_else(
            || {
                format!(
                    "(Get-AcceptedDomain | Where-Object {{ $_.DomainName -like '*.{suffix}' }}).DomainName"
                )
            },
            quoted,
        )
    }
}

/// The host of the metadata of an auth server, and the cloud that it belongs to.
pub(crate) fn metadata_host(object: &Object) -> Option<(String, Option<Cloud>)> {
    let host = host_of(object.text("AuthMetadataUrl")?)?;
    let cloud = Cloud::of_host(&host);
    Some((host, cloud))
}
