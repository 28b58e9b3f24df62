//! `capture` for real: loopback, `curl` against `openssl s_server`, keys that arrive while it runs, the file
//! read by tshark. Needs the right to record; says so where it is missing.
#![cfg(feature = "live")]

#[path = "cli/support.rs"]
mod support;

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use support::Folder;

const TENANT: &str = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11";

/// A child that does not outlive the test.
struct Kept(Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether this machine lets us record, and has what the tests need.
fn able(folder: &Folder) -> bool {
    let run = folder.run(&["capture", "-i", "lo", "--tenant", TENANT, "--duration", "1"]);
    if run.0.status.code() == Some(3) {
        assert!(run.stderr().contains("no right to record"), "{}", run.stderr());
        assert!(run.stderr().contains("setcap"), "{}", run.stderr());
        eprintln!("skipped: no right to record on lo");
        return false;
    }
    for tool in ["openssl", "curl", "tshark"] {
        if Command::new(tool).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            eprintln!("skipped: no {tool}");
            return false;
        }
    }
    true
}

fn server(folder: &Folder) -> (Kept, u16) {
    let pem = folder.file("server.pem", "");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-keyout", pem.to_str().unwrap(), "-out", pem.with_extension("crt").to_str().unwrap()])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("openssl")
        .args(["s_server", "-www", "-quiet", "-accept", &format!("127.0.0.1:{port}")])
        .args(["-cert", pem.with_extension("crt").to_str().unwrap(), "-key", pem.to_str().unwrap()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kept = Kept(child);
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return (kept, port);
        }
        std::thread::sleep(Duration::from_millis(25));
    }
    panic!("openssl s_server did not begin to listen");
}

/// A running `capture`, whose stderr is read as it comes.
struct Capture {
    child: Kept,
    lines: Arc<Mutex<String>>,
}

impl Capture {
    fn start(folder: &Folder, arguments: &[&str]) -> Self {
        let base = ["capture", "-i", "lo", "--tenant", TENANT];
        let mut child = folder
            .command(&[&base[..], arguments].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        let lines = Arc::new(Mutex::new(String::new()));
        let written = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let mut lines = written.lock().unwrap();
                lines.push_str(&line);
                lines.push('\n');
            }
        });
        let capture = Self { child: Kept(child), lines };
        capture.wait_for("recording lo");
        capture
    }

    #[track_caller]
    fn wait_for(&self, words: &str) {
        let begun = Instant::now();
        while !self.lines.lock().unwrap().contains(words) {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "no {words:?} in {}",
                self.lines.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        let pid = self.child.0.id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Waits for the end; gives the status and what was printed.
    fn end(mut self) -> (Option<i32>, String) {
        let begun = Instant::now();
        while self.child.0.try_wait().unwrap().is_none() {
            // The report is shorter than a pipe holds.
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "it does not end: {}",
                self.lines.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        let mut printed = String::new();
        self.child.0.stdout.take().unwrap().read_to_string(&mut printed).unwrap();
        let status = self.child.0.wait().unwrap();
        (status.code(), printed)
    }
}

fn curl(port: u16, keys: &Path, more: &[&str]) {
    let status = Command::new("curl")
        .args(["-sk", "--max-time", "10", "-o", "/dev/null"])
        .args(more)
        .arg(format!("https://127.0.0.1:{port}/ews/exchange.asmx"))
        .env("SSLKEYLOGFILE", keys)
        .status()
        .unwrap();
    assert!(status.success());
}

fn tshark(file: &Path, arguments: &[&str]) -> String {
    let output = Command::new("tshark").arg("-n").arg("-r").arg(file).args(arguments).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !complaint.contains("cut short"), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn findings_come_while_it_records_and_sigterm_ends_it_with_file_and_report() {
    let folder = Folder::new();
    if !able(&folder) {
        return;
    }
    let (_server, port) = server(&folder);
    let keys = folder.file("keys.log", "");
    std::fs::remove_file(&keys).unwrap();
    let filter = format!("tcp port {port}");
    let file = keys.with_file_name("traffic.pcapng");
    let capture = Capture::start(
        &folder,
        &["-w", "traffic.pcapng", "-f", &filter, "--keylog", "keys.log", "-o", "json"],
    );
    // The key log does not exist yet; its lines arrive with the handshake.
    curl(port, &keys, &["-u", "somebody:something"]);
    capture.wait_for("[basic-sent]");
    curl(port, &keys, &["-H", "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJ4In0."]);
    std::thread::sleep(Duration::from_millis(1500));
    capture.signal("TERM");
    let (status, printed) = capture.end();
    assert_eq!(status, Some(1), "{printed}");
    let report: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(report["verdict"], "fail");
    assert_eq!(report["inputs"][0]["exchanges"], 2);
    assert_eq!(report["tokens"].as_array().unwrap().len(), 1);
    assert_eq!(report["coverage"]["undecrypted"], 0);
    assert!(!printed.contains("something"), "a password is never printed");

    // The file holds its keys: tshark opens it without being given any.
    let uris = tshark(
        &file,
        &["-Y", "http.request", "-T", "fields", "-e", "http.request.uri", "-d"]
            .into_iter()
            .chain([format!("tcp.port=={port},tls").as_str()])
            .collect::<Vec<_>>(),
    );
    assert_eq!(uris.lines().collect::<Vec<_>>(), ["/ews/exchange.asmx"; 2], "{uris}");
    // And so do we, to the same verdict.
    let again = folder.run(&["verify", "traffic.pcapng", "--tenant", TENANT, "-o", "json"]);
    again.status(1);
    let again: serde_json::Value = serde_json::from_str(&again.stdout()).unwrap();
    let rules = |report: &serde_json::Value| {
        let all = report["findings"].as_array().unwrap().iter();
        all.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(rules(&again), rules(&report));
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn sigint_ends_it_too_and_nothing_seen_is_incomplete() {
    let folder = Folder::new();
    if !able(&folder) {
        return;
    }
    let capture = Capture::start(&folder, &["-f", "tcp port 1", "-w", "empty.pcapng"]);
    capture.signal("INT");
    let (status, printed) = capture.end();
    assert_eq!(status, Some(4), "{printed}");
    assert!(printed.starts_with("INCOMPLETE"), "{printed}");
    let file = folder.file("x", "").with_file_name("empty.pcapng");
    assert_eq!(tshark(&file, &[]), "");
}

#[test]
fn a_ring_keeps_its_newest_files_and_count_ends_it() {
    let folder = Folder::new();
    if !able(&folder) {
        return;
    }
    let (_server, port) = server(&folder);
    let keys = folder.file("keys.log", "");
    let filter = format!("tcp port {port}");
    let capture = Capture::start(
        &folder,
        &["-w", "ring.pcapng", "-f", &filter, "--max-size", "5k", "--max-files", "2", "--count", "60"],
    );
    for _ in 0..8 {
        curl(port, &keys, &[]);
    }
    let (status, printed) = capture.end();
    assert_eq!(status, Some(4), "{printed}");
    let mut files: Vec<_> = std::fs::read_dir(keys.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("ring_"))
        .collect();
    files.sort();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in &files {
        assert!(!tshark(file, &[]).is_empty());
    }
}

#[test]
fn interfaces_are_listed_and_wrong_options_are_told() {
    let folder = Folder::new();
    let run = folder.run(&["capture", "-i", "no-such-if0", "--tenant", TENANT]);
    assert!(matches!(run.0.status.code(), Some(2 | 3)), "{}", run.stderr());
    assert!(run.stderr().contains("no-such-if0"));
    let lo = ["capture", "-i", "lo", "--tenant", TENANT];
    folder.run(&[&lo[..], &["--max-size", "a lot", "-w", "x"]].concat()).status(2).complains("--max-size");
    folder.run(&[&lo[..], &["--max-files", "3", "-w", "x"]].concat()).status(2).complains("--max-size");
    folder.run(&[&lo[..], &["--duration", "soon"]].concat()).status(2).complains("--duration");
    folder.run(&["capture", "-i", "lo"]).status(2).complains("--tenant");
    if able(&folder) {
        folder.run(&[&lo[..], &["-f", "tcp prot 443"]].concat()).status(2).complains("-f tcp prot 443");
        let run = folder.run(&["capture", "--list"]);
        run.status(0);
        assert!(run.stdout().lines().any(|line| line.starts_with("lo\t")), "{}", run.stdout());
        let diary = folder.file("diary.txt", "dear diary");
        folder.run(&[&lo[..], &["-w", "diary.txt"]].concat());
        assert_eq!(std::fs::read_to_string(diary).unwrap(), "dear diary");
    }
}
