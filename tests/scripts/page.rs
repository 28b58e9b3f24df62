//! `sfbo-2022` has every cmdlet, parameter and value of steps 2 to 6 of Microsoft's page of 2022, script by
//! script: by a table that stands here, and by the page itself where it is at hand. Both sides are read by
//! PowerShell's grammar, so that spacing and the way of quoting make no difference.

use std::collections::BTreeMap;
use std::path::Path;

use super::*;

/// A command: its name without aliases, its parameters and arguments; all in lower case, without quotes.
#[derive(Debug, PartialEq)]
struct Command {
    name: String,
    parameters: BTreeMap<String, String>,
    arguments: Vec<String>,
}

/// What a script says: commands, calls of .NET, members and literals.
#[derive(Debug, Default)]
struct Said {
    commands: Vec<Command>,
    parts: Vec<String>,
}

/// What PowerShell calls by other names (about_Aliases).
fn resolved(name: &str) -> String {
    match name.to_lowercase().as_str() {
        "dir" => "get-childitem".into(),
        "where" => "where-object".into(),
        "cd" => "set-location".into(),
        // `md` is a function that calls New-Item.
        "md" => "new-item".into(),
        other => other.to_owned(),
    }
}

fn plain(text: &str) -> String {
    let text: String = text.split_whitespace().collect();
    text.trim_matches(['"', '\'']).to_lowercase()
}

fn read(text: &str) -> Said {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    let mut said = Said::default();
    walk(tree.root_node(), text, &mut said);
    // Arguments that a variable holds are what was put into it.
    let held: BTreeMap<String, String> = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix('$')?.split_once(" = "))
        .filter(|(_, value)| value.starts_with(['"', '\'']))
        .map(|(name, value)| (format!("${}", name.to_lowercase()), plain(value)))
        .collect();
    for command in &mut said.commands {
        let values = command.parameters.values_mut().chain(&mut command.arguments);
        values.for_each(|value| *value = held.get(value).unwrap_or(value).clone());
    }
    said
}

fn walk(node: Node<'_>, text: &str, said: &mut Said) {
    let own = &text[node.byte_range()];
    match node.kind() {
        "command" => said.commands.extend(command(node, text)),
        "invokation_expression" | "member_access" | "string_literal" => said.parts.push(plain(own)),
        _ => {}
    }
    children(node).into_iter().for_each(|child| walk(child, text, said));
}

fn children(node: Node<'_>) -> Vec<Node<'_>> {
    (0..node.child_count()).filter_map(|at| node.child(at)).collect()
}

fn command(node: Node<'_>, text: &str) -> Option<Command> {
    let parts = children(node);
    let name = parts.iter().find(|part| part.kind() == "command_name")?;
    let mut command = Command {
        name: resolved(&text[name.byte_range()]),
        parameters: BTreeMap::new(),
        arguments: Vec::new(),
    };
    let elements = parts.iter().find(|part| part.kind() == "command_elements");
    let mut due: Option<String> = None;
    for element in elements.map(|node| children(*node)).unwrap_or_default() {
        let own = plain(&text[element.byte_range()]);
        match element.kind() {
            "command_argument_sep" => {}
            "command_parameter" => {
                due.take().map(|name| command.parameters.insert(name, String::new()));
                due = Some(own.trim_matches(['-', ':']).to_owned());
            }
            _ => match due.take() {
                Some(name) => drop(command.parameters.insert(name, own)),
                None => command.arguments.push(own),
            },
        }
    }
    due.take().map(|name| command.parameters.insert(name, String::new()));
    Some(command)
}

impl Said {
    /// A command with this name, these parameters and these arguments; it may have more.
    fn has(&self, wanted: &Command) -> bool {
        self.commands.iter().any(|own| {
            let mut values = own.arguments.iter().chain(own.parameters.values());
            own.name == wanted.name
                && wanted.parameters.iter().all(|(name, value)| own.parameters.get(name) == Some(value))
                && wanted.arguments.iter().all(|value| values.any(|own| own == value))
        })
    }
}

fn organisation() -> Deployment {
    Deployment {
        tenant: "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11".into(),
        verified_domain: "contoso.example".into(),
        domain_controller: "dc1.corp.contoso.example".into(),
        hosts: vec!["mail.contoso.example".into()],
        cloud: Cloud::Worldwide,
    }
}

/// The scripts of steps 2 to 6, by step.
fn ours() -> BTreeMap<&'static str, String> {
    let scripts = script::write(Profile::Sfbo2022, &organisation()).unwrap().scripts;
    let wanted = scripts.into_iter().filter(|script| ["2", "3", "4", "5", "6"].contains(&script.step));
    wanted.map(|script| (script.step, script.text)).collect()
}

/// Step, command, and what the page gives it.
type Row = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const DC: &str = "dc1.corp.contoso.example";
const SKYPE: &str = "00000004-0000-0ff1-ce00-000000000000";
const TABLE: &[Row] = &[
    (
        "2",
        "New-MailUser",
        &[
            ("Name", "SfBOnline-ApplicationAccount"),
            ("ExternalEmailAddress", "SfBOnline-ApplicationAccount@contoso.example"),
            ("DomainController", DC),
        ],
    ),
    (
        "2",
        "Set-MailUser",
        &[
            ("Identity", "$user.Identity"),
            ("HiddenFromAddressListsEnabled", "$True"),
            ("DomainController", DC),
        ],
    ),
    (
        "2",
        "New-ManagementRoleAssignment",
        &[("Role", "UserApplication"), ("User", "$user.Identity"), ("DomainController", DC)],
    ),
    (
        "2",
        "New-ManagementRoleAssignment",
        &[("Role", "ArchiveApplication"), ("User", "$user.Identity"), ("DomainController", DC)],
    ),
    (
        "3",
        "New-PartnerApplication",
        &[
            ("Name", "SfBOnline"),
            ("ApplicationIdentifier", SKYPE),
            ("Enabled", "$True"),
            ("LinkedAccount", "$user.Identity"),
        ],
    ),
    ("4", "Get-AuthConfig", &[]),
    ("4", "Test-Path", &[("", r"$env:SYSTEMDRIVE\OAuthConfig")]),
    ("4", "New-Item", &[("", r"$env:SYSTEMDRIVE\OAuthConfig")]),
    ("4", "Set-Location", &[("", r"$env:SYSTEMDRIVE\OAuthConfig")]),
    ("4", "Get-ChildItem", &[("", r"Cert:\LocalMachine\My")]),
    ("5", "Connect-MsolService", &[]),
    ("5", "Import-Module", &[("", "MSOnline")]),
    ("5", "New-Object", &[("ComObject", "Scripting.FileSystemObject")]),
    ("5", "New-Object", &[("", "System.Security.Cryptography.X509Certificates.X509Certificate")]),
    ("5", "Get-MsolServicePrincipal", &[("ServicePrincipalName", SKYPE)]),
    (
        "5",
        "New-MsolServicePrincipalCredential",
        &[
            ("AppPrincipalId", "$p.AppPrincipalId"),
            ("Type", "asymmetric"),
            ("Usage", "Verify"),
            ("Value", "$credValue"),
        ],
    ),
    ("6", "Get-MsolServicePrincipalCredential", &[("AppPrincipalId", SKYPE)]),
];

/// Calls, members and literals.
const PARTS: &[(&str, &str)] = &[
    ("4", "(Get-AuthConfig).CurrentCertificateThumbprint"),
    ("4", "[System.Security.Cryptography.X509Certificates.X509ContentType]::Cert"),
    ("4", "$oAuthCert.Export($certType)"),
    ("4", r"$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"),
    ("4", "[System.IO.File]::WriteAllBytes($CertFile, $certBytes)"),
    ("5", r"$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"),
    ("5", "$objFSO.GetAbsolutePathName($CertFile)"),
    ("5", "$cer.Import($CertFile)"),
    ("5", "$cer.GetRawCertData()"),
    ("5", "[System.Convert]::ToBase64String($binCert)"),
    ("5", SKYPE),
    ("5", "$p.AppPrincipalId"),
];

/// Ours takes the one certificate out of a list whose length was looked at.
fn parts_of(text: &str) -> Vec<String> {
    read(text).parts.into_iter().map(|part| part.replace("$oauthcert[0]", "$oauthcert")).collect()
}

#[test]
fn every_cmdlet_parameter_and_value_of_the_page_is_in_the_script_of_its_step() {
    let ours = ours();
    assert_eq!(ours.keys().copied().collect::<Vec<_>>(), ["2", "3", "4", "5", "6"]);
    for (step, name, given) in TABLE {
        let named = given.iter().filter(|(name, _)| !name.is_empty());
        let wanted = Command {
            name: name.to_lowercase(),
            parameters: named.map(|(name, value)| (name.to_lowercase(), value.to_lowercase())).collect(),
            arguments: given
                .iter()
                .filter(|(name, _)| name.is_empty())
                .map(|(_, value)| value.to_lowercase())
                .collect(),
        };
        assert!(
            read(&ours[step]).has(&wanted),
            "step {step}: {wanted:?} in {:#?}",
            read(&ours[step]).commands
        );
    }
    for (step, part) in PARTS {
        let parts = parts_of(&ours[step]);
        assert!(parts.contains(&plain(part)), "step {step}: {part} in {parts:#?}");
    }
}

#[test]
fn the_certificate_is_chosen_by_an_exact_comparison() {
    let export = &ours()["4"];
    assert!(export.contains("$_.Thumbprint -eq $thumbprint"));
    assert!(export.contains("IsNullOrWhiteSpace($thumbprint)"));
    for (step, text) in ours() {
        assert!(!text.to_lowercase().contains("-match"), "step {step}");
    }
}

/// The code of the page, step by step, its placeholders filled in and its bare paths in quotes, which this
/// grammar wants where PowerShell does not.
fn page() -> Option<BTreeMap<&'static str, String>> {
    let shared = std::env::var_os("OAUTHTRACE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), Into::into);
    let path = shared.join("domain/seed-page.fr.md");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: no page at {}", path.display());
        return None;
    };
    let mut steps = BTreeMap::new();
    for step in ["2", "3", "4", "5", "6"] {
        let (_, section) = text.split_once(&format!("### <a name=\"step-{step}-")).unwrap();
        let section = section.split("\n### ").next().unwrap();
        let blocks = section.split("```powershell").skip(1).map(|block| block.split("```").next().unwrap());
        let code = blocks.collect::<Vec<_>>().join("\n");
        let code = code
            .replace("<your Verified Domain>", "contoso.example")
            .replace("<DomainControllerFQDN>", DC)
            .replace("\"$env:SYSTEMDRIVE", "\"@")
            .replace(r"$env:SYSTEMDRIVE\OAuthConfig", "\"$env:SYSTEMDRIVE\\OAuthConfig\"")
            .replace("\"@", "\"$env:SYSTEMDRIVE");
        assert_eq!(parse(&code), [""; 0], "step {step}");
        steps.insert(step, code);
    }
    Some(steps)
}

#[test]
fn the_page_itself_is_in_the_scripts() {
    let Some(page) = page() else { return };
    let ours = ours();
    let (mut commands, mut parts) = (0, 0);
    for (step, code) in page {
        let (theirs, own, own_parts) = (read(&code), read(&ours[step]), parts_of(&ours[step]));
        for wanted in &theirs.commands {
            // The comparison by a pattern, which the next test is about.
            if wanted.name == "where-object" {
                assert_eq!(wanted.arguments, ["{$_.thumbprint-match$thumbprint}"]);
                continue;
            }
            assert!(own.has(wanted), "step {step}: {wanted:?} in {:#?}", own.commands);
            commands += 1;
        }
        for part in &theirs.parts {
            assert!(own_parts.contains(part), "step {step}: {part} in {own_parts:#?}");
            parts += 1;
        }
    }
    assert!(commands >= TABLE.len() && parts >= 12, "{commands} commands, {parts} parts");
}
