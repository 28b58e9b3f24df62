//! The files that say what a file of the corpus holds.

use std::fs;
use std::path::{Path, PathBuf};

/// All JSON files below a folder, in order.
pub fn truths(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(truths(&path));
        } else if path.extension().is_some_and(|extension| extension == "json") {
            found.push(path);
        }
    }
    found.sort();
    found
}
