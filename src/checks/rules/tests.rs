//! Counts: every rule file is registered, documented and proved by two tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{RULES, by_id};
use crate::checks::CheckId;

/// Every rule file with its text.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/checks");
    let mut files = Vec::new();
    for check in CheckId::ALL {
        let folder = root.join(check.name().replace('-', "_"));
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap() != "mod.rs" {
                files.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files
}

#[test]
fn every_rule_file_is_registered_and_has_both_tests() {
    let files = files();
    assert_eq!(files.len(), RULES.len(), "a file without a line in RULES, or the reverse");
    for (path, text) in files {
        let rule = RULES.iter().find(|rule| text.contains(&format!("    id: \"{}\",", rule.id)));
        let rule = rule.unwrap_or_else(|| panic!("{path} declares no rule of RULES"));
        let folder = format!("/{}/", rule.check.name().replace('-', "_"));
        assert!(path.contains(&folder), "{path}: {} belongs to {}", rule.id, rule.check.name());
        for kind in ["fires_", "stays_silent_"] {
            let tests = text.matches(&format!("    fn {kind}")).count();
            assert!(tests >= 1, "{path} has no test {kind}…");
        }
        assert!(text.matches("assert!").count() >= 2, "{path}: a test that asserts nothing");
    }
}

#[test]
fn rules_are_sorted_by_check_and_id_and_named_once() {
    let order: Vec<_> = RULES.iter().map(|rule| (rule.check, rule.id)).collect();
    assert!(order.is_sorted());
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    assert!(
        ids.iter().all(|id| id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
    );
    assert!(by_id("ISSUER-tenant").is_some());
}

#[test]
fn every_rule_is_documented_in_four_parts() {
    for rule in RULES {
        let parts = [rule.title, rule.looks_at, rule.matters, rule.bad, rule.good, rule.repair];
        assert!(parts.iter().all(|part| part.len() > 1), "{}", rule.id);
        assert!(!rule.sources.is_empty(), "{}", rule.id);
        assert!(rule.looks_at.ends_with('.') && rule.matters.ends_with('.'), "{}", rule.id);
        assert!(!rule.title.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn every_candidate_of_the_groups_a_to_o_is_a_rule_or_is_left_out_with_a_reason() {
    let left_out =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules-left-out.md")).unwrap();
    let groups = [
        ("A", 17),
        ("B", 7),
        ("C", 14),
        ("D", 19),
        ("E", 8),
        ("F", 9),
        ("G", 12),
        ("H", 9),
        ("J", 5),
        ("L", 8),
        ("M", 25),
        ("N", 24),
        ("O", 7),
    ];
    for (group, count) in groups {
        for number in 1..=count {
            let id = format!("{group}{number:02}");
            let rule = RULES.iter().any(|rule| rule.candidates.contains(&&*id));
            assert!(rule || left_out.contains(&format!("| {id} ")), "{id} is nowhere");
        }
    }
}
