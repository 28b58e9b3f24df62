//! Takes notices, gives lines on stderr; knows whether stdout is a terminal, how wide, and whether in colour.
//!
//! stdout belongs to the result alone. Everything that may come from a file or from traffic is escaped
//! before it reaches a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::args::{Color, Talk};
use crate::report::escape::terminal;
use crate::report::mask::Mask;

/// How to talk to the person at the terminal.
#[derive(Clone, Debug)]
pub struct Terminal {
    quiet: bool,
    verbose: bool,
    color: Color,
}

impl Terminal {
    /// From the command line's options.
    pub fn new(talk: &Talk) -> Self {
        Self { quiet: talk.quiet, verbose: talk.verbose, color: talk.color }
    }

    /// Whether `-v` was given.
    pub fn is_verbose(&self) -> bool {
        self.verbose
    }

    /// Something is wrong: always told.
    pub fn error(&self, line: &str) {
        self.line("error", anstyle::AnsiColor::Red, line);
    }

    /// An error in the traffic, as it is seen.
    pub fn finding(&self, line: &str) {
        if !self.quiet {
            self.line("error", anstyle::AnsiColor::Red, line);
        }
    }

    /// Something the reader of the result should know.
    pub fn warning(&self, line: &str) {
        if !self.quiet {
            self.line("warning", anstyle::AnsiColor::Yellow, line);
        }
    }

    /// Something good to know.
    pub fn notice(&self, line: &str) {
        if !self.quiet {
            self.line("note", anstyle::AnsiColor::Cyan, line);
        }
    }

    /// Told with `-v` only.
    pub fn detail(&self, line: &str) {
        if self.verbose {
            self.line("note", anstyle::AnsiColor::Cyan, line);
        }
    }

    fn line(&self, label: &str, color: anstyle::AnsiColor, line: &str) {
        let mut stderr = anstream::AutoStream::new(std::io::stderr(), self.choice_for_stderr());
        let style = color.on_default().bold();
        // A closed stderr is nothing to fail for.
        // A token may stand where a file's name was expected.
        let line = Mask::new(false).text(line);
        let _ = writeln!(stderr, "{style}{label}{style:#}: {}", terminal(&line));
    }

    fn choice_for_stderr(&self) -> anstream::ColorChoice {
        match self.color {
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
            Color::Auto if no_color() || !std::io::stderr().is_terminal() => anstream::ColorChoice::Never,
            Color::Auto => anstream::ColorChoice::Auto,
        }
    }

    /// Whether text on stdout may hold colours.
    pub fn colored_stdout(&self) -> bool {
        match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => {
                let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
                !no_color() && !dumb && std::io::stdout().is_terminal()
            }
        }
    }

    /// Columns of text on stdout: `COLUMNS` where it is exported, else 80.
    pub fn width() -> usize {
        let told = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse::<usize>().ok());
        told.unwrap_or(80).clamp(60, 160)
    }

    /// Begins to tell how far reading has come, if anybody is looking.
    pub fn progress(&self) -> Progress {
        let shown = !self.quiet && std::io::stderr().is_terminal();
        Progress::start(shown)
    }
}

/// <https://no-color.org>: set and not empty.
fn no_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

/// A line on stderr that counts, from the second second on. It vanishes when this is dropped.
#[derive(Debug)]
pub struct Progress {
    counter: Arc<AtomicU64>,
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Progress {
    fn start(shown: bool) -> Self {
        let counter = Arc::new(AtomicU64::new(0));
        let done = Arc::new(AtomicBool::new(false));
        let thread = shown.then(|| {
            let (counter, done) = (Arc::clone(&counter), Arc::clone(&done));
            std::thread::spawn(move || tick(&counter, &done))
        });
        Self { counter, done, thread }
    }

    /// What sinks add to.
    pub fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.counter)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

fn tick(counter: &AtomicU64, done: &AtomicBool) {
    let began = Instant::now();
    let mut written = false;
    while !done.load(Ordering::Relaxed) {
        std::thread::park_timeout(Duration::from_millis(500));
        let seconds = began.elapsed().as_secs();
        if seconds >= 2 && !done.load(Ordering::Relaxed) {
            let count = counter.load(Ordering::Relaxed);
            let _ = write!(std::io::stderr(), "\r\x1b[Kreading: {count} exchanges, {seconds} s");
            written = true;
        }
    }
    if written {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
}
