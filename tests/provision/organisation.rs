//! An organisation made for tests: what its cmdlets print when all is well, and one thing changed at a time, as
//! CLIXML and as Format-List text. All of it is made by us; the certificates' private keys were thrown away.

use std::fmt::Write as _;

pub const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
pub const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
pub const SCHEDULER: &str = "7557eb47-c689-4224-abcf-aef9bd7573df";
pub const VOICEMAIL: &str = "db7de2b5-2149-435e-8043-e080dd50afae";
pub const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";
/// The moment to judge at.
pub const AT: &str = "2026-11-22T10:00:00Z";
/// The auth certificate, from 2024-06-09 to 2029-06-09.
pub const PRINT: &str = "9C02DD06D0DCFD9844AEEAD2599A58EE997CD698";
pub const DER: &str = "MIIC3jCCAcYCAQEwDQYJKoZIhvcNAQELBQAwNTEzMDEGA1UEAwwqTWljcm9zb2Z0IEV4Y2hhbmdlIFNlcnZlciBBdXRoIENlcnRpZmljYXRlMB4XDTI0MDYwOTEwMDAwMFoXDTI5MDYwOTEwMDAwMFowNTEzMDEGA1UEAwwqTWljcm9zb2Z0IEV4Y2hhbmdlIFNlcnZlciBBdXRoIENlcnRpZmljYXRlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAq6otNrIrkCTz3OXFvfKig81FYpgF4AugFKyebEMKT8DeA6JguCIpHSc3uYuG6/Cr7yED66D4MAru5mNK+HJvGbrTdDxwuhrvzgFVDJkOfTZl9Wo10+miudHSB4gIoGDstlJXsA/7lXvPAxu4dkp+IYQpEyVOhfF1HPTsuGxIPh0hzKggO3mztK6u1BtbL6CtZM+yJ/xbNuR0BuPzfDp6aeR1ZIlYlahKlEyMgJI8JbmOyUWJlU2D6PbMcMI1Hyg3m6QfHOZmEhBHnZ07WnUipk1AtxBux+VnFquzpLn3R6n+vHCXqNP+dBLRrNaaP2BzNzFQMf/UR67G3ixEse9zKQIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQAFNe8AkCDjN1ro3TjQFr6Q7+5zKn61QJ4qvcZvL+sn2zqFkDnUU16PXSGQY8xEljX/7+6wdAI9Agb5PRVd9rwcf3+7yVldga3YH7Gcy/NZN3E+YfcIoDdj3fUKlIMSBHe4XYS4b+IwHQ8nYAoSvJmihMvzS0XsSGNq99x4a/WgXUEzYJMAFewRmCTFGOlK6gVK80jpyZGCI0zSJguF9wCYmfyZ1MhBWBcg0zTMJbFgo8OW9toO6tdj2Fi8ZJscFFM/OtB/22blVUgdTkNBjwbMmXDtn/PhCx2/15KYrzgnLGc+XmXyL7ITI+O8tdc7dwlKga0Yub3YLR+yCKZwGZi/";
/// Another one of the same dates.
pub const OTHER_PRINT: &str = "77366E35F4B08B6F360F9EBD4EEA7B62CBD36DB9";
pub const OTHER_DER: &str = "MIIC3jCCAcYCAQIwDQYJKoZIhvcNAQELBQAwNTEzMDEGA1UEAwwqTWljcm9zb2Z0IEV4Y2hhbmdlIFNlcnZlciBBdXRoIENlcnRpZmljYXRlMB4XDTI0MDYwOTEwMDAwMFoXDTI5MDYwOTEwMDAwMFowNTEzMDEGA1UEAwwqTWljcm9zb2Z0IEV4Y2hhbmdlIFNlcnZlciBBdXRoIENlcnRpZmljYXRlMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAm2mQsMJ+HHiOp1C8/ZX4pSV5l+LkZJo7NSf+adHdratYLxnX/QuGUNg1qlYjv8nNndQtijjIGnaUINiCK1GPuOGUlmpf6EjBG7Jp8NW7KpJ2XxzNOqY7PwEd9eiqOr7mbGe9/utVmyRo1Uc3yUOLl3gVlO7jrSvTtF5OwHu2mVTDjlr/BvC4eX2xfPKttRxSPr8rBtdWn8PXmq6u/aVyA3r2jIVYRcwpsiitwhCR9SSAuehgo0oZCJ7X1MfT9tUPST1w9cfDcLh9u8s3wcAMNLSZ10XYCbQSdbHAonXoKl/L64gul27vkvNvaBKeHuC53svSEjL2TehNHlZYV86gywIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQCXX+yVh+ne30uW/h1sJEXw+Jbgd/FTtQgX9qpaYY95ktOaWB+CEvTjynOsFefWvoBEZafb8PXH3+V2Tmljmdx/jl+oyPsDV+UsQNCaakAdfmlaDmE9aHM9I1uTE1krto79nX/7JRTnwJGZAz1n5bT1pMnnsv3I1H+9b+BE7IAuhJSQv/H5dwUpZAsJsdFDjHdgsI4q7LVzdQfWGVt3FjlbefXH+LpwR/d/SGRAvxF0gE01NR6ehb8b7WsMMVgJzAFaJDE/cFZYHxPOsgQvTvM5ifJPJ/BOjq/sGlB1puCXblQ4HZr7pIkUrf0oFiHz6VgJp98CAQy7V1Kf+LeqZd/K";
pub const NOT_BEFORE: &str = "2024-06-09T10:00:00Z";
pub const NOT_AFTER: &str = "2029-06-09T10:00:00Z";
/// The account's address.
pub const ACCOUNT: &str = "contoso.example/Users/SfBOnline-ApplicationAccount";

/// A property's value.
#[derive(Clone, Debug)]
pub enum Val {
    Nothing,
    Text(String),
    Bool(bool),
    /// ISO 8601.
    Date(String),
    List(Vec<String>),
    /// Base64.
    Bytes(String),
    /// Objects inside.
    Keys(Vec<Properties>),
}

pub type Properties = Vec<(String, Val)>;

impl From<&str> for Val {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<bool> for Val {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

pub fn date(text: &str) -> Val {
    Val::Date(text.to_owned())
}

pub fn list(texts: &[&str]) -> Val {
    Val::List(texts.iter().map(|text| (*text).to_owned()).collect())
}

pub fn properties<const N: usize>(pairs: [(&str, Val); N]) -> Properties {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// A key of a service principal, through Microsoft Graph.
pub fn key(id: &str, der: &str, end: &str) -> Properties {
    properties([
        ("KeyId", id.into()),
        ("Type", "AsymmetricX509Cert".into()),
        ("Usage", "Verify".into()),
        ("StartDateTime", date(NOT_BEFORE)),
        ("EndDateTime", date(end)),
        ("Key", Val::Bytes(der.to_owned())),
    ])
}

/// What all cmdlets print.
#[derive(Clone, Debug)]
pub struct Organisation {
    pub things: Vec<(&'static str, Properties)>,
    /// Cmdlets that were asked.
    pub asked: Vec<&'static str>,
}

const CMDLETS: [&str; 13] = [
    "Get-AuthConfig",
    "Get-AuthServer",
    "Get-PartnerApplication",
    "Get-MailUser",
    "Get-AcceptedDomain",
    "Get-OrganizationConfig",
    "Get-ManagementRoleAssignment",
    "Get-ExchangeCertificate",
    "Get-IntraOrganizationConnector",
    "Get-WebServicesVirtualDirectory",
    "Get-AutodiscoverVirtualDirectory",
    "Get-SettingOverride",
    "Get-MgServicePrincipal",
];

impl Organisation {
    /// All is well.
    pub fn healthy() -> Self {
        let mut all = Self { things: Vec::new(), asked: CMDLETS.to_vec() };
        all.exchange();
        all.accounts();
        all.cloud();
        all
    }

    fn exchange(&mut self) {
        self.put(
            "Get-AuthConfig",
            [
                ("CurrentCertificateThumbprint", PRINT.into()),
                ("PreviousCertificateThumbprint", Val::Nothing),
                ("NextCertificateThumbprint", Val::Nothing),
                ("NextCertificateEffectiveDate", Val::Nothing),
                ("ServiceName", EXCHANGE.into()),
                ("Realm", Val::Nothing),
                ("Name", "Auth Configuration".into()),
            ],
        );
        let acs = format!("https://accounts.accesscontrol.windows.net/{TENANT}/metadata/json/1");
        self.put(
            "Get-AuthServer",
            [
                ("Name", "WindowsAzureACS".into()),
                ("IssuerIdentifier", "00000001-0000-0000-c000-000000000000".into()),
                (
                    "TokenIssuingEndpoint",
                    format!("https://accounts.accesscontrol.windows.net/{TENANT}/tokens/OAuth/2")
                        .as_str()
                        .into(),
                ),
                ("Type", "MicrosoftACS".into()),
                ("AuthMetadataUrl", acs.as_str().into()),
                ("IsDefaultAuthorizationEndpoint", false.into()),
                ("Enabled", true.into()),
            ],
        );
        self.put(
            "Get-AuthServer",
            [
                ("Name", "evoSTS".into()),
                ("IssuerIdentifier", format!("https://sts.windows.net/{TENANT}/").as_str().into()),
                ("TokenIssuingEndpoint", "https://login.windows.net/common/oauth2/token".into()),
                ("Type", "AzureAD".into()),
                ("AuthMetadataUrl", "https://login.windows.net/contoso.example/federationmetadata/2007-06/federationmetadata.xml".into()),
                ("ApplicationIdentifier", Val::Nothing),
                ("IsDefaultAuthorizationEndpoint", true.into()),
                ("Enabled", true.into()),
            ],
        );
        for (server, print, subject) in [
            ("EX01", PRINT, "CN=Microsoft Exchange Server Auth Certificate"),
            ("EX02", PRINT, "CN=Microsoft Exchange Server Auth Certificate"),
            ("EX01", "DB9D38E3B14437F0E0E6F3A4C9A67E2AE1D30001", "CN=mail.contoso.example"),
        ] {
            self.put(
                "Get-ExchangeCertificate",
                [
                    ("Thumbprint", print.into()),
                    ("Subject", subject.into()),
                    ("NotBefore", date(NOT_BEFORE)),
                    ("NotAfter", date(NOT_AFTER)),
                    ("HasPrivateKey", true.into()),
                    ("PublicKeySize", "2048".into()),
                    ("Status", "Valid".into()),
                    ("Services", "SMTP".into()),
                    ("Server", server.into()),
                ],
            );
        }
        self.put(
            "Get-IntraOrganizationConnector",
            [
                ("Name", "ExchangeHybridOnPremisesToOnline".into()),
                ("TargetAddressDomains", list(&["contoso.mail.onmicrosoft.com"])),
                ("DiscoveryEndpoint", "https://outlook.office365.com/autodiscover/autodiscover.svc".into()),
                ("Enabled", true.into()),
            ],
        );
        for (cmdlet, identity, url) in [
            (
                "Get-WebServicesVirtualDirectory",
                r"EX01\EWS (Default Web Site)",
                "https://mail.contoso.example/EWS/Exchange.asmx",
            ),
            ("Get-AutodiscoverVirtualDirectory", r"EX01\Autodiscover (Default Web Site)", ""),
        ] {
            self.put(
                cmdlet,
                [
                    ("Identity", identity.into()),
                    ("OAuthAuthentication", true.into()),
                    ("WSSecurityAuthentication", true.into()),
                    ("ExternalUrl", url.into()),
                ],
            );
        }
    }

    fn accounts(&mut self) {
        let partners = [
            ("Exchange Online", EXCHANGE, "contoso.example/Users/Exchange Online-ApplicationAccount"),
            ("SfBOnline", SKYPE, ACCOUNT),
            ("TeamsScheduler", SCHEDULER, "contoso.example/Users/TeamsScheduler"),
            ("CloudVoicemail", VOICEMAIL, ""),
        ];
        for (name, id, account) in partners {
            self.put(
                "Get-PartnerApplication",
                [
                    ("Enabled", true.into()),
                    ("ApplicationIdentifier", id.into()),
                    ("AuthMetadataUrl", Val::Nothing),
                    ("Realm", Val::Nothing),
                    ("UseAuthServer", true.into()),
                    ("LinkedAccount", if account.is_empty() { Val::Nothing } else { account.into() }),
                    ("Name", name.into()),
                ],
            );
        }
        for (name, address) in [
            ("SfBOnline-ApplicationAccount", "SfBOnline-ApplicationAccount"),
            ("TeamsScheduler", "TeamsScheduler-ApplicationAccount"),
        ] {
            self.put(
                "Get-MailUser",
                [
                    ("Name", name.into()),
                    ("Identity", format!("contoso.example/Users/{name}").as_str().into()),
                    ("ExternalEmailAddress", format!("SMTP:{address}@contoso.example").as_str().into()),
                    ("PrimarySmtpAddress", format!("{address}@contoso.example").as_str().into()),
                    ("HiddenFromAddressListsEnabled", true.into()),
                ],
            );
        }
        for (domain, default) in [("contoso.example", true), ("contoso.mail.onmicrosoft.com", false)] {
            self.put(
                "Get-AcceptedDomain",
                [
                    ("Name", domain.into()),
                    ("DomainName", domain.into()),
                    ("DomainType", "Authoritative".into()),
                    ("Default", default.into()),
                ],
            );
        }
        self.put(
            "Get-OrganizationConfig",
            [
                ("Name", "Contoso".into()),
                ("EwsEnabled", Val::Nothing),
                ("EwsApplicationAccessPolicy", Val::Nothing),
                ("EwsAllowList", Val::Nothing),
            ],
        );
        for (role, account) in [
            ("UserApplication", "SfBOnline-ApplicationAccount"),
            ("ArchiveApplication", "SfBOnline-ApplicationAccount"),
            ("TeamsSchedulerRole", "TeamsScheduler"),
        ] {
            self.put(
                "Get-ManagementRoleAssignment",
                [
                    ("Name", format!("{role}-{account}").as_str().into()),
                    ("Role", role.into()),
                    ("RoleAssigneeName", account.into()),
                    ("Enabled", true.into()),
                ],
            );
        }
    }

    fn cloud(&mut self) {
        let apps = [
            (EXCHANGE, "Office 365 Exchange Online"),
            (SKYPE, "Skype for Business Online"),
            (SCHEDULER, "Teams Calendar Scheduler Service"),
            (VOICEMAIL, "Cloud Voicemail"),
        ];
        for (app, name) in apps {
            let names: &[&str] = if app == EXCHANGE {
                &[EXCHANGE, "https://mail.contoso.example/", "https://autodiscover.contoso.example/"]
            } else {
                &[app]
            };
            self.put(
                "Get-MgServicePrincipal",
                [
                    ("AppId", app.into()),
                    ("DisplayName", name.into()),
                    ("AccountEnabled", true.into()),
                    ("KeyCredentials", Val::Keys(vec![key(&format!("{}-key", &app[..8]), DER, NOT_AFTER)])),
                    ("ServicePrincipalNames", list(names)),
                ],
            );
        }
    }

    fn put<const N: usize>(&mut self, cmdlet: &'static str, pairs: [(&str, Val); N]) {
        self.things.push((cmdlet, properties(pairs)));
    }

    /// One more object.
    pub fn add(mut self, cmdlet: &'static str, properties: Properties) -> Self {
        if !self.asked.contains(&cmdlet) {
            self.asked.push(cmdlet);
        }
        self.things.push((cmdlet, properties));
        self
    }

    /// Changes a property of the object that has `which` as a value; empty for the first object of the cmdlet.
    pub fn set(mut self, cmdlet: &str, which: &str, property: &str, value: impl Into<Val>) -> Self {
        let found = self.things.iter_mut().find(|(own, all)| *own == cmdlet && has(all, which));
        let (_, all) = found.unwrap_or_else(|| panic!("{cmdlet}: no {which}"));
        let value = value.into();
        match all.iter_mut().find(|(name, _)| name == property) {
            Some((_, slot)) => *slot = value,
            None => all.push((property.to_owned(), value)),
        }
        self
    }

    /// Takes away the objects that have `which` as a value.
    pub fn without(mut self, cmdlet: &str, which: &str) -> Self {
        let before = self.things.len();
        self.things.retain(|(own, all)| *own != cmdlet || !has(all, which));
        assert!(self.things.len() < before, "{cmdlet}: no {which}");
        self
    }

    /// The cmdlet printed its objects without this property.
    pub fn unshown(mut self, cmdlet: &str, property: &str) -> Self {
        for (_, all) in self.things.iter_mut().filter(|(own, _)| *own == cmdlet) {
            all.retain(|(name, _)| name != property);
        }
        self
    }

    /// The cmdlet was not asked.
    pub fn unasked(mut self, cmdlet: &str) -> Self {
        self.things.retain(|(own, _)| *own != cmdlet);
        self.asked.retain(|own| *own != cmdlet);
        self
    }

    /// As `provision collect` writes it.
    pub fn clixml(&self) -> String {
        let mut out = String::from(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\"><Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Specialized.OrderedDictionary</T></TN><DCT>",
        );
        for cmdlet in &self.asked {
            let _ = write!(out, "<En><S N=\"Key\">{cmdlet}</S><Obj N=\"Value\" RefId=\"1\"><LST>");
            for (_, all) in self.things.iter().filter(|(own, _)| own == cmdlet) {
                object(all, "", &mut out);
            }
            out.push_str("</LST></Obj></En>");
        }
        out.push_str("</DCT></Obj></Objs>");
        out
    }

    /// As `ConvertTo-Json -Depth 4` of PowerShell 7 writes it; bytes as numbers.
    pub fn json(&self) -> String {
        let mut all = serde_json::Map::new();
        for cmdlet in &self.asked {
            let own = self.things.iter().filter(|(own, _)| own == cmdlet);
            all.insert((*cmdlet).to_owned(), own.map(|(_, all)| json_object(all)).collect());
        }
        serde_json::Value::from(all).to_string()
    }

    /// What one cmdlet printed, as `Export-Csv -NoTypeInformation` writes it.
    pub fn csv(&self, cmdlet: &str, date: fn(&str) -> String) -> String {
        let all: Vec<&Properties> =
            self.things.iter().filter(|(own, _)| *own == cmdlet).map(|(_, all)| all).collect();
        let line = |cells: Vec<String>| {
            let quoted = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
            format!("{}\r\n", quoted.collect::<Vec<_>>().join(","))
        };
        let mut out = line(all[0].iter().map(|(name, _)| name.clone()).collect());
        for object in all {
            out += &line(object.iter().map(|(_, value)| cell(value, date)).collect());
        }
        out
    }

    /// As a shell prints it, dates in some culture, lists cut after four.
    pub fn format_list(&self, date: fn(&str) -> String) -> String {
        let mut out = String::new();
        for cmdlet in &self.asked {
            let _ = write!(out, "[PS] C:\\>{cmdlet} | Format-List *\n\n\n");
            for (_, all) in self.things.iter().filter(|(own, _)| own == cmdlet) {
                block(all, date, &mut out);
            }
        }
        for (cmdlet, all) in &self.things {
            let (Some((_, Val::Text(app))), Some((_, Val::Keys(keys)))) =
                (named(all, "AppId"), named(all, "KeyCredentials"))
            else {
                continue;
            };
            let _ = write!(
                out,
                "PS C:\\> ({cmdlet} -Filter \"AppId eq '{app}'\" -Property keyCredentials).KeyCredentials | Format-List *\n\n"
            );
            keys.iter().for_each(|key| block(key, date, &mut out));
        }
        out
    }

    /// The same from its first prompt to the prompt behind it, of all service principals.
    pub fn pasted(&self, date: fn(&str) -> String) -> String {
        let text = self.format_list(date).replace("Principal | Format", "Principal -All | Format");
        text + "PS C:\\> \n"
    }

    /// As a wide console shows tables, `-AutoSize`: what each cmdlet gave with all its properties, and the keys.
    pub fn tables(&self, date: fn(&str) -> String) -> String {
        let mut out = String::new();
        for cmdlet in &self.asked {
            let _ = write!(out, "[PS] C:\\>{cmdlet}{} | Format-Table * -AutoSize\n\n", all_of(cmdlet));
            let all: Vec<&Properties> =
                self.things.iter().filter(|(own, _)| own == cmdlet).map(|(_, all)| all).collect();
            table(&all, date, &mut out);
        }
        for (cmdlet, all) in &self.things {
            let (Some((_, Val::Text(app))), Some((_, Val::Keys(keys)))) =
                (named(all, "AppId"), named(all, "KeyCredentials"))
            else {
                continue;
            };
            let _ = write!(
                out,
                "PS C:\\> ({cmdlet} -Filter \"AppId eq '{app}'\" -Property keyCredentials).KeyCredentials | ft * -a\n\n"
            );
            table(&keys.iter().collect::<Vec<_>>(), date, &mut out);
        }
        out + "PS C:\\> \n"
    }
}

/// Microsoft Graph gives a first page unless asked for all.
fn all_of(cmdlet: &str) -> &'static str {
    if cmdlet == "Get-MgServicePrincipal" { " -All" } else { "" }
}

fn table(all: &[&Properties], date: fn(&str) -> String, out: &mut String) {
    let mut columns: Vec<&str> = Vec::new();
    for (name, _) in all.iter().flat_map(|one| one.iter()) {
        if !columns.contains(&name.as_str()) {
            columns.push(name);
        }
    }
    let flag = |name: &str| {
        all.iter().any(|one| named(one, name).is_some_and(|(_, value)| matches!(value, Val::Bool(_))))
    };
    let shown = |one: &Properties, name: &str| {
        named(one, name).map_or_else(String::new, |(_, value)| printed(value, date))
    };
    let widths: Vec<usize> = columns
        .iter()
        .map(|name| {
            all.iter().map(|one| shown(one, name).len()).chain([name.len()]).max().unwrap_or_default()
        })
        .collect();
    let mut line = |cells: Vec<String>| {
        let padded = cells.iter().zip(&columns).zip(&widths).map(|((cell, name), width)| {
            if flag(name) { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
        });
        let _ = writeln!(out, "{}", padded.collect::<Vec<_>>().join(" "));
    };
    if all.is_empty() {
        return;
    }
    line(columns.iter().map(|name| (*name).to_owned()).collect());
    line(columns.iter().map(|name| "-".repeat(name.len())).collect());
    all.iter().for_each(|one| line(columns.iter().map(|name| shown(one, name)).collect()));
    out.push_str("\n\n");
}

fn named<'a>(all: &'a Properties, name: &str) -> Option<&'a (String, Val)> {
    all.iter().find(|(own, _)| own == name)
}

fn has(all: &Properties, which: &str) -> bool {
    which.is_empty() || all.iter().any(|(_, value)| matches!(value, Val::Text(text) if text == which))
}

fn json_object(all: &Properties) -> serde_json::Value {
    use base64::Engine as _;
    let value = |value: &Val| match value {
        Val::Nothing => serde_json::Value::Null,
        Val::Text(text) | Val::Date(text) => text.as_str().into(),
        Val::Bool(value) => (*value).into(),
        Val::List(texts) => texts.clone().into(),
        Val::Bytes(text) => base64::engine::general_purpose::STANDARD.decode(text).unwrap().into(),
        Val::Keys(keys) => keys.iter().map(json_object).collect(),
    };
    let members = all.iter().map(|(name, own)| (name.clone(), value(own)));
    members.collect::<serde_json::Map<_, _>>().into()
}

/// Lists and bytes are lost: the name of their type is what is exported.
fn cell(value: &Val, date: fn(&str) -> String) -> String {
    match value {
        Val::Nothing => String::new(),
        Val::Text(text) => text.clone(),
        Val::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Val::Date(text) => date(text),
        Val::List(_) => "Microsoft.Exchange.Data.MultiValuedProperty`1[System.String]".to_owned(),
        Val::Bytes(_) | Val::Keys(_) => "System.Byte[]".to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn object(all: &Properties, name: &str, out: &mut String) {
    let _ = write!(out, "<Obj{name} RefId=\"9\"><MS>");
    for (name, value) in all {
        let _ = match value {
            Val::Nothing => write!(out, "<Nil N=\"{name}\" />"),
            Val::Text(text) => write!(out, "<S N=\"{name}\">{}</S>", escaped(text)),
            Val::Bool(value) => write!(out, "<B N=\"{name}\">{value}</B>"),
            Val::Date(text) => write!(out, "<DT N=\"{name}\">{text}</DT>"),
            Val::Bytes(text) => write!(out, "<BA N=\"{name}\">{text}</BA>"),
            Val::List(texts) => {
                let items: String = texts.iter().map(|text| format!("<S>{}</S>", escaped(text))).collect();
                write!(out, "<Obj N=\"{name}\" RefId=\"8\"><LST>{items}</LST></Obj>")
            }
            Val::Keys(keys) => {
                let _ = write!(out, "<Obj N=\"{name}\" RefId=\"7\"><LST>");
                keys.iter().for_each(|key| object(key, "", out));
                write!(out, "</LST></Obj>")
            }
        };
    }
    out.push_str("</MS></Obj>");
}

/// A value as the console shows it, lists cut after four.
fn printed(value: &Val, date: fn(&str) -> String) -> String {
    match value {
        Val::Nothing => String::new(),
        Val::Text(text) => text.clone(),
        Val::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Val::Date(text) => date(text),
        Val::Bytes(_) => "{48, 130, 2, 220...}".to_owned(),
        Val::Keys(keys) => {
            format!(
                "{{{}}}",
                vec!["Microsoft.Graph.PowerShell.Models.MicrosoftGraphKeyCredential"; keys.len().min(4)]
                    .join(", ")
            )
        }
        Val::List(texts) => {
            let cut = if texts.len() > 4 { "..." } else { "" };
            format!("{{{}{cut}}}", texts[..texts.len().min(4)].join(", "))
        }
    }
}

fn block(all: &Properties, date: fn(&str) -> String, out: &mut String) {
    let width = all.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, value) in all {
        let text = printed(value, date);
        // Wrapped at the console's width, in the middle of words.
        let letters: Vec<char> = text.chars().collect();
        let lines: Vec<String> = letters.chunks(90).map(|part| part.iter().collect()).collect();
        let indent = format!("\n{}", " ".repeat(width + 3));
        let _ = writeln!(out, "{name:<width$} : {}", lines.join(&indent));
    }
    out.push_str("\n\n");
}

/// en-US: `6/9/2029 10:00:00 AM`
pub fn american(iso: &str) -> String {
    let (y, m, d, h, rest) = parts(iso);
    let (half, h) = if h >= 12 { ("PM", (h + 11) % 12 + 1) } else { ("AM", if h == 0 { 12 } else { h }) };
    format!("{m}/{d}/{y} {h}:{rest} {half}")
}

/// de-DE: `09.06.2029 10:00:00`
pub fn german(iso: &str) -> String {
    let (y, m, d, h, rest) = parts(iso);
    format!("{d:02}.{m:02}.{y} {h:02}:{rest}")
}

/// fr-FR, es-ES: `09/06/2029 10:00:00`
pub fn french(iso: &str) -> String {
    let (y, m, d, h, rest) = parts(iso);
    format!("{d:02}/{m:02}/{y} {h:02}:{rest}")
}

/// sv-SE: `2029-06-09 10:00:00`
pub fn swedish(iso: &str) -> String {
    let (y, m, d, h, rest) = parts(iso);
    format!("{y}-{m:02}-{d:02} {h:02}:{rest}")
}

fn parts(iso: &str) -> (u32, u32, u32, u32, &str) {
    let number = |from: usize, to: usize| iso[from..to].parse().unwrap();
    (number(0, 4), number(5, 7), number(8, 10), number(11, 13), &iso[14..19])
}

/// The id of a dedicated hybrid application.
pub const HYBRID: &str = "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb";

/// The setting override that switches the dedicated hybrid application on.
pub fn hybrid_on() -> Properties {
    properties([
        ("Name", "EnableExchangeHybrid3PAppFeature".into()),
        ("ComponentName", "Global".into()),
        ("SectionName", "ExchangeOnpremAsThirdPartyAppId".into()),
        ("Parameters", list(&["Enabled=true"])),
    ])
}
