//! Holds the code to the layer table of `lib.rs`, and files to their size.

use std::fs;
use std::path::{Path, PathBuf};

/// For each module, what it may use besides itself. The order is that of `lib.rs`; a module may use what
/// stands above it, less where its row says so.
const LAYERS: [(&str, &[&str]); 29] = [
    ("base", &[]),
    ("limits", &[]),
    ("json", &["base", "limits"]),
    ("keys", &["base", "limits", "json"]),
    ("soap", &["base", "limits", "json"]),
    ("state", &["base", "limits", "json", "keys"]),
    ("exchange", &["base"]),
    ("connection", &["base", "exchange"]),
    ("logrecord", &["base", "exchange"]),
    ("sink", &["base", "exchange", "connection", "logrecord"]),
    ("wire/stream", &["base"]),
    ("wire/capture", &["base", "limits", "wire/stream"]),
    ("wire/link", &["base", "limits", "wire/stream", "wire/capture"]),
    ("wire/ip", &["base", "limits", "wire/stream", "wire/capture", "wire/link"]),
    ("wire/tcp", &["base", "limits", "exchange", "wire/stream", "wire/ip"]),
    ("wire/quic", &["base", "limits", "exchange", "connection", "wire/stream"]),
    ("wire/tls", &["base", "limits", "exchange", "connection", "wire/stream"]),
    ("wire/http", &["base", "limits", "exchange", "wire/stream"]),
    (
        "wire/conversation",
        &[
            "base",
            "limits",
            "exchange",
            "connection",
            "sink",
            "wire/stream",
            "wire/ip",
            "wire/tcp",
            "wire/tls",
            "wire/http",
        ],
    ),
    ("wire", &[]),
    (
        "import",
        &[
            "base",
            "limits",
            "json",
            "soap",
            "exchange",
            "connection",
            "logrecord",
            "wire/stream",
            "wire/http",
            "wire/capture",
        ],
    ),
    ("token", &["base", "limits", "json", "keys", "exchange", "wire/http"]),
    (
        "checks",
        &[
            "base",
            "limits",
            "json",
            "keys",
            "soap",
            "state",
            "exchange",
            "connection",
            "logrecord",
            "sink",
            "wire/http",
            "token",
        ],
    ),
    (
        "diagnose",
        &[
            "base",
            "limits",
            "json",
            "keys",
            "soap",
            "state",
            "exchange",
            "connection",
            "logrecord",
            "sink",
            "wire/http",
            "token",
            "checks",
        ],
    ),
    ("provision", &["base", "limits", "json", "keys", "state", "checks", "diagnose"]),
    ("explain", &["base", "soap", "checks", "diagnose", "provision", "state"]),
    ("pipeline", &["*"]),
    (
        "report",
        &[
            "base",
            "limits",
            "json",
            "keys",
            "soap",
            "state",
            "exchange",
            "connection",
            "logrecord",
            "sink",
            "wire/http",
            "token",
            "checks",
            "diagnose",
            "provision",
            "explain",
            "pipeline",
        ],
    ),
    ("probe", &["*"]),
];

/// The top of the house may use everything.
const TOP: [&str; 5] = ["cli", "main", "lib", "redact", "live"];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|suffix| suffix == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    sources(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            (name, fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The layer of a path such as `wire/tls/record` or `checks/judge`.
fn layer(path: &str) -> Option<&'static str> {
    LAYERS
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| path == *name || path.strip_prefix(name).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|name| name.len())
}

/// Every `crate::a::b` in a text, comments and doc links left out.
fn uses(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for (at, _) in code.match_indices("crate::") {
            let path: String = code[at + 7..]
                .chars()
                .take_while(|letter| letter.is_ascii_alphanumeric() || "_:".contains(*letter))
                .collect();
            found.push((number + 1, path.replace("::", "/")));
        }
    }
    found
}

#[test]
fn modules_use_only_what_stands_below_them() {
    let mut wrong = Vec::new();
    for (name, text) in all_sources() {
        let module = name.trim_end_matches(".rs").trim_end_matches("/mod");
        let top = module.split('/').next().unwrap();
        // Tests may make their material with what stands above.
        if TOP.contains(&top) || module.ends_with("/tests") {
            continue;
        }
        let Some(own) = layer(module) else {
            wrong.push(format!("src/{name}: no row in the layer table"));
            continue;
        };
        let allowed = LAYERS.iter().find(|(layer, _)| *layer == own).unwrap().1;
        for (line, path) in uses(&text) {
            let Some(target) = layer(&path) else {
                if TOP.contains(&path.split('/').next().unwrap()) {
                    wrong.push(format!("src/{name}:{line}: uses {path}, which stands above"));
                }
                continue;
            };
            if target != own && target != "wire" && !allowed.contains(&target) && !allowed.contains(&"*") {
                wrong.push(format!("src/{name}:{line}: {own} uses {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_sitting() {
    let long: Vec<String> = all_sources()
        .into_iter()
        .filter(|(name, text)| {
            text.lines().count() > 700 && !name.contains("suites") && !name.contains("huffman")
        })
        .map(|(name, text)| format!("src/{name}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn every_module_says_what_it_takes_and_gives() {
    let silent: Vec<String> = all_sources()
        .into_iter()
        .filter(|(name, text)| !text.starts_with("//! ") && !name.contains("tests"))
        .map(|(name, _)| name)
        .collect();
    assert!(silent.is_empty(), "no module header: {silent:?}");
}

#[test]
fn nothing_unfinished_stands_in_the_sources() {
    for (name, text) in all_sources() {
        for mark in ["todo!(", "unimplemented!(", "dbg!("] {
            assert!(!text.contains(mark), "src/{name} holds {mark}");
        }
    }
}
