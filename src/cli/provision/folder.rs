//! Takes the steps of a procedure and a folder, writes them there, and leaves alone what somebody edited.
//!
//! README.md ends in a comment with the SHA-256 of each file as it was written. A file that is there may be replaced
//! when it still has it, or already holds what is to be written; every other one is somebody's own.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::provision::script::Scripts;

/// The byte order mark of UTF-8.
pub(super) const MARK: &str = "\u{feff}";

const README: &str = "README.md";
const BEGIN: &str = "\n<!-- written by oauthtrace, SHA-256 of each file:\n";
const END: &str = "-->\n";

/// Why nothing was written.
pub(super) enum Refusal {
    /// These files are not as they were written.
    Edited(Vec<PathBuf>),
    /// The folder, or a file in it, cannot be read or written.
    Failed(std::io::Error),
}

impl From<std::io::Error> for Refusal {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error)
    }
}

/// Writes all files, or none where one was edited.
pub(super) fn write(folder: &Path, scripts: &Scripts, force: bool) -> Result<(), Refusal> {
    let files = files(scripts);
    if !force {
        let known = known(folder);
        let mut edited = Vec::new();
        for (name, bytes) in &files {
            let path = folder.join(name);
            let there = match fs::read(&path) {
                Ok(there) => there,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                Err(error) => return Err(error.into()),
            };
            let own = if name == README { without_sums(&there).to_vec() } else { there.clone() };
            let unchanged = known.iter().any(|(sum, of)| of == name && *sum == hash(&own));
            if there != *bytes && !unchanged {
                edited.push(path);
            }
        }
        if !edited.is_empty() {
            return Err(Refusal::Edited(edited));
        }
    }
    fs::create_dir_all(folder)?;
    for (name, bytes) in &files {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

/// Names and contents. Windows PowerShell reads files without a byte order mark in the system's code page.
fn files(scripts: &Scripts) -> Vec<(String, Vec<u8>)> {
    let written = |text: &str| format!("{MARK}{}", text.replace('\n', "\r\n")).into_bytes();
    let mut files: Vec<(String, Vec<u8>)> =
        scripts.scripts.iter().map(|script| (script.file.clone(), written(&script.text))).collect();
    let mut readme = scripts.readme.clone();
    let mut sums = String::from(BEGIN);
    for (name, bytes) in &files {
        let _ = writeln!(sums, "{}  {name}", hash(bytes));
    }
    let _ = writeln!(sums, "{}  {README}", hash(readme.as_bytes()));
    readme.push_str(&sums);
    readme.push_str(END);
    files.push((README.to_owned(), readme.into_bytes()));
    files
}

/// What was written there before: sums and names.
fn known(folder: &Path) -> Vec<(String, String)> {
    let text = fs::read(folder.join(README)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let sums = text.rsplit_once(BEGIN).map_or("", |(_, sums)| sums);
    let line = |line: &str| line.split_once("  ").map(|(sum, name)| (sum.to_owned(), name.to_owned()));
    sums.lines().filter_map(line).collect()
}

/// The text above the sums.
fn without_sums(readme: &[u8]) -> &[u8] {
    let begin = BEGIN.as_bytes();
    let at = readme.windows(begin.len()).rposition(|window| window == begin);
    at.and_then(|at| readme.get(..at)).unwrap_or(readme)
}

fn hash(bytes: &[u8]) -> String {
    use aws_lc_rs::digest;
    digest::digest(&digest::SHA256, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
