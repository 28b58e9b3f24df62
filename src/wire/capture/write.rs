//! Takes packets and secrets, writes a pcapng file of one section (draft-ietf-opsawg-pcapng), little-endian,
//! with times in nanoseconds. Each block is written whole: a file that ends early is cut between blocks.

use std::io::{self, Write};

use super::{LinkType, Packet};

/// Writes a pcapng file.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
    block: Vec<u8>,
    interfaces: u32,
    written: u64,
}

impl<W: Write> Writer<W> {
    /// Begins a section; `application` is the writer's name, as tools show it.
    ///
    /// # Errors
    /// The system's.
    pub fn new(out: W, application: &str, comment: Option<&str>) -> io::Result<Self> {
        let mut writer = Self { out, block: Vec::new(), interfaces: 0, written: 0 };
        writer.begin(0x0a0d_0d0a);
        writer.word(0x1a2b_3c4d);
        writer.block.extend([1, 0, 0, 0]);
        writer.block.extend([0xff; 8]);
        writer.option(1, comment.map(str::as_bytes));
        writer.option(4, Some(application.as_bytes()));
        writer.end()?;
        Ok(writer)
    }

    /// Describes an interface; gives its number for [`Writer::packet`].
    ///
    /// # Errors
    /// The system's, and a link type that the format cannot hold.
    pub fn interface(&mut self, link: LinkType, snap: u32, name: Option<&str>) -> io::Result<u32> {
        let link = u16::try_from(link.0).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("link type {} does not fit pcapng", link.0))
        })?;
        self.begin(1);
        self.block.extend(link.to_le_bytes());
        self.block.extend([0, 0]);
        self.word(snap);
        self.option(2, name.map(str::as_bytes));
        self.option(9, Some(&[9]));
        self.end()?;
        self.interfaces = self.interfaces.saturating_add(1);
        Ok(self.interfaces - 1)
    }

    /// Writes a packet of an interface; its number and link type are the file's own matter.
    ///
    /// # Errors
    /// The system's.
    pub fn packet(&mut self, interface: u32, packet: &Packet<'_>, comment: Option<&str>) -> io::Result<()> {
        let nanos = packet.time.map_or(0, |time| time.nanos().max(0).cast_unsigned());
        self.begin(6);
        self.word(interface);
        // Upper and lower half.
        self.word(u32::try_from(nanos >> 32).unwrap_or(u32::MAX));
        self.word(u32::try_from(nanos & 0xffff_ffff).unwrap_or(u32::MAX));
        self.word(u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX));
        self.word(packet.original);
        self.block.extend(packet.bytes);
        self.pad();
        self.option(1, comment.map(str::as_bytes));
        self.end()
    }

    /// Writes secrets, of a type as registered: 0x544c534b for a TLS key log.
    ///
    /// # Errors
    /// The system's.
    pub fn secrets(&mut self, kind: u32, bytes: &[u8]) -> io::Result<()> {
        self.begin(10);
        self.word(kind);
        self.word(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        self.block.extend(bytes);
        self.pad();
        self.end()
    }

    /// Writes what an interface received and lost since the start.
    ///
    /// # Errors
    /// The system's.
    pub fn statistics(&mut self, interface: u32, received: u64, dropped: u64) -> io::Result<()> {
        self.begin(5);
        self.word(interface);
        self.block.extend([0; 8]);
        self.option(4, Some(&received.to_le_bytes()));
        self.option(5, Some(&dropped.to_le_bytes()));
        self.end()
    }

    /// Hands everything so far to the system.
    ///
    /// # Errors
    /// The system's.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Bytes written so far.
    pub const fn written(&self) -> u64 {
        self.written
    }

    /// Hands everything to the system, and the sink back.
    ///
    /// # Errors
    /// The system's.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn begin(&mut self, kind: u32) {
        self.block.clear();
        self.word(kind);
        self.word(0);
    }

    fn word(&mut self, word: u32) {
        self.block.extend(word.to_le_bytes());
    }

    fn pad(&mut self) {
        self.block.resize(self.block.len().next_multiple_of(4), 0);
    }

    /// An option; one longer than its length field is cut.
    fn option(&mut self, code: u16, value: Option<&[u8]>) {
        let Some(value) = value else { return };
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.block.extend(code.to_le_bytes());
        self.block.extend(length.to_le_bytes());
        self.block.extend(value.iter().take(usize::from(length)));
        self.pad();
    }

    fn end(&mut self) -> io::Result<()> {
        // End of options: allowed where there are none.
        if !matches!(self.block.first(), Some(10)) {
            self.word(0);
        }
        let length = u32::try_from(self.block.len().saturating_add(4))
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "a block of 4 GiB"))?;
        self.word(length);
        if let Some(field) = self.block.get_mut(4..8) {
            field.copy_from_slice(&length.to_le_bytes());
        }
        self.out.write_all(&self.block)?;
        self.written = self.written.saturating_add(u64::from(length));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::super::tests::all;
    use super::*;
    use crate::base::Instant;

    fn written() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), "oauthtrace", Some("a section")).unwrap();
        let ethernet = writer.interface(LinkType(1), 65_535, Some("eth0")).unwrap();
        let raw = writer.interface(LinkType(101), 0, None).unwrap();
        assert_eq!((ethernet, raw), (0, 1));
        writer.secrets(0x544c_534b, b"CLIENT_RANDOM 00 11\n").unwrap();
        for (interface, bytes, comment) in
            [(ethernet, &b"first frame, odd"[..], None), (raw, b"E", Some("odd"))]
        {
            let time = Some(Instant::from_nanos(1_700_000_000_123_456_789));
            let packet = Packet { number: 0, time, link: LinkType(0), bytes, original: 90 };
            writer.packet(interface, &packet, comment).unwrap();
        }
        writer.statistics(ethernet, 12, 3).unwrap();
        let length = writer.written();
        let file = writer.finish().unwrap();
        assert_eq!(file.len() as u64, length);
        file
    }

    #[test]
    fn what_is_written_is_read_back() {
        let read = all(&written());
        let time = Some(1_700_000_000_123_456_789);
        assert_eq!(read.error, None);
        assert_eq!(
            read.packets,
            [(1, time, 1, b"first frame, odd".to_vec(), 90), (2, time, 101, b"E".to_vec(), 90)]
        );
        assert_eq!(read.comments, ["a section", "odd"]);
        assert_eq!(read.secrets, [(0x544c_534b, b"CLIENT_RANDOM 00 11\n".to_vec())]);
        assert_eq!(read.dropped, 3);
    }

    #[test]
    fn tshark_reads_what_is_written() {
        let path = std::env::temp_dir().join(format!("oauthtrace-{}-written.pcapng", std::process::id()));
        std::fs::write(&path, written()).unwrap();
        let told = Command::new("tshark")
            .args(["-n", "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len", "-e", "frame.comment"])
            .arg("-r")
            .arg(&path)
            .output();
        std::fs::remove_file(&path).unwrap();
        let Ok(told) = told else {
            eprintln!("skipped: no tshark");
            return;
        };
        let complaint = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(told.status.success() && !complaint.contains("damaged"), "{complaint}");
        let text = String::from_utf8(told.stdout).unwrap();
        assert_eq!(text, "1700000000.123456789\t90\t\n1700000000.123456789\t90\todd\n");
    }

    #[test]
    fn a_link_type_beyond_the_format_is_refused() {
        let mut writer = Writer::new(Vec::new(), "oauthtrace", None).unwrap();
        assert!(writer.interface(LinkType(1 << 16), 0, None).is_err());
    }
}
