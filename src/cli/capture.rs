//! `capture`: takes an interface, records it, judges what arrives, prints findings as they come and the
//! report at the end. With the feature `live`.

use super::args::capture::CaptureArgs;
use super::status::Status;
use super::terminal::Terminal;

/// Runs the command.
#[cfg(not(feature = "live"))]
pub fn run(_: CaptureArgs, terminal: &Terminal) -> Status {
    terminal.error(
        "capture: this program was built without live capture; build it with `cargo build --release --features \
         live` (libpcap's headers are needed), or record with tcpdump, dumpcap or netsh trace and give the file to \
         verify",
    );
    Status::Usage
}

#[cfg(feature = "live")]
pub use with_live::run;

#[cfg(feature = "live")]
mod with_live {
    use std::path::Path;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64};
    use std::time::Duration;

    use super::{CaptureArgs, Status, Terminal};
    use crate::checks::expectations::Expectations;
    use crate::checks::finding::{Finding, Severity};
    use crate::checks::judge::Judge;
    use crate::cli::args::traffic::InputArgs;
    use crate::cli::output::{deliver, print};
    use crate::cli::status::Complaints;
    use crate::cli::{baseline, expectations, report_inputs, tell};
    use crate::live::files::Files;
    use crate::live::interfaces::{self, Interface, Trouble};
    use crate::live::keys::KeyLogs;
    use crate::live::{Recorded, Until, record};
    use crate::pipeline::{Input, Inputs, Kind};
    use crate::report::Document;
    use crate::report::recorder::Recorder;
    use crate::wire::tls::secrets::Secrets;

    /// Runs the command.
    pub fn run(mut args: CaptureArgs, terminal: &Terminal) -> Status {
        if args.list {
            return list(terminal);
        }
        let mut complaints = Complaints::default();
        let mut input = InputArgs {
            inputs: Vec::new(),
            keylog: std::mem::take(&mut args.keylog),
            tls_key: std::mem::take(&mut args.tls_key),
            password_file: std::mem::take(&mut args.password_file),
            hashes: false,
        };
        expectations::configure(&mut input, &mut args.expect, &mut args.output, terminal, &mut complaints);
        let keylogs = std::mem::take(&mut input.keylog);
        let destinations = expectations::destinations(&args.output, &mut complaints);
        let settings = expectations::settings(&input, &mut complaints);
        let expected = expectations::expectations(&args.expect, &settings.passwords, &mut complaints);
        let earlier = args.expect.baseline.as_deref().and_then(|path| baseline::read(path, &mut complaints));
        let (mut files, until) = plan(&args, &mut complaints);
        let secrets = Arc::new(Secrets::default());
        for (name, file) in &settings.tls_keys {
            if let Err(message) = secrets.add_server_key(name, file.expose(), &settings.passwords) {
                complaints.unreadable(format!("{name}: {message}"));
            }
        }
        let name = args.interface.unwrap_or_default();
        if !complaints.is_empty() {
            return tell(&complaints, terminal);
        }
        let mut interface = match Interface::open(&name, args.filter.as_deref()) {
            Ok(interface) => interface,
            Err(trouble) => return told(trouble, terminal),
        };
        let stop = match signals() {
            Ok(stop) => stop,
            Err(error) => {
                terminal.error(&format!("signals: {error}"));
                return Status::Unreadable;
            }
        };
        for path in keylogs.iter().filter(|path| !path.exists()) {
            terminal.notice(&format!("{}: is not there yet, and is awaited", path.display()));
        }
        terminal.notice(&format!("recording {name}; Ctrl-C ends it and prints the report"));

        let listed = destinations.formats().any(|format| format.lists_exchanges());
        let mut recorder = Recorder::new(Judge::new(&expected), listed, Arc::new(AtomicU64::new(0)));
        let mut logs = KeyLogs::new(&keylogs, secrets);
        let mut known = Vec::new();
        let mut news = |recorder: &mut Recorder<'_>| {
            recorder.judge_mut().news(&mut known).into_iter().for_each(|finding| say(finding, terminal));
        };
        let recorded =
            record(&mut interface, files.as_mut(), &mut logs, until, &stop, &mut recorder, &mut news);

        let mut status = Status::Done;
        if let Some(why) = &recorded.failed {
            terminal.error(why);
            status = Status::Unreadable;
        }
        let inputs = inputs(&name, files.as_ref(), &recorded);
        status = status.max(report_inputs(&inputs, terminal));
        finish(recorder, inputs, &expected, earlier.as_ref(), status, |verification, status| {
            status.max(deliver(&Document::Verification(verification), &destinations, terminal))
        })
    }

    fn finish(
        recorder: Recorder<'_>,
        inputs: Inputs,
        expected: &Expectations,
        earlier: Option<&baseline::Known>,
        status: Status,
        deliver: impl FnOnce(&crate::report::Verification, Status) -> Status,
    ) -> Status {
        let mut verification = recorder.finish(inputs.read, expected);
        if let Some(earlier) = earlier {
            baseline::apply(earlier, &mut verification);
        }
        deliver(&verification, status.max(Status::from(verification.judgement.verdict)))
    }

    fn list(terminal: &Terminal) -> Status {
        match interfaces::list() {
            Ok(lines) if lines.is_empty() => told(
                Trouble::Privilege("no interface can be recorded: run as root, or see --help".to_owned()),
                terminal,
            ),
            Ok(lines) => print(terminal, |out| lines.iter().try_for_each(|line| writeln!(out, "{line}"))),
            Err(trouble) => told(trouble, terminal),
        }
    }

    fn told(trouble: Trouble, terminal: &Terminal) -> Status {
        let (line, status) = match trouble {
            Trouble::Usage(line) => (line, Status::Usage),
            Trouble::Privilege(line) | Trouble::System(line) => (line, Status::Unreadable),
        };
        terminal.error(&line);
        status
    }

    /// A flag that SIGINT and SIGTERM set; the second one ends the program at once.
    fn signals() -> std::io::Result<Arc<AtomicBool>> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 3, Arc::clone(&stop))?;
            signal_hook::flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(stop)
    }

    /// What is written, and when to stop.
    fn plan(args: &CaptureArgs, complaints: &mut Complaints) -> (Option<Files>, Until) {
        let mut wrong = |option: &str, text: &str, wanted: &str| {
            complaints.usage(format!("{option} {text}: {wanted}"));
        };
        let max_size = args.max_size.as_deref().and_then(|text| {
            let size = size(text).filter(|size| *size >= 4096);
            if size.is_none() {
                wrong("--max-size", text, "a size of 4 KiB or more expected, for example 100MB");
            }
            size
        });
        let duration = args.duration.as_deref().and_then(|text| {
            let found = duration(text);
            if found.is_none() {
                wrong("--duration", text, "a time expected, for example 90, 10m or 2h");
            }
            found
        });
        if args.max_files == Some(0) {
            wrong("--max-files", "0", "at least 1 expected");
        }
        if args.count == Some(0) {
            wrong("--count", "0", "at least 1 expected");
        }
        if args.max_files.is_some() && args.max_size.is_none() {
            complaints.usage("--max-files needs --max-size: without it there is one file");
        }
        if args.write.is_none() && args.max_size.is_some() {
            complaints.usage("--max-size needs -w: nothing is written without it");
        }
        if let Some(folder) = args.write.as_deref().and_then(Path::parent)
            && !folder.as_os_str().is_empty()
            && !folder.is_dir()
        {
            complaints.usage(format!("-w: {} is no directory", folder.display()));
        }
        let max_files = args.max_files.map(|count| usize::try_from(count).unwrap_or(usize::MAX));
        let files = args.write.clone().map(|path| Files::new(path, max_size, max_files));
        (files, Until { duration, count: args.count })
    }

    /// `4096`, `100k`, `100MB`, `1GiB`: MB are millions, MiB are 2^20.
    fn size(text: &str) -> Option<u64> {
        let lower = text.trim().to_ascii_lowercase();
        let at = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
        let (number, unit) = lower.split_at(at);
        let factor: u64 = match unit.trim() {
            "" | "b" => 1,
            "k" | "kb" => 1000,
            "m" | "mb" => 1_000_000,
            "g" | "gb" => 1_000_000_000,
            "kib" => 1 << 10,
            "mib" => 1 << 20,
            "gib" => 1 << 30,
            _ => return None,
        };
        number.parse::<u64>().ok()?.checked_mul(factor)
    }

    /// `90`, `90s`, `10m`, `2h`, `1d`.
    fn duration(text: &str) -> Option<Duration> {
        let lower = text.trim().to_ascii_lowercase();
        let at = lower.find(|c: char| !c.is_ascii_digit()).unwrap_or(lower.len());
        let (number, unit) = lower.split_at(at);
        let factor = match unit.trim() {
            "" | "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
        (seconds > 0).then(|| Duration::from_secs(seconds))
    }

    /// A finding as it comes: one line.
    fn say(finding: &Finding, terminal: &Terminal) {
        let mut line = format!("[{}] {}", finding.rule, finding.message);
        if !finding.observed.is_empty() {
            line.push_str(": ");
            line.push_str(&finding.observed);
        }
        match finding.severity {
            Severity::Error => terminal.finding(&line),
            Severity::Warning => terminal.warning(&line),
            Severity::Info => terminal.detail(&line),
        }
    }

    fn inputs(name: &str, files: Option<&Files>, recorded: &Recorded) -> Inputs {
        let names: Vec<String> =
            files.iter().flat_map(|files| files.names()).map(|path| path.display().to_string()).collect();
        let path = if names.is_empty() { name.to_owned() } else { names.join(" ") };
        let input = Input {
            bytes: recorded.written,
            exchanges: recorded.exchanges,
            packets: recorded.packets,
            dropped: recorded.dropped,
            unread: recorded.unread.clone(),
            notices: recorded.notices.clone(),
            ..Input::named(0, path, Kind::Pcapng)
        };
        let mut inputs = Inputs::default();
        inputs.read.push(input);
        inputs
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn sizes_and_times_have_units() {
            assert_eq!(size("100MB"), Some(100_000_000));
            assert_eq!(size("1 MiB"), Some(1 << 20));
            assert_eq!(size("4096"), Some(4096));
            assert_eq!((size("MB"), size("1TB"), size("-1")), (None, None, None));
            assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
            assert_eq!((duration("0"), duration("1.5h")), (None, None));
        }
    }
}
