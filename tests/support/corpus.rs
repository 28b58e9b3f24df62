//! Where the public test suites stand that the tests read in place.

use std::path::{Path, PathBuf};

/// A folder of the shared corpus (`""` is all of it), below `OAUTHTRACE_SHARED` or beside the project.
/// `None`, said on stderr, where it is absent.
pub fn corpus(folder: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("OAUTHTRACE_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = shared.join("corpus").join(folder);
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("skipped: no corpus at {}", path.display());
    None
}
