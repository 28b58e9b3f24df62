//! Goes over every bound of `src/limits.rs` and says which test sees it named, or why no finding is right.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// What a report says when a bound is reached.
enum Told {
    /// `coverage-limit` names it: this test reaches it.
    By(&'static str),
    /// `coverage-limit` names it, but reaching it takes more than a test may: the source is looked at.
    Unreached(&'static str),
    /// Nothing names it, since nothing of the traffic is left out, or something else tells.
    Untold(&'static str),
}

use Told::{By, Unreached, Untold};

/// By name, as in `limits.rs`.
const BOUNDS: &[(&str, Told)] = &[
    ("BODY_KEPT", By("chunks_without_end_are_counted_not_kept")),
    ("BODY_DECODED", By("bodies_that_unpack_without_end_are_given_up")),
    ("DECODE_RATIO", By("brotli_that_unpacks_without_end_is_given_up")),
    ("CODING_LAYERS", By("bodies_that_unpack_without_end_are_given_up")),
    ("HEAD_BYTES", By("an_endless_header_section_is_given_up")),
    ("HEAD_FIELDS", By("more_fields_than_are_read_are_named")),
    ("TOKEN_BYTES", By("a_token_of_mebibytes_is_named_not_kept")),
    ("TOKENS_PARSED", Untold("decides how tokens are kept: they are parsed again when they are used")),
    ("TOKEN_DEPTH", By("a_token_ten_levels_deep_is_read_to_the_bound")),
    ("JSON_DEPTH", By("deep_json_in_a_token_is_given_up")),
    ("JSON_NODES", By("many_members_in_a_token_are_given_up")),
    ("JSON_BODY_NODES", By("a_json_body_of_very_many_members_is_searched_as_text")),
    ("EVIDENCE_LISTED", Untold("the finding counts all places")),
    ("ANSWER_GLIMPSE", Untold("decides only whether more is read")),
    ("ANSWER_LOOK", Untold("no more is kept only where more would not be looked at")),
    ("ANSWER_BYTES", Untold("items follow; the rest of the body was searched for tokens")),
    ("CAUSES_KEPT", By("causes_beyond_the_bound_stand_in_one_finding")),
    ("REASONS_LISTED", Untold("the check counts the others")),
    ("NAMES_KEPT", Untold("what has no name is still counted in all")),
    ("CONNECTIONS_LISTED", Untold("the report counts the others")),
    ("REQUEST_BYTES", Untold("items follow; the rest of the body was searched for tokens")),
    ("NAME_SHOWN", Untold("cuts what is shown, not what is read")),
    ("SENTENCE_KEPT", Untold("cuts what is shown, not what is read")),
    ("FACTS_KEPT", Untold("causes weigh kinds of calls; checks do not depend on them")),
    ("REPEATS_BYTES", Untold("what is forgotten is judged again")),
    ("HUFFMAN_REMEMBERED", Untold("what is forgotten is decoded again")),
    ("DUMPS_KEPT", Untold("texts that people paste are inspected, never evidence")),
    ("LOG_LINES_KEPT", Untold("the checks that rest on logs say it in their own words")),
    ("LOG_UNCLEAR_KEPT", Untold("a line beyond is judged as the refusal that it tells of")),
    ("LOG_BREAKS_KEPT", Untold("a log with more is no evidence at all, and that is said")),
    ("LOG_SILENCE", Untold("a rule of evidence, not a bound on size")),
    ("LOG_TOLERANCE", Untold("a rule of evidence, not a bound on size")),
    ("JOINABLE_KEPT", By("lines_of_logs_that_could_speak_of_more_exchanges_than_are_remembered")),
    ("STEPS_SHOWN", Untold("cuts what is shown, and the drawing counts the rest")),
    ("XML_DEPTH", By("xml_that_nests_or_grows_without_end_is_given_up")),
    ("REORDER_BYTES", By("what_stands_behind_a_wide_gap_waits_only_up_to_the_bound")),
    ("REORDER_BYTES_TOTAL", By("connections_with_one_hole_each_do_not_pile_up")),
    (
        "NETWORK_CONNECTIONS",
        Untold("a connection of two networks that is forgotten comes apart, and coverage says so"),
    ),
    ("SHARDS", Untold("divides the work")),
    ("CONNECTIONS", By("connections_beyond_the_bound_are_let_go")),
    ("SILENT_CONNECTIONS", By("half_open_connections_do_not_pile_up")),
    ("CROWD", Untold("decides how requests are kept that wait: they come back as they were")),
    ("LINGERING", Untold("late packets of an ended connection begin one of their own, which is listed")),
    (
        "ANCHOR_SEGMENTS",
        Untold("decides where a connection begins; what was before it is a gap, which is told"),
    ),
    ("ANCHOR_BYTES", Untold("decides where a connection begins; what was before it is a gap, which is told")),
    ("GAP_SEGMENTS", Untold("decides when a hole is a gap, which is told")),
    ("GAP_BYTES", Untold("decides when a hole is a gap, which is told")),
    ("RECENT_BYTES", Untold("how far back differing copies are looked for: the first copy counts anyhow")),
    ("RECOGNISE_BYTES", Untold("a connection that is none of the protocols is listed as other")),
    ("NESTING", By("protocols_inside_each_other_end_somewhere")),
    ("QUIC_CONNECTIONS", By("quic_connections_beyond_the_bound_are_counted")),
    ("ODDITIES", Untold("cuts a list of oddities; what they cost is counted elsewhere")),
    ("EXPORT_BYTES", Unreached("a file of 4 GiB")),
    ("ARCHIVE_MEMBER_BYTES", Untold("of redact: the command ends with an error that says it")),
    ("ARCHIVE_MEMBERS", Unreached("two million members")),
    ("EXPORT_ENTRY_BYTES", By("an_entry_of_a_har_that_does_not_end_is_given_up")),
    ("EXPORT_DEPTH", By("a_har_that_nests_without_end_is_given_up")),
    ("EXPORT_HELD", Untold("decides when stripped headers are believed; a notice tells of them")),
    ("ARCHIVE_TOTAL", Unreached("unpacks 4 GiB")),
    ("ARCHIVE_RATIO", Unreached("unpacks 4 GiB and more")),
    ("CAPTURE_WINDOW", Untold("how much is read at a time")),
    ("CAPTURE_BLOCK", By("blocks_and_interfaces_of_pcapng_are_bounded")),
    ("CAPTURE_INTERFACES", By("blocks_and_interfaces_of_pcapng_are_bounded")),
    ("CAPTURE_WHOLE_BYTES", Unreached("a file of 2 GiB")),
    ("UNPACKED_BYTES", Unreached("unpacks 256 GiB")),
    ("UNPACK_RATIO", By("a_packed_capture_that_unpacks_without_end_is_given_up")),
    ("COMPRESSION_LAYERS", By("a_capture_packed_many_times_over_is_not_unpacked")),
    ("ENCAPSULATION_DEPTH", By("protocols_inside_each_other_end_somewhere")),
    ("FRAGMENTED_DATAGRAMS", By("memory_and_age_are_bounded")),
    ("FRAGMENT_BYTES", By("memory_and_age_are_bounded")),
    ("FRAGMENT_PACKETS", By("memory_and_age_are_bounded")),
    ("BODY_UNTYPED_KEPT", By("what_was_cut_off_long_bodies_is_named")),
    ("BODY_HEAD_KEPT", By("what_was_cut_off_long_bodies_is_named")),
    ("CHUNK_LINE_BYTES", By("chunks_without_end_are_counted_not_kept")),
    ("PIPELINED_REQUESTS", By("requests_without_answers_do_not_pile_up")),
    ("HTTP_HELD_BYTES", Untold("a direction stops waiting for the other; what cannot be paired is told")),
    ("HTTP_HELD_EVENTS", Untold("a direction stops waiting for the other; what cannot be paired is told")),
    ("LOOKAHEAD_BYTES", Untold("decides when the inputs are searched for keys")),
    ("TLS_WAITING", By("what_waits_is_bounded_and_the_bound_is_named")),
    ("TLS_WAITING_TOTAL", By("what_waits_in_all_is_bounded_and_the_bound_is_named")),
    ("NEGOTIATIONS", Untold("records behind it do not open, which the ledger of the connection counts")),
    ("TLS_HANDSHAKE_BYTES", By("a_handshake_message_longer_than_is_read_is_named")),
    (
        "TLS_RECORD_BYTES",
        Untold("of the protocol: a longer record is none, and the loss of its place is told"),
    ),
    ("TLS_RESYNC_WINDOW", Untold("records that do not open are counted, and their connection is listed")),
    ("TLS_RESYNC_TRIES", Untold("records that do not open are counted, and their connection is listed")),
    ("TLS_SESSIONS", Untold("a resumption whose session is forgotten stays closed, and that is told")),
    ("TLS_BLIND_SECRETS", Untold("the connection stays closed, and that is told")),
    ("TLS_CHAIN", Untold("certificates beyond the root prove nothing")),
    ("RSA_MODULUS_BYTES", Untold("of a key file: refused with an error")),
    ("PBKDF2_ITERATIONS", Untold("of a key file: refused with an error")),
    ("HPACK_TABLE_BYTES", By("a_table_of_fields_larger_than_is_kept_is_named")),
    ("H2_CONTINUATIONS", By("continuation_floods_are_given_up")),
    ("H2_STREAMS", By("streams_that_never_end_are_let_go")),
    ("H2_SETTINGS", By("settings_that_are_never_acknowledged_are_counted_out")),
    ("PROBE_ANSWER_BYTES", Untold("of probe, which reads no traffic: its line tells")),
    ("PROBE_REDIRECTS", Untold("of probe, which reads no traffic: its line tells")),
    ("PROBE_HELLOS", Untold("of probe, which reads no traffic: its line tells")),
    ("PROBE_TARGETS", Untold("of probe, which reads no traffic: its line tells")),
    ("LIVE_HELD_BYTES", Untold("packets beyond it are decoded without waiting for keys")),
    ("LIVE_KEYLOG_BYTES", Untold("the rest of the key log is read next")),
    ("LIVE_KEYS_KEPT", Untold("of the files that are written; this run has all keys")),
    ("REDACT_JSON_NODES", Untold("of redact: the command ends with an error that says it")),
    ("REDACT_DEPTH", Untold("of redact: what lies deeper is masked whole")),
    ("REDACT_BYTES", Untold("of redact: the command ends with an error that says it")),
    ("EXPORT_ENTRIES", By("a_har_of_very_many_entries_is_read_in_passing")),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The text of a function up to its end, by the indentation of its closing brace.
fn body<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let at = text.find(&format!("fn {name}("))?;
    let rest = &text[at..];
    let indentation = text[..at].rsplit('\n').next().unwrap_or_default();
    let indentation = &indentation[..indentation.len() - indentation.trim_start().len()];
    let end = rest.find(&format!("\n{indentation}}}\n"))?;
    Some(&rest[..end])
}

#[test]
fn every_bound_is_named_by_a_finding_or_there_is_a_reason_why_not() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let declared = fs::read_to_string(root.join("src/limits.rs")).unwrap();
    let declared: BTreeSet<&str> = declared
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .filter(|name| *name != "ALL")
        .collect();
    let known: BTreeMap<&str, &Told> = BOUNDS.iter().map(|(name, told)| (*name, told)).collect();
    assert_eq!(known.len(), BOUNDS.len(), "a bound stands twice");
    let stand: BTreeSet<&str> = known.keys().copied().collect();
    let differ: Vec<_> = stand.symmetric_difference(&declared).collect();
    assert!(differ.is_empty(), "say here who names these bounds, or why nobody does: {differ:?}");

    let mut paths = Vec::new();
    sources(&root.join("src"), &mut paths);
    sources(&root.join("tests"), &mut paths);
    paths.retain(|path| !path.ends_with("tests/limits.rs") && !path.ends_with("src/limits.rs"));
    let texts: Vec<String> = paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let listed: BTreeSet<&str> = oauthtrace::limits::ALL.iter().map(|(name, _)| *name).collect();
    let (mut by, mut unreached, mut untold) = (0, 0, 0);
    for (name, told) in known {
        // A sentence may be broken after its "(limit".
        let named =
            |text: &&String| text.contains(&format!("{name})")) || text.contains(&format!("\"{name}\""));
        match told {
            By(test) => {
                let found = texts.iter().find_map(|text| body(text, test));
                let found = found.unwrap_or_else(|| panic!("{name}: no test {test}"));
                // FRAGMENT stands for the bounds on fragments, whichever is reached first.
                let short = name.split('_').next().unwrap();
                assert!(
                    found.contains(name) || found.contains(&format!("\"{short}\"")),
                    "{test}: nothing of {name}"
                );
                assert!(listed.contains(name), "{name} is not in limits::ALL");
                by += 1;
            }
            Unreached(why) => {
                assert!(!why.is_empty() && listed.contains(name), "{name}");
                assert!(texts.iter().any(|text| named(&text)), "{name}: no text names it");
                unreached += 1;
            }
            Untold(why) => {
                assert!(!why.is_empty() && !listed.contains(name), "{name} is in limits::ALL");
                untold += 1;
            }
        }
    }
    eprintln!(
        "{by} bounds are named in a test, {unreached} take too much for one, {untold} leave nothing out"
    );
}
