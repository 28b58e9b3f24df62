//! The generated scripts parse in PowerShell's grammar, as tree-sitter-powershell has it.

/// The scripts against Microsoft's page.
#[path = "scripts/page.rs"]
mod page;

use oauthtrace::provision::deployment::{Cloud, Deployment};
use oauthtrace::provision::profile::Profile;
use oauthtrace::provision::script;
use tree_sitter::{Node, Parser};

fn faults(node: Node<'_>, text: &str, found: &mut Vec<String>) {
    if node.is_error() || node.is_missing() {
        let line = node.start_position().row;
        found.push(format!("line {}: {}", line + 1, text.lines().nth(line).unwrap_or_default()));
        return;
    }
    for index in 0..node.child_count() {
        if let Some(child) = node.child(index) {
            faults(child, text, found);
        }
    }
}

fn parse(text: &str) -> Vec<String> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let mut found = Vec::new();
    faults(tree.root_node(), text, &mut found);
    found
}

#[test]
fn the_grammar_finds_a_broken_script() {
    assert!(!parse("if ($a -eq 'x { Write-Host }").is_empty());
}

#[test]
fn every_script_of_every_profile_and_cloud_parses() {
    let mut count = 0;
    for profile in Profile::ALL {
        for cloud in [Cloud::Worldwide, Cloud::UsGov, Cloud::China] {
            let deployment = Deployment {
                tenant: "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11".into(),
                verified_domain: "o'brien.example".into(),
                domain_controller: "dc1.corp.contoso.example".into(),
                hosts: vec!["mail.contoso.example".into(), "it's.contoso.example".into()],
                cloud,
            };
            let scripts = script::write(profile, &deployment).unwrap();
            assert_eq!(parse(&scripts.single().unwrap()), [""; 0], "the single script of {}", profile.name());
            for script in scripts.scripts {
                assert_eq!(parse(&script.text), [""; 0], "{} of {}", script.file, profile.name());
                count += 1;
            }
        }
    }
    assert!(count > 100, "only {count} scripts");
}

fn deployment(cloud: Cloud, hosts: &[&str]) -> Deployment {
    Deployment {
        tenant: "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11".into(),
        verified_domain: "contoso.example".into(),
        domain_controller: "dc1.corp.contoso.example".into(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        cloud,
    }
}

/// Microsoft Learn, "Configure OAuth between Skype for Business Online and Exchange on-premises", text of June 2025.
#[test]
fn the_page_of_2025_makes_two_more_applications_and_uploads_to_three_principals() {
    const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
    const SCHEDULER: &str = "7557eb47-c689-4224-abcf-aef9bd7573df";
    const VOICEMAIL: &str = "db7de2b5-2149-435e-8043-e080dd50afae";
    const EXCHANGE: &str = "00000002-0000-0ff1-ce00-000000000000";
    let hosts = ["mail.contoso.example", "autodiscover.contoso.example"];
    let scripts = |profile| script::write(profile, &deployment(Cloud::Worldwide, &hosts)).unwrap().scripts;
    let text = |profile, number: &str| {
        let all = scripts(profile);
        all.into_iter().find(|one| one.file.starts_with(number)).map(|one| one.text).unwrap_or_default()
    };
    let page = Profile::Teams2025;
    let account = text(page, "21-");
    for part in [
        "New-MailUser -Name TeamsScheduler -ExternalEmailAddress 'TeamsScheduler-ApplicationAccount@contoso.example'",
        "New-ManagementRole -Name $RoleName -Parent UserApplication",
        "GetDelegate",
        "TeamsSchedulerRole",
    ] {
        assert!(account.contains(part), "{part}: {account}");
    }
    assert!(!account.contains("ArchiveApplication"), "one role, and no wider one");
    let partners = text(page, "30-");
    let made: Vec<&str> =
        partners.lines().filter(|line| line.contains("New-PartnerApplication -Name")).collect();
    let [skype, scheduler, voicemail] = &made[..] else { panic!("{made:?}") };
    for (line, name, id, linked) in [
        (skype, "SfBOnline", SKYPE, true),
        (scheduler, "TeamsScheduler", SCHEDULER, true),
        (voicemail, "CloudVoicemail", VOICEMAIL, false),
    ] {
        assert!(line.contains(&format!("-Name {name} -ApplicationIdentifier {id} -Enabled $True")), "{line}");
        assert_eq!(line.contains("-LinkedAccount"), linked, "{line}");
    }
    let uploads = |profile, number: &str| {
        let text = text(profile, number);
        [EXCHANGE, SKYPE, SCHEDULER, VOICEMAIL].map(|id| text.contains(id))
    };
    assert_eq!(uploads(page, "50-"), [false, true, true, true]);
    assert_eq!(uploads(page, "14-"), [true, false, false, false]);
    let undo = text(page, "90-");
    for part in [
        SKYPE,
        SCHEDULER,
        VOICEMAIL,
        "'SfBOnline-ApplicationAccount'",
        "'TeamsScheduler'",
        "'TeamsSchedulerRole'",
    ] {
        assert!(undo.contains(part), "{part}: {undo}");
    }
    for older in [Profile::Sfbo2022, Profile::Sfbo2022Graph] {
        assert_eq!(text(older, "21-"), "");
        assert_eq!(uploads(older, "50-"), [false, true, false, false]);
        assert_eq!(uploads(older, "14-"), [true, false, false, false]);
        assert_eq!(text(older, "30-").matches("New-PartnerApplication -Name").count(), 1);
        let undo = text(older, "90-");
        assert!(!undo.contains(SCHEDULER) && !undo.contains("TeamsScheduler"), "{undo}");
        let retired = older == Profile::Sfbo2022;
        for number in ["14-", "15-", "50-", "60-"] {
            assert_eq!(text(older, number).contains("Msol"), retired, "{number}");
        }
    }
    for host in hosts {
        assert!(text(page, "15-").contains(&format!("'https://{host}/'")));
    }
    // The cloud asks Autodiscover, whichever host was named first, and by its usual name where none was.
    let endpoint = |hosts: &[&str]| {
        let all = script::write(page, &deployment(Cloud::Worldwide, hosts)).unwrap().scripts;
        let text = all.into_iter().find(|one| one.file.starts_with("17-")).unwrap().text;
        let (_, rest) = text.split_once("'https://").unwrap();
        rest.split_once('\'').unwrap().0.to_owned()
    };
    for named in [&hosts[..], &[hosts[1], hosts[0]], &[]] {
        assert_eq!(
            endpoint(named),
            "autodiscover.contoso.example/autodiscover/autodiscover.svc",
            "{named:?}"
        );
    }
    assert_eq!(endpoint(&hosts[..1]), "mail.contoso.example/autodiscover/autodiscover.svc");
}

#[test]
fn what_is_unconfirmed_of_a_cloud_is_said_there_only() {
    let remarks = |cloud| {
        let text = script::write(Profile::Sfbo2022Graph, &deployment(cloud, &["mail.contoso.example"]))
            .unwrap()
            .readme;
        (text.contains("For DoD"), text.contains("come from single sources"))
    };
    assert_eq!(remarks(Cloud::Worldwide), (false, false));
    assert_eq!(remarks(Cloud::UsGov), (true, false));
    assert_eq!(remarks(Cloud::China), (false, true));
}

#[test]
fn the_single_script_runs_each_step_by_its_number() {
    let scripts =
        script::write(Profile::Teams2025, &deployment(Cloud::Worldwide, &["mail.contoso.example"])).unwrap();
    let single = scripts.single().unwrap();
    assert!(single.contains("param([string]$Step)"));
    for script in &scripts.scripts {
        let (number, name) = script.file.trim_end_matches(".ps1").split_once('-').unwrap();
        let name = format!("Invoke-{}", name.replace('-', ""));
        for part in [
            format!("\nfunction {name} {{\n"),
            format!("\n    '{number}' {{ {name} -WhatIf:$WhatIfPreference }}\n"),
            format!("        Write-Host '{number}  {} [{}]'", script.title, script.shell.name()),
        ] {
            assert!(single.contains(&part), "{part}");
        }
        assert!(
            scripts.readme.contains(&format!("| `{}` | {} | {} |", script.file, script.step, script.title))
        );
    }
}

#[test]
fn a_name_that_cannot_stand_in_a_command_is_told_with_its_option() {
    let long = format!("{}.example", "a".repeat(63));
    let good = || deployment(Cloud::Worldwide, &["mail.contoso.example", &long]);
    assert!(good().check().is_ok());
    assert!(Deployment { tenant: "contoso.example".into(), ..good() }.check().is_ok());
    let told = |deployment: Deployment| deployment.check().unwrap_err().to_string();
    for bad in ["contoso", "-a.example", "a-.example", "a..example", "*.contoso.example", "a b.example", ""] {
        assert!(told(Deployment { tenant: bad.into(), ..good() }).starts_with("--tenant: "), "{bad}");
        let domain = told(Deployment { verified_domain: bad.into(), ..good() });
        assert!(
            domain.starts_with("--verified-domain: ") && domain.contains(&format!("{bad:?}")),
            "{domain}"
        );
        let server = told(Deployment { domain_controller: bad.into(), ..good() });
        assert!(server.starts_with("--domain-controller: "), "{server}");
        let host = told(deployment(Cloud::Worldwide, &["mail.contoso.example", bad]));
        assert!(host.starts_with("--host: "), "{host}");
    }
    // RFC 1035 2.3.4: labels of 63 letters, names of 253.
    assert!(told(deployment(Cloud::Worldwide, &[&format!("a{long}")])).starts_with("--host: "));
    let labels = |last: usize| format!("{}{}", "a.".repeat(100), "b".repeat(last));
    assert!(deployment(Cloud::Worldwide, &[&labels(53)]).check().is_ok());
    assert!(deployment(Cloud::Worldwide, &[&labels(54)]).check().is_err());
}

#[test]
fn the_script_that_gathers_the_state_parses_and_changes_nothing() {
    let text = oauthtrace::provision::collect::SCRIPT;
    assert_eq!(parse(text), [""; 0]);
    for verb in ["New-", "Set-", "Remove-", "Update-", "Add-", "Enable-", "Disable-"] {
        let changing = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
            .any(|line| line.contains(verb) && !line.contains("Set-StrictMode"));
        assert!(!changing, "{verb} changes something");
    }
}
