//! Takes key log files that other programs write to, gives the lines that were added, to the secrets of
//! the run and to whoever writes them down. RFC 9850.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::base::Secret;
use crate::limits;
use crate::wire::tls::secrets::Secrets;

struct Log {
    path: PathBuf,
    /// Bytes that were read, up to the last whole line.
    at: u64,
}

/// All key logs of a recording.
pub struct KeyLogs {
    logs: Vec<Log>,
    secrets: Arc<Secrets>,
}

impl KeyLogs {
    /// Follows these files; one that is not there yet may come.
    pub fn new(paths: &[PathBuf], secrets: Arc<Secrets>) -> Self {
        let logs = paths.iter().map(|path| Log { path: path.clone(), at: 0 }).collect();
        Self { logs, secrets }
    }

    /// The secrets of the run.
    pub const fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// Whether any are followed.
    pub fn any(&self) -> bool {
        !self.logs.is_empty()
    }

    /// Reads what was added since the last time, adds it to the secrets and gives it.
    pub fn read(&mut self) -> Secret {
        let mut all = Vec::new();
        for log in &mut self.logs {
            let Some(text) = log.added() else { continue };
            self.secrets.add_keylog(&name(&log.path), text.expose());
            all.extend_from_slice(text.expose());
        }
        Secret::new(all)
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

impl Log {
    /// Whole lines that were added. A file that became shorter was begun anew.
    fn added(&mut self) -> Option<Secret> {
        let mut file = File::open(&self.path).ok()?;
        let length = file.metadata().ok()?.len();
        if length < self.at {
            self.at = 0;
        }
        if length == self.at {
            return None;
        }
        file.seek(SeekFrom::Start(self.at)).ok()?;
        let mut bytes = Vec::new();
        file.take(limits::LIVE_KEYLOG_BYTES).read_to_end(&mut bytes).ok()?;
        let bytes = Secret::new(bytes);
        let whole = match bytes.expose().iter().rposition(|byte| *byte == b'\n') {
            Some(last) => last + 1,
            // A line without an end, longer than any is: passed over.
            None if bytes.expose().len() as u64 == limits::LIVE_KEYLOG_BYTES => bytes.expose().len(),
            None => return None,
        };
        self.at += whole as u64;
        Some(Secret::new(bytes.expose().get(..whole)?.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_are_given_once_and_only_when_they_are_whole() {
        let path = std::env::temp_dir().join(format!("oauthtrace-keylog-{}", std::process::id()));
        let mut logs = KeyLogs::new(std::slice::from_ref(&path), Arc::default());
        assert_eq!(logs.read().expose(), b"");
        let mut file = File::create(&path).unwrap();
        file.write_all(b"# one\nCLIENT_RAN").unwrap();
        assert_eq!(logs.read().expose(), b"# one\n");
        assert_eq!(logs.read().expose(), b"");
        file.write_all(b"DOM 00 00\n").unwrap();
        assert_eq!(logs.read().expose(), b"CLIENT_RANDOM 00 00\n");
        File::create(&path).unwrap().write_all(b"# new\n").unwrap();
        assert_eq!(logs.read().expose(), b"# new\n");
        std::fs::remove_file(&path).unwrap();
    }
}
