//! Takes packets and keys, gives pcapng files that only their owner may read; begins a new one when one is
//! full, and removes the oldest of its own.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use crate::base::Secret;
use crate::limits;
use crate::wire::capture::write::Writer;
use crate::wire::capture::{LinkType, Packet};

/// Type of a Decryption Secrets Block that holds a TLS key log.
const KEY_LOG: u32 = 0x544c_534b;

/// Where to write, and how much.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    max_size: Option<u64>,
    max_files: Option<usize>,
    writer: Option<Writer<BufWriter<File>>>,
    current: PathBuf,
    interface: Option<(LinkType, u32, String)>,
    number: u64,
    earlier: VecDeque<PathBuf>,
    /// Keys so far: a new file needs those of sessions that go on.
    keys: Secret,
    finished: u64,
    /// Packets in all files, for statistics of files that are full.
    packets: u64,
}

impl Files {
    /// Nothing is opened yet.
    pub fn new(path: PathBuf, max_size: Option<u64>, max_files: Option<usize>) -> Self {
        Self {
            path,
            max_size,
            max_files,
            writer: None,
            current: PathBuf::new(),
            interface: None,
            number: 0,
            earlier: VecDeque::new(),
            keys: Secret::new(Vec::new()),
            finished: 0,
            packets: 0,
        }
    }

    /// Begins to write.
    ///
    /// # Errors
    /// One line with the file's name.
    pub fn begin(&mut self, link: LinkType, snap: u32, name: &str) -> Result<(), String> {
        self.interface = Some((link, snap, name.to_owned()));
        self.open()
    }

    /// Bytes written in all files.
    pub fn written(&self) -> u64 {
        self.finished + self.writer.as_ref().map_or(0, Writer::written)
    }

    /// Names of the files that are there.
    pub fn names(&self) -> impl Iterator<Item = &Path> {
        self.earlier.iter().chain(std::iter::once(&self.current)).map(PathBuf::as_path)
    }

    /// Writes a packet, in a new file when this one is full.
    ///
    /// # Errors
    /// One line with the file's name.
    pub fn packet(&mut self, packet: &Packet<'_>) -> Result<(), String> {
        let size = packet.bytes.len() as u64 + 64;
        let full = |writer: &Writer<_>| self.max_size.is_some_and(|max| writer.written() + size > max);
        // A packet larger than a file stands alone in one.
        if self.packets > 0 && self.writer.as_ref().is_some_and(full) {
            let packets = self.packets;
            self.end(packets, 0)?;
            self.earlier.push_back(std::mem::take(&mut self.current));
            self.open()?;
        }
        self.packets += 1;
        self.with(|writer| writer.packet(0, packet, None))
    }

    /// Writes keys.
    ///
    /// # Errors
    /// One line with the file's name.
    pub fn secrets(&mut self, text: &[u8]) -> Result<(), String> {
        let mut keys = [self.keys.expose(), text].concat();
        if keys.len() > limits::LIVE_KEYS_KEPT {
            let from = keys.len() - limits::LIVE_KEYS_KEPT;
            let line = keys.get(from..).and_then(|rest| rest.iter().position(|byte| *byte == b'\n'));
            keys.drain(..from + line.map_or(0, |at| at + 1));
        }
        self.keys = Secret::new(keys);
        self.with(|writer| writer.secrets(KEY_LOG, text))
    }

    /// Hands what was written to the system: somebody may be reading along.
    ///
    /// # Errors
    /// One line with the file's name.
    pub fn flush(&mut self) -> Result<(), String> {
        self.with(Writer::flush)
    }

    /// Ends the last file.
    ///
    /// # Errors
    /// One line with the file's name.
    pub fn finish(&mut self, received: u64, dropped: u64) -> Result<(), String> {
        self.end(received, dropped)
    }

    fn end(&mut self, received: u64, dropped: u64) -> Result<(), String> {
        self.with(|writer| writer.statistics(0, received, dropped))?;
        let Some(writer) = self.writer.take() else { return Ok(()) };
        self.finished += writer.written();
        let ended = writer.finish().and_then(|out| {
            let file = out.into_inner().map_err(io::Error::from)?;
            // Pipes and devices have nothing that could be lost, and refuse.
            if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
        });
        ended.map_err(|error| self.failed(&error))
    }

    fn open(&mut self) -> Result<(), String> {
        let Some((link, snap, name)) = self.interface.clone() else { return Ok(()) };
        self.number += 1;
        self.current = if self.max_size.is_some() { self.numbered() } else { self.path.clone() };
        let file = create(&self.current).map_err(|error| self.failed(&error))?;
        let application = concat!("oauthtrace ", env!("CARGO_PKG_VERSION"));
        let writer = Writer::new(BufWriter::with_capacity(1 << 18, file), application, None);
        self.writer = Some(writer.map_err(|error| self.failed(&error))?);
        self.with(|writer| writer.interface(link, snap, Some(&name)).map(|_| ()))?;
        if !self.keys.expose().is_empty() {
            let keys = Secret::new(self.keys.expose().to_vec());
            self.with(|writer| writer.secrets(KEY_LOG, keys.expose()))?;
        }
        self.packets = 0;
        // The one that is being written counts.
        while self.max_files.is_some_and(|max| self.earlier.len() >= max.max(1)) {
            let Some(oldest) = self.earlier.pop_front() else { break };
            fs::remove_file(&oldest).map_err(|error| format!("{}: {error}", oldest.display()))?;
        }
        Ok(())
    }

    /// `traffic.pcapng` becomes `traffic_00001.pcapng`.
    fn numbered(&self) -> PathBuf {
        let mut name: OsString = self.path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("_{:05}", self.number));
        if let Some(suffix) = self.path.extension() {
            name.push(".");
            name.push(suffix);
        }
        self.path.with_file_name(name)
    }

    fn with(
        &mut self,
        act: impl FnOnce(&mut Writer<BufWriter<File>>) -> io::Result<()>,
    ) -> Result<(), String> {
        match self.writer.as_mut().map(act) {
            None | Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.current.display())
    }
}

/// A file that only its owner may read. An earlier capture is replaced; anything else is left alone.
fn create(path: &Path) -> io::Result<File> {
    if path.exists() && !is_capture(path)? {
        let why = "is there, and is no capture; not overwritten";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    // Whoever reads from a pipe, and everybody who uses `/dev/null`, keeps the right to.
    #[cfg(unix)]
    if file.metadata()?.is_file() {
        use std::os::unix::fs::PermissionsExt as _;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

/// Empty files, devices such as `/dev/null`, pipes, pcapng and pcap.
fn is_capture(path: &Path) -> io::Result<bool> {
    // Opening a pipe to read from it would wait for somebody who writes.
    let kind = fs::metadata(path)?;
    if !kind.is_file() {
        return Ok(!kind.is_dir());
    }
    let mut file = File::open(path)?;
    let mut head = [0; 4];
    let count = io::Read::read(&mut file, &mut head)?;
    let known: [[u8; 4]; 5] = [
        [0x0a, 0x0d, 0x0d, 0x0a],
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
    ];
    Ok(count == 0 || known.contains(&head))
}

impl Drop for Files {
    /// Whatever happened, what was written is on its way.
    fn drop(&mut self) {
        if let Some(mut writer) = self.writer.take() {
            let _ = writer.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;
    use crate::wire::capture::{Item, Reader};

    fn packet(bytes: &[u8]) -> Packet<'_> {
        let original = u32::try_from(bytes.len()).unwrap();
        Packet { number: 0, time: Some(Instant::from_seconds(1)), link: LinkType(1), bytes, original }
    }

    #[test]
    fn full_files_are_followed_by_new_ones_and_the_oldest_go() {
        let folder = std::env::temp_dir().join(format!("oauthtrace-files-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut files = Files::new(folder.join("ring.pcapng"), Some(2000), Some(2));
        files.begin(LinkType(1), 65_535, "eth0").unwrap();
        files.secrets(b"CLIENT_RANDOM 00 11\n").unwrap();
        for number in 0..20_u8 {
            files.packet(&packet(&[number; 500])).unwrap();
        }
        files.finish(20, 3).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names.len(), 2, "{names:?}");
        let mut last = 0;
        for name in &names {
            let path = folder.join(name);
            assert!(fs::metadata(&path).unwrap().len() <= 2200);
            let mut reader = Reader::open(Box::new(File::open(&path).unwrap())).unwrap();
            let mut secrets = 0;
            while let Some(item) = reader.next_item().unwrap() {
                match item {
                    Item::Packet(packet) => last = packet.bytes[0],
                    Item::Secrets { bytes, .. } => {
                        assert_eq!(bytes, b"CLIENT_RANDOM 00 11\n");
                        secrets += 1;
                    }
                    _ => {}
                }
            }
            assert_eq!(secrets, 1, "every file holds the keys of sessions that go on");
        }
        assert_eq!(last, 19);
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_to_and_devices_keep_their_rights() {
        use std::os::unix::fs::PermissionsExt as _;
        let path = std::env::temp_dir().join(format!("oauthtrace-pipe-{}", std::process::id()));
        let made = std::process::Command::new("mkfifo").args(["-m", "644"]).arg(&path).status();
        if made.is_ok_and(|status| status.success()) {
            let pipe = path.clone();
            let reader = std::thread::spawn(move || fs::read(pipe).unwrap());
            let mut files = Files::new(path.clone(), None, None);
            files.begin(LinkType(1), 0, "eth0").unwrap();
            files.packet(&packet(&[1; 60])).unwrap();
            files.finish(1, 0).unwrap();
            assert!(reader.join().unwrap().starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]));
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
            fs::remove_file(&path).unwrap();
        }
        let rights = || fs::metadata("/dev/null").unwrap().permissions().mode();
        let before = rights();
        let mut files = Files::new("/dev/null".into(), None, None);
        files.begin(LinkType(1), 0, "eth0").unwrap();
        files.finish(0, 0).unwrap();
        assert_eq!(rights(), before);
    }

    #[test]
    fn a_diary_is_not_overwritten() {
        let path = std::env::temp_dir().join(format!("oauthtrace-diary-{}", std::process::id()));
        fs::write(&path, "dear diary").unwrap();
        let error = Files::new(path.clone(), None, None).begin(LinkType(1), 0, "eth0").unwrap_err();
        assert!(error.contains("not overwritten"), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "dear diary");
        fs::remove_file(&path).unwrap();
    }
}
