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

/// What a host of Microsoft's is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    TokenService,
    ExchangeOnline,
}

/// Hosts of Microsoft's services, by cloud; a name below one of them counts too.
const HOSTS: [(&str, Cloud, Service); 17] = [
    ("accesscontrol.windows.net", Cloud::Worldwide, Service::TokenService),
    ("login.windows.net", Cloud::Worldwide, Service::TokenService),
    ("login.microsoft.com", Cloud::Worldwide, Service::TokenService),
    ("login.microsoftonline.com", Cloud::Worldwide, Service::TokenService),
    // The German cloud was closed in 2021; its tenants moved to the worldwide one.
    ("login.microsoftonline.de", Cloud::Worldwide, Service::TokenService),
    ("sts.windows.net", Cloud::Worldwide, Service::TokenService),
    ("outlook.office.com", Cloud::Worldwide, Service::ExchangeOnline),
    ("outlook.office365.com", Cloud::Worldwide, Service::ExchangeOnline),
    ("login.microsoftonline.us", Cloud::UsGov, Service::TokenService),
    ("login-us.microsoftonline.com", Cloud::UsGov, Service::TokenService),
    ("outlook.office365.us", Cloud::UsGov, Service::ExchangeOnline),
    ("outlook-dod.office365.us", Cloud::UsGov, Service::ExchangeOnline),
    ("accesscontrol.chinacloudapi.cn", Cloud::China, Service::TokenService),
    ("login.chinacloudapi.cn", Cloud::China, Service::TokenService),
    ("login.partner.microsoftonline.cn", Cloud::China, Service::TokenService),
    ("sts.chinacloudapi.cn", Cloud::China, Service::TokenService),
    ("partner.outlook.cn", Cloud::China, Service::ExchangeOnline),
];

/// The row of a host: lower case, without port and final dot.
fn row(host: &str) -> Option<(Cloud, Service)> {
    let below =
        |known: &str| host.strip_suffix(known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    HOSTS.iter().find(|(known, ..)| below(known)).map(|&(_, cloud, service)| (cloud, service))
}

/// Whether a host (lower case, without port and final dot) belongs to a token service.
pub fn is_token_service(host: &str) -> bool {
    row(host).is_some_and(|(_, service)| service == Service::TokenService)
}

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

    /// The cloud that a host of Microsoft's belongs to: a token service, or Exchange Online. `host` is in lower
    /// case, without port and final dot. Any other host tells nothing, whatever its top-level domain.
    pub fn of_host(host: &str) -> Option<Self> {
        row(host).map(|(cloud, _)| cloud)
    }

    /// The cloud that a domain was given by.
    pub fn of_domain(name: &str) -> Option<Self> {
        let name = name.trim().trim_end_matches('.').to_ascii_lowercase();
        let given = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
        match () {
            () if given("onmicrosoft.com") => Some(Self::Worldwide),
            () if given("onmicrosoft.us") => Some(Self::UsGov),
            () if given("onmschina.cn") => Some(Self::China),
            () => None,
        }
    }

    /// By the application id of an ACS issuer. The US government cloud uses the worldwide id.
    pub fn of_acs(id: &str) -> Option<Self> {
        [Self::Worldwide, Self::China].into_iter().find(|cloud| cloud.acs_issuer().eq_ignore_ascii_case(id))
    }

    /// For messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worldwide => "worldwide",
            Self::UsGov => "US government",
            Self::China => "21Vianet",
        }
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

    /// A command with the hosts of this cloud in place of those of the worldwide one, where it asks them: what is only
    /// named for what it is stays.
    pub fn fitted(self, command: &str) -> Option<String> {
        let worldwide = Self::Worldwide;
        let named = |lead: &str, host: &str| command.contains(&format!("{lead}{host}"));
        let asks = |host| named("https://", host) || named("Test-NetConnection ", host);
        let (service, online) = (worldwide.acs_host(), worldwide.online_host());
        (self != worldwide && (asks(service) || asks(online)))
            .then(|| command.replace(service, self.acs_host()).replace(online, self.online_host()))
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
            Self::China => "partner.mail.onmschina.cn",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_microsoft_tells_its_cloud_and_no_other_does() {
        assert_eq!(Cloud::of_host("accounts.accesscontrol.windows.net"), Some(Cloud::Worldwide));
        assert_eq!(Cloud::of_host("login.microsoftonline.us"), Some(Cloud::UsGov));
        assert_eq!(Cloud::of_host("outlook.office365.us"), Some(Cloud::UsGov));
        assert_eq!(Cloud::of_host("sts.chinacloudapi.cn"), Some(Cloud::China));
        for other in
            ["mail.contoso.cn", "mail.contoso.us", "notlogin.windows.net.example", "xlogin.windows.net"]
        {
            assert_eq!(Cloud::of_host(other), None, "{other}");
        }
        assert!(is_token_service("login.windows.net") && !is_token_service("outlook.office365.com"));
    }

    #[test]
    fn a_cloud_has_its_names_and_its_issuer() {
        for cloud in [Cloud::Worldwide, Cloud::UsGov, Cloud::China] {
            assert_eq!(Cloud::parse(&cloud.to_string()), Some(cloud));
            assert_eq!(Cloud::of_graph_environment(cloud.graph_environment()), Some(cloud));
            assert_eq!(Cloud::of_host(cloud.acs_host()), Some(cloud));
            assert_eq!(Cloud::of_host(cloud.online_host()), Some(cloud));
        }
        assert_eq!(Cloud::parse("China"), None);
        assert_eq!(Cloud::of_graph_environment("USGovDoD"), Some(Cloud::UsGov));
        assert_eq!(Cloud::of_graph_environment("Germany"), None);
        let of = |id: &str| Cloud::of_acs(id);
        assert_eq!(of("00000001-0002-0000-C000-000000000000"), Some(Cloud::China));
        assert_eq!(of("00000001-0000-0000-c000-000000000000"), Some(Cloud::Worldwide));
        assert_eq!(of("00000002-0000-0ff1-ce00-000000000000"), None);
    }

    #[test]
    fn a_domain_that_a_cloud_gave_tells_it() {
        for cloud in [Cloud::Worldwide, Cloud::UsGov, Cloud::China] {
            assert_eq!(Cloud::of_domain(&format!("Contoso.{}", cloud.online_suffix())), Some(cloud));
        }
        assert_eq!(Cloud::of_domain("contoso.onmicrosoft.us"), Some(Cloud::UsGov));
        for other in ["contoso.com", "contoso.cn", "onmicrosoft.com", "notonmicrosoft.com", ""] {
            assert_eq!(Cloud::of_domain(other), None, "{other}");
        }
    }

    #[test]
    fn only_commands_that_ask_a_host_name_that_of_another_cloud() {
        let test = "Test-NetConnection accounts.accesscontrol.windows.net -Port 443";
        let china = "Test-NetConnection accounts.accesscontrol.chinacloudapi.cn -Port 443";
        assert_eq!(Cloud::China.fitted(test).as_deref(), Some(china));
        let uri = "Test-OAuthConnectivity -TargetUri https://outlook.office365.com/ews";
        let gov = "Test-OAuthConnectivity -TargetUri https://outlook.office365.us/ews";
        assert_eq!(Cloud::UsGov.fitted(uri).as_deref(), Some(gov));
        assert_eq!(Cloud::Worldwide.fitted(test), None);
        assert_eq!(Cloud::China.fitted("Get-AuthServer # accounts.accesscontrol.windows.net"), None);
    }
}
