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
