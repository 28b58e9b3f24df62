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

/// The bodies of the tests of a rule file whose names begin so.
fn tests_of<'t>(text: &'t str, kind: &str) -> Vec<&'t str> {
    let begins = format!("\n    #[test]\n    fn {kind}");
    let bodies = text.match_indices(&begins).filter_map(|(at, _)| text.get(at..));
    bodies.filter_map(|rest| rest.split("\n    }\n").next()).collect()
}

/// What is wrong with a rule file: a test is missing, or proves nothing.
fn faults(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let (code, proofs) = text.split_once("\n#[cfg(test)]\n").unwrap_or((text, ""));
    for kind in ["fires_", "stays_silent_"] {
        let tests = tests_of(proofs, kind);
        if tests.is_empty() {
            faults.push(format!("no test {kind}…"));
        }
        if tests.iter().any(|body| !body.contains("assert")) {
            faults.push(format!("a test {kind}… asserts nothing"));
        }
    }
    // A test of another rule proves nothing of this one.
    if !proofs.contains("RULE") {
        faults.push("the tests do not name the rule".into());
    }
    if !["out.say(", ".say("].iter().any(|say| code.contains(say)) {
        faults.push("the rule says nothing".into());
    }
    faults
}

#[test]
fn every_rule_file_is_registered_and_has_both_tests() {
    let files = files();
    assert_eq!(files.len(), RULES.len(), "a file without a line in RULES, or the reverse");
    let mut wrong = Vec::new();
    for (path, text) in &files {
        let rule = RULES.iter().find(|rule| text.contains(&format!("    id: \"{}\",", rule.id)));
        let rule = rule.unwrap_or_else(|| panic!("{path} declares no rule of RULES"));
        let folder = format!("/{}/", rule.check.name().replace('-', "_"));
        assert!(path.contains(&folder), "{path}: {} belongs to {}", rule.id, rule.check.name());
        wrong.extend(faults(text).into_iter().map(|fault| format!("{path}: {fault}")));
    }
    eprintln!("{} rules, each with a test in which it fires and one in which it stays silent", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_rule_file_that_lacks_a_test_is_noticed() {
    for (path, text) in files() {
        assert!(faults(&text).is_empty(), "{path}");
        for kind in ["fires_", "stays_silent_"] {
            let gone = text.replace(&format!("    fn {kind}"), "    fn other_");
            assert!(!faults(&gone).is_empty(), "{path} without {kind}");
            let dead = text.replace(&format!("    #[test]\n    fn {kind}"), &format!("    fn {kind}"));
            assert!(!faults(&dead).is_empty(), "{path}: {kind} that is never run");
            let mut empty = text.clone();
            for body in tests_of(&text, kind) {
                empty = empty.replace(body, &body.replace("assert", "drop"));
            }
            assert!(!faults(&empty).is_empty(), "{path}: {kind} that asserts nothing");
        }
        assert!(!faults(&text.replace("say(", "hush(")).is_empty(), "{path}");
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

/// Groups of the field notes with the number of their candidates; K has no numbers.
const GROUPS: [(&str, u32); 14] = [
    ("A", 17),
    ("B", 7),
    ("C", 14),
    ("D", 19),
    ("E", 8),
    ("F", 9),
    ("G", 12),
    ("H", 9),
    ("I", 6),
    ("J", 5),
    ("L", 8),
    ("M", 25),
    ("N", 24),
    ("O", 7),
];

fn candidates() -> Vec<String> {
    let numbered = |(group, count): (&str, u32)| {
        (1..=count).map(move |at| format!("{group}{at:02}")).collect::<Vec<_>>()
    };
    GROUPS.into_iter().flat_map(numbered).chain(["K".to_owned()]).collect()
}

#[test]
fn every_candidate_of_the_groups_a_to_o_is_a_rule_or_is_left_out_with_a_reason() {
    let left_out =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules-left-out.md")).unwrap();
    let (mut rules, mut reasons) = (0, 0);
    for id in candidates() {
        let rule = RULES.iter().any(|rule| rule.candidates.contains(&&*id));
        let reason = left_out.contains(&format!("| {id} "));
        assert!(rule || reason, "{id} is nowhere");
        rules += u32::from(rule);
        reasons += u32::from(!rule);
    }
    eprintln!("{rules} candidates are rules, {reasons} are left out with a reason");
    assert_eq!((rules, reasons), (159, 12));
}

#[test]
fn rules_name_candidates_that_there_are() {
    let known = candidates();
    for rule in RULES {
        for id in rule.candidates {
            assert!(known.contains(&(*id).to_owned()), "{}: {id}", rule.id);
        }
    }
}

/// The numbers of the notes themselves, where they are at hand.
#[test]
fn the_groups_are_those_of_the_field_notes() {
    let shared = std::env::var("OAUTHTRACE_SHARED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let Ok(notes) = fs::read_to_string(Path::new(&shared).join("domain/rules.md")) else {
        eprintln!("skipped: no field notes");
        return;
    };
    let rows = notes.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next());
    let mut listed: BTreeSet<String> = rows
        .filter(|id| id.len() == 3 && id.bytes().next().is_some_and(|first| first.is_ascii_uppercase()))
        .filter(|id| id.bytes().skip(1).all(|byte| byte.is_ascii_digit()))
        .map(str::to_owned)
        .collect();
    // Two groups are prose: I numbers its principles, K lists labels.
    listed.extend((1..=6).map(|at| format!("I{at:02}")));
    listed.insert("K".into());
    assert_eq!(listed, candidates().into_iter().collect());
}
