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

    /// The cloud: the one that was named, else that of the auth servers.
    pub fn cloud(&self) -> Cloud {
        let of = |object: &Object| Cloud::of_host(&host_of(object.text("AuthMetadataUrl")?)?);
        self.cloud.or_else(|| self.of(Kind::AuthServer).find_map(of)).unwrap_or_default()
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
