//! Takes a document, gives it to stdout and to the files of `--report`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

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

fn write_file(path: &Path, document: &Document<'_>, format: Format, options: &Options) -> io::Result<()> {
    write_whole(path, |out| render(document, format, options, out))
}

/// Writes a file beside its name first, so that it is whole or not there; mode 0600. A link stays one, what it leads
/// to is replaced. What is no file (a FIFO, a terminal, a device) cannot be replaced and is written to.
pub fn write_whole(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut out = BufWriter::new(std::fs::OpenOptions::new().write(true).open(path)?);
        return write(&mut out).and_then(|()| out.flush());
    }
    let path = &behind_links(path)?;
    let mut beside = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(beside);
    let result = private(&beside).and_then(|file| {
        let mut out = BufWriter::new(file);
        write(&mut out)?;
        out.into_inner()?.sync_all()?;
        std::fs::rename(&beside, path)
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    result
}

/// The file that a name leads to, whether it is there yet or not.
fn behind_links(path: &Path) -> io::Result<PathBuf> {
    if let Ok(found) = path.canonicalize() {
        return Ok(found);
    }
    match std::fs::read_link(path) {
        // It leads to a file that is yet to be made. A link to a link to nothing is left to the system to refuse.
        Ok(target) => Ok(path.parent().unwrap_or(Path::new("")).join(target)),
        Err(_) => Ok(path.to_owned()),
    }
}

/// A new file that only its owner may read.
fn private(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
