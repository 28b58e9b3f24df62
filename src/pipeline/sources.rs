//! Takes what the command line names, gives files to read, and counts what is read of them.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;

use super::{InputError, Inputs, Settings, Source};

/// A file to read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Found {
    /// As reports name it.
    pub(super) name: String,
    /// `None` for standard input.
    pub(super) path: Option<PathBuf>,
    /// Whether the command line named it, rather than a directory held it.
    pub(super) named: bool,
}

impl Found {
    /// Opens it.
    pub(super) fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.path {
            Some(path) => Box::new(File::open(path)?),
            None => Box::new(io::stdin()),
        })
    }

    /// Whether it can be read only once: standard input, a pipe.
    pub(super) fn is_read_once(&self) -> bool {
        self.size().is_none()
    }

    /// Its size, where the system knows it.
    pub(super) fn size(&self) -> Option<u64> {
        let metadata = fs::metadata(self.path.as_ref()?).ok()?;
        metadata.is_file().then_some(metadata.len())
    }
}

/// All files that the sources name, directories walked in the order of names.
pub(super) fn expand(sources: &[Source], inputs: &mut Inputs) -> Vec<Found> {
    let mut found = Vec::new();
    for source in sources {
        match source {
            Source::Stdin => found.push(Found { name: "-".to_owned(), path: None, named: true }),
            Source::Path(path) if path.is_dir() => {
                let before = found.len();
                walk(path, 0, &mut found, inputs);
                if found.len() == before {
                    inputs.notices.push(format!("{}: no file is in it", path.display()));
                }
            }
            Source::Path(path) => {
                found.push(Found { name: path.display().to_string(), path: Some(path.clone()), named: true });
            }
        }
    }
    found
}

/// Directories inside directories.
const DEPTH: usize = 64;

fn walk(directory: &Path, depth: usize, found: &mut Vec<Found>, inputs: &mut Inputs) {
    let entries = match fs::read_dir(directory) {
        Ok(entries) if depth < DEPTH => entries,
        Ok(_) => return inputs.notices.push(format!("{}: too deep, not read", directory.display())),
        Err(error) => {
            let error = InputError { path: directory.display().to_string(), message: error.to_string() };
            return inputs.failed.push(error);
        }
    };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && path.is_symlink() {
            // It may lead back here: every file would be read again and again.
            inputs
                .notices
                .push(format!("{}: a link to a directory is not followed; name it", path.display()));
        } else if path.is_dir() {
            walk(&path, depth + 1, found, inputs);
        } else if path.is_file() {
            found.push(Found { name: path.display().to_string(), path: Some(path), named: false });
        } else if let Err(error) = fs::metadata(&path) {
            // A link whose file is gone may have been the recording.
            let path = path.display().to_string();
            inputs.failed.push(InputError { path, message: format!("is listed, but not there: {error}") });
        } else {
            inputs.notices.push(format!("{}: is no file, not read; name it", path.display()));
        }
    }
}

impl Inputs {
    /// A file in a directory is of a kind that nothing here reads.
    pub(super) fn skipped(&mut self, found: &Found) {
        self.skipped.push(found.name.clone());
    }

    /// Says once which files were skipped.
    pub(super) fn settle(&mut self) {
        let skipped = std::mem::take(&mut self.skipped);
        let listed: Vec<&str> = skipped.iter().take(8).map(String::as_str).collect();
        let more = if skipped.len() > listed.len() { ", …" } else { "" };
        if !skipped.is_empty() {
            let files = if skipped.len() == 1 { "file" } else { "files" };
            self.notices.push(format!(
                "skipped {} {files} of a kind that holds no traffic: {}{more}",
                skipped.len(),
                listed.join(", ")
            ));
        }
    }
}

/// Counts, and with `--hashes` hashes, the bytes of one file as they are read.
pub(super) struct Meter {
    count: Arc<AtomicU64>,
    total: Option<Arc<AtomicU64>>,
    hash: Option<Arc<Mutex<digest::Context>>>,
}

impl Meter {
    pub(super) fn new(settings: &Settings) -> Self {
        let hash = || Arc::new(Mutex::new(digest::Context::new(&digest::SHA256)));
        Self { count: Arc::default(), total: settings.progress.clone(), hash: settings.hashes.then(hash) }
    }

    /// The same bytes, counted. `size`: how many they are, where that is known.
    pub(super) fn around(&self, read: Box<dyn Read + Send>, size: Option<u64>) -> Box<dyn Read + Send> {
        Box::new(Metered {
            read,
            size,
            count: Arc::clone(&self.count),
            total: self.total.clone(),
            hash: self.hash.clone(),
        })
    }

    /// Bytes read, and their hash.
    pub(super) fn finish(self) -> (u64, Option<[u8; 32]>) {
        let hash = self.hash.and_then(|hash| {
            let context = hash.lock().unwrap_or_else(PoisonError::into_inner).clone();
            context.finish().as_ref().try_into().ok()
        });
        (self.count.load(Ordering::Relaxed), hash)
    }
}

struct Metered {
    read: Box<dyn Read + Send>,
    size: Option<u64>,
    count: Arc<AtomicU64>,
    total: Option<Arc<AtomicU64>>,
    hash: Option<Arc<Mutex<digest::Context>>>,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.read.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        if let Some(total) = &self.total {
            total.fetch_add(read as u64, Ordering::Relaxed);
        }
        if let (Some(hash), Some(bytes)) = (&self.hash, buffer.get(..read)) {
            hash.lock().unwrap_or_else(PoisonError::into_inner).update(bytes);
        }
        Ok(read)
    }
}

impl Drop for Metered {
    /// What a decoder left (the rest after a cut, padding) belongs to the file's size and hash too.
    fn drop(&mut self) {
        if let (Some(size), None) = (self.size, &self.hash) {
            let left = size.saturating_sub(self.count.load(Ordering::Relaxed));
            self.count.fetch_add(left, Ordering::Relaxed);
            if let Some(total) = &self.total {
                total.fetch_add(left, Ordering::Relaxed);
            }
            return;
        }
        let mut rest = vec![0; 128 << 10];
        while matches!(self.read(&mut rest), Ok(read) if read > 0) {}
    }
}
