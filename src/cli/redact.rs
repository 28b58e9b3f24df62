//! `redact`: takes an export, writes a copy that is safe to send, or nothing.

use std::io::Read as _;
use std::path::Path;

use super::args::redact::RedactArgs;
use super::expectations::{passwords, plain, read_small};
use super::output::{print, write_whole};
use super::status::{Complaints, Status};
use super::terminal::Terminal;
use crate::base::Secret;
use crate::limits;
use crate::redact::{Options, RedactError, Redacted, redact};
use crate::wire::capture::decompress;

/// Runs the command.
pub fn run(args: &RedactArgs, terminal: &Terminal) -> Status {
    let mut complaints = Complaints::default();
    let name = args.input.display().to_string();
    if same_file(&args.input, &args.write) {
        complaints.usage(format!("{name}: is the input and the output; give -w another name"));
    }
    if args.write.is_dir() || args.write.file_name().is_none() {
        complaints.usage(format!("{}: -w must name a file", args.write.display()));
    }
    let key = args.fingerprint_key.as_ref().and_then(|path| {
        let key = read_small(path, &mut complaints)?;
        if key.len() < 16 {
            complaints.unreadable(format!(
                "{}: {} bytes are too few for a key: fingerprints could be guessed; give at least 16, \
                 for example from: openssl rand -out FILE 32",
                path.display(),
                key.len()
            ));
        }
        Some(Secret::new(key))
    });
    let options = Options {
        mask_people: args.mask_people,
        fingerprint_key: key,
        passwords: passwords(&args.password_file, &mut complaints),
    };
    if !complaints.is_empty() {
        return super::tell(&complaints, terminal);
    }
    let input = match read(&args.input) {
        Ok(input) => input,
        Err(what) => {
            terminal.error(&format!("{name}: {what}"));
            return Status::Unreadable;
        }
    };
    match redact(&input, &options) {
        Err(RedactError::Survivor(place)) => {
            let error = RedactError::Survivor(place);
            terminal.error(&format!("{}: {error}", args.write.display()));
            Status::Failed
        }
        Err(error) => {
            terminal.error(&format!("{name}: {error}"));
            Status::Unreadable
        }
        Ok(redacted) => {
            let status = deliver(args, &redacted.bytes, terminal);
            if status == Status::Done {
                tell(&redacted, args, terminal);
            }
            status
        }
    }
}

/// The whole file, any compression taken off.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let file: Box<dyn std::io::Read + Send> = if path == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path).map_err(|error| plain(&error))?)
    };
    let opened = decompress::open(file).map_err(|error| plain(&error))?;
    if opened.kind.is_capture() {
        // What it is decides, not how large it is.
        let mut head = Vec::new();
        let _ = opened.read.take(crate::wire::capture::sniff::HEAD as u64).read_to_end(&mut head);
        return Ok(head);
    }
    let most = limits::REDACT_BYTES;
    // A vector that grows costs its size once more. What is not compressed is as large as the file says.
    let size = std::fs::metadata(path).map_or(0, |found| found.len().min(most));
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default().saturating_add(ROOM));
    opened.read.take(most + 1).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
    if bytes.len() as u64 > most {
        return Err(format!("is larger than the {most} bytes that are redacted at once; split it"));
    }
    Ok(bytes)
}

/// So that the end of a file is found without growing.
const ROOM: usize = 64;

/// Whether two names lead to the same file, links followed.
fn same_file(input: &Path, output: &Path) -> bool {
    let (Ok(one), Ok(two)) = (std::fs::canonicalize(input), std::fs::canonicalize(output)) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let inode = |path: &Path| std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()));
        if inode(&one).is_some() && inode(&one) == inode(&two) {
            return true;
        }
    }
    one == two
}

/// To the file, whole or not at all; `-` is stdout.
fn deliver(args: &RedactArgs, bytes: &[u8], terminal: &Terminal) -> Status {
    let write = |out: &mut dyn std::io::Write| out.write_all(bytes);
    if args.write == Path::new("-") {
        return print(terminal, write);
    }
    match write_whole(&args.write, write) {
        Ok(()) => Status::Done,
        Err(error) => {
            terminal.error(&format!("{}: {}", args.write.display(), plain(&error)));
            Status::Usage
        }
    }
}

fn tell(redacted: &Redacted, args: &RedactArgs, terminal: &Terminal) {
    let counted = redacted.masked.iter().filter(|(_, count)| *count > 0);
    let mut parts: Vec<String> =
        counted.map(|(kind, count)| format!("{count} {}", kind.noun(*count == 1))).collect();
    if args.mask_people {
        parts.push(format!("{} names of people", redacted.people));
    }
    let what = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
    terminal.notice(&format!("masked {what}"));
    let found = redacted.secrets - redacted.unsearched.min(redacted.secrets);
    terminal.notice(&format!(
        "searched the copy for {found} {} of the input in raw, base64, URL-encoded and JSON-escaped form: \
         none remains",
        if found == 1 { "secret" } else { "secrets" }
    ));
    if redacted.unsearched > 0 {
        terminal.notice(&format!(
            "{} more were masked where they stand but are too short or too plain to be searched for",
            redacted.unsearched
        ));
    }
    redacted.notices.iter().for_each(|notice| terminal.warning(notice));
    if !args.mask_people {
        terminal.notice("names and addresses of people stay; --mask-people replaces them");
    }
}
