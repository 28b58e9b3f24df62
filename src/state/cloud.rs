//! The clouds that a tenant can live in, with their hosts. Microsoft Learn: national clouds, Exchange OAuth.

use std::fmt;

/// Which cloud the tenant lives in.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Cloud {
    /// Worldwide.
    #[default]
    Worldwide,
    /// US government: GCC High and DoD.
    UsGov,
    /// Operated by 21Vianet.
    China,
}

/// Hosts of token services, by cloud.
const HOSTS: [(&str, Cloud); 10] = [
    ("accounts.accesscontrol.windows.net", Cloud::Worldwide),
    ("login.windows.net", Cloud::Worldwide),
    ("login.microsoftonline.com", Cloud::Worldwide),
    ("sts.windows.net", Cloud::Worldwide),
    ("login.microsoftonline.us", Cloud::UsGov),
    ("login-us.microsoftonline.com", Cloud::UsGov),
    ("accounts.accesscontrol.chinacloudapi.cn", Cloud::China),
    ("login.chinacloudapi.cn", Cloud::China),
    ("login.partner.microsoftonline.cn", Cloud::China),
    ("sts.chinacloudapi.cn", Cloud::China),
];

impl Cloud {
    /// Reads the value of `--cloud`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "worldwide" => Some(Self::Worldwide),
            "usgov" => Some(Self::UsGov),
            "china" => Some(Self::China),
            _ => None,
        }
    }

    /// The cloud that a token service's host belongs to.
    pub fn of_host(host: &str) -> Option<Self> {
        HOSTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(host)).map(|(_, cloud)| *cloud)
    }

    /// Reads `-Environment` of `Connect-MgGraph`.
    pub fn of_graph_environment(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "global" => Some(Self::Worldwide),
            "usgov" | "usgovdod" => Some(Self::UsGov),
            "china" => Some(Self::China),
            _ => None,
        }
    }

    /// Host of the ACS metadata document.
    pub const fn acs_host(self) -> &'static str {
        match self {
            Self::Worldwide => "accounts.accesscontrol.windows.net",
            Self::UsGov => "login.microsoftonline.us",
            Self::China => "accounts.accesscontrol.chinacloudapi.cn",
        }
    }

    /// Host of the federation metadata document.
    pub const fn sign_in_host(self) -> &'static str {
        match self {
            Self::Worldwide => "login.windows.net",
            Self::UsGov => "login.microsoftonline.us",
            Self::China => "login.chinacloudapi.cn",
        }
    }

    /// Issuer identifier of ACS.
    pub const fn acs_issuer(self) -> &'static str {
        match self {
            Self::Worldwide | Self::UsGov => "00000001-0000-0000-c000-000000000000",
            Self::China => "00000001-0002-0000-c000-000000000000",
        }
    }

    /// Host of Exchange Online.
    pub const fn online_host(self) -> &'static str {
        match self {
            Self::Worldwide => "outlook.office365.com",
            Self::UsGov => "outlook.office365.us",
            Self::China => "partner.outlook.cn",
        }
    }

    /// `-Environment` of `Connect-MgGraph`.
    pub const fn graph_environment(self) -> &'static str {
        match self {
            Self::Worldwide => "Global",
            Self::UsGov => "USGov",
            Self::China => "China",
        }
    }

    /// Suffix of the tenant's coexistence domain.
    pub const fn online_suffix(self) -> &'static str {
        match self {
            Self::Worldwide => "mail.onmicrosoft.com",
            Self::UsGov => "mail.onmicrosoft.us",
            Self::China => "mail.partner.onmschina.cn",
        }
    }

    /// Whether an endpoint of this cloud is confirmed by a source that we have.
    pub const fn confirmed(self) -> bool {
        !matches!(self, Self::China)
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worldwide => "worldwide",
            Self::UsGov => "usgov",
            Self::China => "china",
        })
    }
}
