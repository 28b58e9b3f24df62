//! Takes a profile and a deployment, gives numbered scripts and their README.

use std::fmt::Write as _;

use askama::Template;

use super::deployment::{Cloud, Deployment};
use super::powershell::Literal;
use super::profile::Profile;

const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
const SCHEDULER: &str = "7557eb47-c689-4224-abcf-aef9bd7573df";
const VOICEMAIL: &str = "db7de2b5-2149-435e-8043-e080dd50afae";

/// Where a script runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shell {
    /// On an Exchange server.
    ExchangeManagementShell,
    /// Connected to Exchange Online.
    ExchangeOnline,
    /// Microsoft Graph PowerShell.
    Graph,
    /// The retired Azure AD module.
    MsOnline,
}

impl Shell {
    /// For people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExchangeManagementShell => "Exchange Management Shell (on an Exchange server)",
            Self::ExchangeOnline => "Exchange Online PowerShell (Connect-ExchangeOnline first)",
            Self::Graph => "Windows PowerShell with the module Microsoft.Graph.Applications",
            Self::MsOnline => "Windows PowerShell with the retired module MSOnline",
        }
    }

    /// The PowerShell that it needs: Exchange Server 2013 runs where 3.0 is the newest.
    const fn version(self) -> &'static str {
        match self {
            Self::ExchangeManagementShell | Self::MsOnline => "3.0",
            Self::ExchangeOnline | Self::Graph => "5.1",
        }
    }

    /// What the account needs that runs it.
    pub const fn permissions(self) -> &'static str {
        match self {
            Self::ExchangeManagementShell => "member of Organization Management on premises",
            Self::ExchangeOnline => "Exchange administrator of the tenant",
            Self::Graph => "Application administrator of the tenant (scope Application.ReadWrite.All)",
            Self::MsOnline => "Global administrator of the tenant",
        }
    }
}

/// One script of a procedure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// File name: a number, then what it does.
    pub file: String,
    /// The step of Microsoft's page that it belongs to.
    pub step: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// Where it runs.
    pub shell: Shell,
    /// Its text.
    pub text: String,
    /// The text without the common head, for the single script.
    body: String,
}

/// Scripts of a procedure in the order they run, the two that are not part of it (rollback, rollover) last.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scripts {
    /// The profile.
    pub profile: Profile,
    /// The scripts.
    pub scripts: Vec<Script>,
    /// Markdown that goes with them.
    pub readme: String,
}

impl Scripts {
    /// Everything as one script: a function for each step, run by `-Step 20`, because the steps run in different
    /// shells. Without `-Step` it lists them.
    ///
    /// # Errors
    /// Only when a template fails to render, which does not depend on values.
    pub fn single(&self) -> Result<String, askama::Error> {
        let head = Head {
            title: "All steps as functions: run one with -Step NUMBER, without it they are listed",
            step: "all",
            profile: self.profile.name(),
            shell: "see the list",
            permissions: "see the list",
            version: "3.0",
        }
        .render()?
        .replace("param()", "param([string]$Step)");
        let mut text = format!("{}\n", head.trim_end());
        let mut table = String::new();
        for script in &self.scripts {
            let (number, name) =
                script.file.trim_end_matches(".ps1").split_once('-').unwrap_or((&script.file, ""));
            let name = format!("Invoke-{}", name.replace('-', ""));
            let _ = write!(
                text,
                "\n# {number}: {}. Runs in: {}. Who: {}.\nfunction {name} {{\n    [CmdletBinding(SupportsShouldProcess = $true)]\n    param()\n",
                script.title,
                script.shell.name(),
                script.shell.permissions()
            );
            for line in script.body.lines() {
                let _ = writeln!(text, "{}{line}", if line.is_empty() { "" } else { "    " });
            }
            text.push_str("}\n");
            let _ = writeln!(table, "    '{number}' {{ {name} -WhatIf:$WhatIfPreference }}");
        }
        text.push_str("\nswitch ($Step) {\n");
        text.push_str(&table);
        text.push_str("    default {\n");
        for script in &self.scripts {
            let _ = writeln!(
                text,
                "        Write-Host {}",
                Literal::new(format!("{}  {} [{}]", &script.file[..2], script.title, script.shell.name()))
            );
        }
        text.push_str("    }\n}\n");
        for line in self.readme.lines() {
            let _ = writeln!(text, "# {line}");
        }
        Ok(text)
    }
}

/// A partner application as a script makes it.
struct Application {
    comment: &'static str,
    id: Literal,
    name: Literal,
    account: Literal,
    /// The number of the script that makes the account.
    account_script: &'static str,
    linked: bool,
}

/// All values that templates use; every one is a literal.
struct Values {
    tenant: Literal,
    verified_domain: Literal,
    coexistence_domain: Literal,
    coexistence_pattern: Literal,
    domain_controller: Literal,
    acs_metadata: Literal,
    evo_metadata: Literal,
    acs_issuer: Literal,
    online_autodiscover: Literal,
    on_premises_autodiscover: Literal,
    environment: Literal,
    exchange: Literal,
    service_name: Literal,
    service_names: Vec<Literal>,
    host_urls: Vec<Literal>,
    account: Literal,
    account_address: Literal,
    accounts: Vec<Literal>,
    roles: Vec<Literal>,
    /// Roles that the procedure makes.
    made_roles: Vec<Literal>,
    scheduler: bool,
    applications: Vec<Application>,
}

#[derive(Template)]
#[template(path = "provision/_head.ps1", escape = "none")]
struct Head {
    title: &'static str,
    step: &'static str,
    profile: &'static str,
    shell: &'static str,
    permissions: &'static str,
    version: &'static str,
}

macro_rules! templates {
    ($($name:ident $path:literal)*) => {$(
        #[derive(Template)]
        #[template(path = $path, escape = "none")]
        struct $name<'a> {
            head: &'a str,
            #[allow(dead_code, reason = "two templates need no value")]
            v: &'a Values,
        }
    )*};
}

templates! {
    AuthServers "provision/auth-servers.ps1"
    ExchangePartner "provision/exchange-partner.ps1"
    ExportCertificate "provision/export-certificate.ps1"
    UploadMsol "provision/upload-msol.ps1"
    UploadGraph "provision/upload-graph.ps1"
    RegisterMsol "provision/register-msol.ps1"
    RegisterGraph "provision/register-graph.ps1"
    ConnectorOnPremises "provision/connector-on-premises.ps1"
    ConnectorOnline "provision/connector-online.ps1"
    Account "provision/account.ps1"
    Partner "provision/partner.ps1"
    VerifyMsol "provision/verify-msol.ps1"
    VerifyGraph "provision/verify-graph.ps1"
    Rollback "provision/rollback.ps1"
    RolloverPrepare "provision/rollover-prepare.ps1"
    RolloverPublish "provision/rollover-publish.ps1"
}

/// Writes the scripts of `profile` for `deployment`.
///
/// # Errors
/// Only when a template fails to render, which does not depend on values.
pub fn write(profile: Profile, deployment: &Deployment) -> Result<Scripts, askama::Error> {
    let mut writer = Writer { profile, scripts: Vec::new() };
    let ps = Shell::ExchangeManagementShell;
    let cloud = if profile.uses_msonline() { Shell::MsOnline } else { Shell::Graph };
    let v = &values(profile, deployment);
    let exchange = &Values {
        service_name: literal(EXCHANGE),
        service_names: vec![literal(EXCHANGE)],
        ..values(profile, deployment)
    };

    macro_rules! add {
        ($file:literal, $step:literal, $title:literal, $shell:expr, $template:ident, $values:expr) => {
            writer.add($file, $step, $title, $shell, |head| $template { head, v: $values }.render())?
        };
    }
    add!("11-AuthServers.ps1", "1", "Trust the token services of the cloud", ps, AuthServers, v);
    add!(
        "12-ExchangeOnlinePartner.ps1",
        "1",
        "Enable the partner application of Exchange Online",
        ps,
        ExchangePartner,
        v
    );
    add!("13-ExportAuthCert.ps1", "1", "Export the auth certificate", ps, ExportCertificate, v);
    if profile.uses_msonline() {
        add!(
            "14-UploadAuthCert-Exchange.ps1",
            "1",
            "Upload the certificate to the Exchange principal",
            cloud,
            UploadMsol,
            exchange
        );
        add!("15-RegisterEndpoints.ps1", "1", "Register the host names of Exchange", cloud, RegisterMsol, v);
    } else {
        add!(
            "14-UploadAuthCert-Exchange.ps1",
            "1",
            "Upload the certificate to the Exchange principal",
            cloud,
            UploadGraph,
            exchange
        );
        add!("15-RegisterEndpoints.ps1", "1", "Register the host names of Exchange", cloud, RegisterGraph, v);
    }
    add!("16-ConnectorToOnline.ps1", "1", "Connect on-premises to online", ps, ConnectorOnPremises, v);
    add!(
        "17-ConnectorToOnPremises.ps1",
        "1",
        "Connect online to on-premises",
        Shell::ExchangeOnline,
        ConnectorOnline,
        v
    );
    add!(
        "20-ApplicationAccount.ps1",
        "2",
        "Create the mail user that the application acts as",
        ps,
        Account,
        v
    );
    if profile == Profile::Teams2025 {
        let scheduler = &Values {
            account: literal("TeamsScheduler"),
            account_address: literal(format!(
                "TeamsScheduler-ApplicationAccount@{}",
                deployment.verified_domain
            )),
            roles: vec![literal("TeamsSchedulerRole")],
            scheduler: true,
            ..values(profile, deployment)
        };
        add!(
            "21-TeamsSchedulerAccount.ps1",
            "2",
            "Create the mail user of the Teams scheduler (unconfirmed)",
            ps,
            Account,
            scheduler
        );
    }
    add!("30-PartnerApplication.ps1", "3", "Create and enable the partner applications", ps, Partner, v);
    add!("40-ExportAuthCert.ps1", "4", "Export the auth certificate", ps, ExportCertificate, v);
    if profile.uses_msonline() {
        add!(
            "50-UploadAuthCert.ps1",
            "5",
            "Upload the certificate to the Skype for Business principal",
            cloud,
            UploadMsol,
            v
        );
        add!("60-Verify.ps1", "6", "Verify that the certificate was uploaded", cloud, VerifyMsol, v);
    } else {
        add!(
            "50-UploadAuthCert.ps1",
            "5",
            "Upload the certificate to the principals of the applications",
            cloud,
            UploadGraph,
            v
        );
        add!("60-Verify.ps1", "6", "Verify that the certificate was uploaded", cloud, VerifyGraph, v);
    }
    add!(
        "80-RolloverPrepare.ps1",
        "later",
        "Rollover of the auth certificate: make and export the next one",
        ps,
        RolloverPrepare,
        v
    );
    add!(
        "81-RolloverPublish.ps1",
        "later",
        "Rollover of the auth certificate: publish the next one, after its upload",
        ps,
        RolloverPublish,
        v
    );
    add!("90-Rollback.ps1", "undo", "Take back steps 2 and 3", ps, Rollback, v);
    let readme = readme(profile, deployment, &writer.scripts);
    Ok(Scripts { profile, scripts: writer.scripts, readme })
}

struct Writer {
    profile: Profile,
    scripts: Vec<Script>,
}

impl Writer {
    fn add(
        &mut self,
        file: &str,
        step: &'static str,
        title: &'static str,
        shell: Shell,
        body: impl FnOnce(&str) -> Result<String, askama::Error>,
    ) -> Result<(), askama::Error> {
        let head = Head {
            title,
            step,
            profile: self.profile.name(),
            shell: shell.name(),
            permissions: shell.permissions(),
            version: shell.version(),
        }
        .render()?;
        let text = body(head.trim_end())?;
        let body = text.strip_prefix(head.trim_end()).unwrap_or(&text).trim().to_owned();
        self.scripts.push(Script {
            file: file.to_owned(),
            step,
            title,
            shell,
            text: format!(
                "{}
",
                text.trim_end()
            ),
            body,
        });
        Ok(())
    }
}

fn literal(text: impl Into<String>) -> Literal {
    Literal::new(text)
}

fn values(profile: Profile, deployment: &Deployment) -> Values {
    let cloud = deployment.cloud;
    let domain = &deployment.verified_domain;
    let account = "SfBOnline-ApplicationAccount";
    let coexistence = format!("{}.{}", domain.split('.').next().unwrap_or_default(), cloud.online_suffix());
    let first_host = deployment.hosts.first().cloned().unwrap_or_else(|| format!("autodiscover.{domain}"));
    let autodiscover =
        deployment.hosts.iter().find(|host| host.starts_with("autodiscover.")).cloned().unwrap_or(first_host);
    let mut applications = vec![Application {
        comment: "Skype for Business Online",
        id: literal(SKYPE),
        name: literal("SfBOnline"),
        account: literal(account),
        account_script: "20",
        linked: true,
    }];
    let mut accounts = vec![literal(account)];
    let mut service_names = vec![literal(SKYPE)];
    let mut made_roles = Vec::new();
    if profile == Profile::Teams2025 {
        applications.push(Application {
            comment: "Teams scheduler (unconfirmed)",
            id: literal(SCHEDULER),
            name: literal("TeamsScheduler"),
            account: literal("TeamsScheduler"),
            account_script: "21",
            linked: true,
        });
        applications.push(Application {
            comment: "Cloud Voicemail: no linked account (unconfirmed)",
            id: literal(VOICEMAIL),
            name: literal("CloudVoicemail"),
            account: literal(""),
            account_script: "",
            linked: false,
        });
        accounts.push(literal("TeamsScheduler"));
        made_roles.push(literal("TeamsSchedulerRole"));
        service_names = [VOICEMAIL, SCHEDULER, SKYPE].map(literal).into();
    }
    Values {
        tenant: literal(&deployment.tenant),
        verified_domain: literal(domain),
        acs_metadata: literal(format!("https://{}/{}/metadata/json/1", cloud.acs_host(), deployment.tenant)),
        evo_metadata: literal(format!(
            "https://{}/{}/federationmetadata/2007-06/federationmetadata.xml",
            cloud.sign_in_host(),
            domain
        )),
        coexistence_domain: literal(coexistence),
        coexistence_pattern: literal(format!("*.{}", cloud.online_suffix())),
        domain_controller: literal(&deployment.domain_controller),
        acs_issuer: literal(cloud.acs_issuer()),
        online_autodiscover: literal(format!(
            "https://{}/autodiscover/autodiscover.svc",
            cloud.online_host()
        )),
        on_premises_autodiscover: literal(format!("https://{autodiscover}/autodiscover/autodiscover.svc")),
        environment: literal(cloud.graph_environment()),
        exchange: literal(EXCHANGE),
        service_name: literal(SKYPE),
        service_names,
        host_urls: deployment.hosts.iter().map(|host| literal(format!("https://{host}/"))).collect(),
        account: literal(account),
        account_address: literal(format!("{account}@{domain}")),
        accounts,
        roles: ["UserApplication", "ArchiveApplication"].map(literal).into(),
        made_roles,
        scheduler: false,
        applications,
    }
}

fn readme(profile: Profile, deployment: &Deployment, scripts: &[Script]) -> String {
    let mut text = format!(
        "# OAuth between Exchange Server and Skype for Business Online / Teams\n\nProfile `{}`, tenant {}, domain {}, cloud {}.\nApplies to Exchange Server 2013, 2016, 2019 and Subscription Edition.\n\nRun the scripts in the order of their numbers. Each looks before it changes anything, stops at the first error and\nsupports `-WhatIf`. No password, key or token is in them.\n\n",
        profile.name(),
        deployment.tenant,
        deployment.verified_domain,
        deployment.cloud
    );
    for remark in profile.remarks() {
        let _ = writeln!(text, "- {remark}");
    }
    if deployment.cloud == Cloud::UsGov {
        text.push_str("- Unconfirmed: the hosts are those of GCC High. For DoD, outlook.office365.us becomes outlook-dod.office365.us, and `-Environment 'USGov'` becomes `-Environment 'USGovDoD'`.\n");
    }
    if !deployment.cloud.confirmed() {
        let _ = writeln!(
            text,
            "- Unconfirmed: the endpoints of this cloud come from single sources; compare them with the operator's documentation."
        );
    }
    text.push_str("\n| script | step | what it does | where it runs | who may run it |\n| --- | --- | --- | --- | --- |\n");
    for script in scripts {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} |",
            script.file,
            script.step,
            script.title,
            script.shell.name(),
            script.shell.permissions()
        );
    }
    text.push_str("\nThe connector takes the coexistence domain from the accepted domains; where none is of its kind, it is derived from the\nverified domain, and the script says so: correct it where yours differs. Afterwards change a voicemail greeting, look at the Conversation History folder, and look for archived chats in\nPurges. `oauthtrace verify` judges the traffic, `oauthtrace provision check` the state that the scripts left.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::super::powershell::read_literal;
    use super::*;
    use proptest::prelude::*;

    fn deployment() -> Deployment {
        Deployment {
            tenant: "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11".into(),
            verified_domain: "contoso.example".into(),
            domain_controller: "dc1.corp.contoso.example".into(),
            hosts: vec!["mail.contoso.example".into(), "autodiscover.contoso.example".into()],
            cloud: Cloud::Worldwide,
        }
    }

    fn all(profile: Profile) -> String {
        write(profile, &deployment()).unwrap().scripts.into_iter().map(|script| script.text).collect()
    }

    #[test]
    fn sfbo_2022_has_every_cmdlet_parameter_and_value_of_the_page() {
        let text = all(Profile::Sfbo2022);
        for part in [
            "New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress 'SfBOnline-ApplicationAccount@contoso.example' -DomainController",
            "Set-MailUser -Identity $user.Identity -HiddenFromAddressListsEnabled $True -DomainController",
            "New-ManagementRoleAssignment -Role UserApplication -User $user.Identity -DomainController",
            "New-ManagementRoleAssignment -Role ArchiveApplication -User $user.Identity -DomainController",
            "New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity",
            "(Get-AuthConfig).CurrentCertificateThumbprint",
            "Cert:\\LocalMachine\\My",
            "[System.Security.Cryptography.X509Certificates.X509ContentType]::Cert",
            "\"$env:SYSTEMDRIVE\\OAuthConfig\\OAuthCert.cer\"",
            "[System.IO.File]::WriteAllBytes($CertFile, $certBytes)",
            "Connect-MsolService",
            "Import-Module MSOnline",
            "New-Object -ComObject Scripting.FileSystemObject",
            "$objFSO.GetAbsolutePathName($CertFile)",
            "New-Object System.Security.Cryptography.X509Certificates.X509Certificate\n",
            "$cer.Import($CertFile)",
            "$cer.GetRawCertData()",
            "[System.Convert]::ToBase64String($binCert)",
            "$ServiceName = '00000004-0000-0ff1-ce00-000000000000'",
            "Get-MsolServicePrincipal -ServicePrincipalName $ServiceName",
            "New-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue",
            "Get-MsolServicePrincipalCredential -AppPrincipalId 00000004-0000-0ff1-ce00-000000000000",
        ] {
            assert!(text.contains(part), "missing: {part}");
        }
        assert!(!text.contains("-match"), "an empty thumbprint would match every certificate");
    }

    #[test]
    fn the_graph_profiles_use_no_retired_module_and_resend_existing_keys() {
        for profile in [Profile::Sfbo2022Graph, Profile::Teams2025] {
            let text = all(profile);
            assert!(!text.contains("Msol") && !text.contains("MSOnline"));
            assert!(text.contains("ForEach-Object { @{ key = $_.Key; type = $_.Type; usage = $_.Usage } }"));
            assert!(text.contains("type = 'AsymmetricX509Cert'; usage = 'Verify'"));
        }
    }

    #[test]
    fn teams_2025_adds_both_applications_and_marks_what_is_unconfirmed() {
        let scripts = write(Profile::Teams2025, &deployment()).unwrap();
        let text: String = scripts.scripts.iter().map(|script| script.text.as_str()).collect();
        for part in [SCHEDULER, VOICEMAIL, SKYPE, "TeamsSchedulerRole", "GetDelegate", "unconfirmed"] {
            assert!(text.contains(part), "missing: {part}");
        }
        assert!(!text.contains(" -ApplicationAccount "), "the stray switch of the page");
        assert!(scripts.readme.contains("Unconfirmed"));
    }

    #[test]
    fn partners_name_the_script_that_makes_their_account() {
        let partners = |profile| {
            let all = write(profile, &deployment()).unwrap().scripts;
            let names: Vec<&str> = all.iter().map(|script| script.file.as_str()).collect();
            let text = &all.iter().find(|script| script.file.starts_with("30-")).unwrap().text;
            let told = |account: &str, number: &str| {
                assert!(names.iter().any(|name| name.starts_with(&format!("{number}-"))), "{number}");
                text.contains(&format!("no mail user {account}: run script {number} first"))
                    && text.contains(&format!("missing: mail user {account}, which script {number} creates"))
            };
            assert!(told("SfBOnline-ApplicationAccount", "20"));
            text.contains("script 21") && told("TeamsScheduler", "21")
        };
        assert!(partners(Profile::Teams2025));
        assert!(!partners(Profile::Sfbo2022Graph));
    }

    #[test]
    fn an_application_that_is_enabled_already_is_looked_at_first() {
        let text = all(Profile::Teams2025);
        let sorted = "| Sort-Object -Property { -not $_.Enabled })";
        assert_eq!(text.matches(sorted).count(), 3, "else a second one is switched on");
        assert!(!text.contains(").KeyCredentials"), "what the tenant lacks has no properties");
    }

    #[test]
    fn every_script_is_strict_and_supports_what_if() {
        for profile in Profile::ALL {
            for script in write(profile, &deployment()).unwrap().scripts {
                assert!(script.text.contains("$ErrorActionPreference = 'Stop'"), "{}", script.file);
                assert!(script.text.contains("SupportsShouldProcess = $true"), "{}", script.file);
                // A value of the organisation that somebody may have typed over is looked at before it is used.
                let values = ["contoso", "5e3a1c52"].iter().any(|value| script.text.contains(value));
                assert!(!values || script.text.matches("Assert-Value").count() > 1, "{}", script.file);
                assert!(!script.text.contains("{{") && !script.text.contains("{%"), "{}", script.file);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn hostile_values_stay_single_literals(evil in r#"['"`$(){};&|\n\r<>’‘a-z ]{1,24}"#) {
            let mut hostile = deployment();
            hostile.verified_domain.clone_from(&evil);
            hostile.domain_controller.clone_from(&evil);
            hostile.tenant.clone_from(&evil);
            hostile.hosts = vec![evil.clone()];
            for script in write(Profile::Teams2025, &hostile).unwrap().scripts {
                let literal = Literal::new(evil.clone()).to_string();
                // With every literal that holds the value taken out, no trace of it is left.
                let mut rest = script.text.as_str();
                let mut outside = String::new();
                while let Some(at) = rest.find('\'') {
                    outside.push_str(&rest[..at]);
                    match read_literal(&rest[at..]) {
                        Some((_, after)) => rest = after,
                        None => break,
                    }
                }
                outside.push_str(rest);
                prop_assert!(evil.trim().len() < 6 || !outside.contains(&evil), "{}: {literal}", script.file);
            }
        }
    }
}
