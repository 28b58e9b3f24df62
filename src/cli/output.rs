//! Takes a document, gives it to stdout and to the files of `--report`.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::expectations::{Destinations, plain};
use super::status::Status;
use super::terminal::Terminal;
use crate::report::{Document, Format, Options, render};

/// Writes all renderings; gives the worst that happened. A closed stdout ends quietly: whoever reads has
/// seen enough, and the verdict stands.
pub fn deliver(document: &Document<'_>, to: &Destinations, terminal: &Terminal) -> Status {
    if to.show_secrets {
        terminal.warning(
            "--show-secrets: signatures, passwords and cookies are printed; keep the result to yourself",
        );
    }
    let mut status = Status::Done;
    for (path, format) in &to.files {
        let options = Options { show_secrets: to.show_secrets, color: false, width: 80 };
        if let Err(error) = write_file(path, document, *format, &options) {
            terminal.error(&format!("--report {}: {}", path.display(), plain(&error)));
            status = Status::Usage;
        }
    }
    let options =
        Options { show_secrets: to.show_secrets, color: terminal.colored_stdout(), width: Terminal::width() };
    status.max(print(terminal, |out| render(document, to.stdout, &options, out)))
}

/// Writes to stdout; a broken pipe is no error.
pub fn print(terminal: &Terminal, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Status {
    let mut out = BufWriter::with_capacity(1 << 16, io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Status::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            // The buffer must not try again when it is dropped.
            let (_, _) = out.into_parts();
            Status::Done
        }
        Err(error) => {
            let (_, _) = out.into_parts();
            terminal.error(&format!("stdout: {}", plain(&error)));
            Status::Usage
        }
    }
}

/// Writes beside the name first, so that a report is whole or not there; mode 0600.
fn write_file(path: &Path, document: &Document<'_>, format: Format, options: &Options) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    let result = private(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        render(document, format, options, &mut out)?;
        out.into_inner()?.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    result
}

/// A new file that only its owner may read.
pub fn private(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
