//! Takes the bytes of a ZIP archive, gives its members' beginnings. APPNOTE.TXT 6.3.10.
//!
//! The index is read by the `zip` crate, which also opens what is encrypted; plain members are inflated
//! here, straight from the archive's bytes and only as far as they are wanted. Nothing is written
//! anywhere.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Cursor, Read};
use std::ops::Range;

use flate2::{Decompress, FlushDecompress, Status};
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive, read::ZipReadOptions};

use crate::base::Secret;
use crate::connection::LeftOut;
use crate::import::{ImportError, Notice, Receiver};
use crate::limits;
use crate::wire::http::body::beginning::beginning;

use super::index;
use super::salvage::{self, Local};

/// One member, as the index describes it.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// Place in the index of the archive.
    index: usize,
    /// With `/` between folders.
    pub(crate) name: String,
    /// Where its bytes stand in the archive, or the header before them.
    start: usize,
    /// Whether that is the header.
    headed: bool,
    packed: usize,
    /// Bytes when unpacked, as claimed.
    pub(crate) size: u64,
    method: CompressionMethod,
    encrypted: bool,
    crc: u32,
}

/// An archive over bytes in memory, or in a file of which only what is wanted is read. Clones share the index.
#[derive(Clone)]
pub(crate) struct Archive<'a> {
    bytes: &'a [u8],
    file: Option<&'a File>,
    /// Nothing where the index is lost.
    zip: Option<ZipArchive<Cursor<&'a [u8]>>>,
}

/// Why a member cannot be read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum MemberError {
    /// None of the passwords opens it, or there are none.
    Password,
    /// What is wrong with it.
    Damaged(String),
}

impl<'a> Archive<'a> {
    /// Reads the index; an archive that lost it is used up to the cut.
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ImportError> {
        if !bytes.starts_with(b"PK") {
            return Err(ImportError::Damaged("is no ZIP archive (expected PK at byte 0)".to_owned()));
        }
        match ZipArchive::new(Cursor::new(bytes)) {
            Ok(zip) => Ok(Self { bytes, file: None, zip: Some(zip) }),
            Err(_) if salvage::members(bytes).len() > 1 => Ok(Self { bytes, file: None, zip: None }),
            Err(error) => Err(ImportError::Damaged(format!(
                "the index at the end of the ZIP archive cannot be read ({}): cut, or damaged",
                reason(&error)
            ))),
        }
    }

    /// An archive in a file, with its members; `None` where the whole must be read to understand it.
    pub(crate) fn of_file(file: &'a File, size: u64) -> Option<(Self, Vec<Member>)> {
        let members = index::members(file, size)?;
        // Members are read one by one: of those that overlap each would cost as much as it claims.
        let claimed = members.iter().fold(0_u64, |sum, member| sum.saturating_add(member.packed as u64));
        (claimed <= size).then_some(())?;
        Some((Self { bytes: &[], file: Some(file), zip: None }, members))
    }

    /// All members that are files, without those that lead out of the archive or elsewhere.
    pub(crate) fn members(&mut self, out: &mut dyn Receiver) -> Vec<Member> {
        let Some(zip) = &mut self.zip else {
            let members = salvage::members(self.bytes);
            let text = format!(
                "the archive is cut: its index is lost, the {} members before the cut are used",
                members.len()
            );
            out.notice(Notice::new(None, text));
            out.truncated();
            return members;
        };
        let count = zip.len();
        if count > limits::ARCHIVE_MEMBERS {
            let text = format!(
                "holds {count} members; only {} are read (limit ARCHIVE_MEMBERS)",
                limits::ARCHIVE_MEMBERS
            );
            let count = (count - limits::ARCHIVE_MEMBERS) as u64;
            out.notice(Notice::lost(None, text, LeftOut { count, ..LeftOut::request() }));
        }
        let mut members = Vec::new();
        for index in 0..count.min(limits::ARCHIVE_MEMBERS) {
            match member(zip, index) {
                Ok(Some(member)) => members.push(member),
                Ok(None) => {}
                // Which it was is not asked: of what is outside of the archive nothing is known.
                Err(text) => out.notice(Notice::lost(Some(index as u64), text, LeftOut::request())),
            }
        }
        members
    }

    /// A reader of members; each thread has its own.
    pub(crate) fn unpacker<'p>(&self, passwords: &'p [Secret]) -> Unpacker<'a, 'p> {
        Unpacker {
            archive: self.clone(),
            inflate: Decompress::new(false),
            whole: libdeflater::Decompressor::new(),
            passwords,
            opened: None,
            held: Vec::new(),
            held_length: 0,
            held_at: 0,
            out: Vec::new(),
        }
    }
}

fn member(zip: &mut ZipArchive<Cursor<&[u8]>>, index: usize) -> Result<Option<Member>, String> {
    let file = zip.by_index_raw(index).map_err(|error| {
        format!("member {index} of the archive is damaged and left out: {}", reason(&error))
    })?;
    if file.is_dir() {
        return Ok(None);
    }
    let name = with_slashes(file.name_raw());
    if leads_out(&name) || file.is_symlink() {
        return Err(format!("member {index} of the archive points out of it and is left out"));
    }
    Ok(Some(Member {
        index,
        name,
        start: file.data_start().and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX),
        headed: false,
        packed: usize::try_from(file.compressed_size()).unwrap_or(usize::MAX),
        size: file.size(),
        method: file.compression(),
        encrypted: file.encrypted(),
        crc: file.crc32(),
    }))
}

/// A name as text, with `/` between folders.
fn with_slashes(name: &[u8]) -> String {
    let text = String::from_utf8_lossy(name);
    if name.contains(&b'\\') { text.replace('\\', "/") } else { text.into_owned() }
}

/// Whether a name leads out of the archive.
fn leads_out(name: &str) -> bool {
    let dots = name.as_bytes().windows(2).any(|pair| pair == b"..");
    (dots && name.split('/').any(|part| part == "..")) || name.starts_with('/') || name.contains(':')
}

/// Reads members, one at a time.
pub(crate) struct Unpacker<'a, 'p> {
    archive: Archive<'a>,
    inflate: Decompress,
    /// Twice as fast, for what is wanted whole.
    whole: libdeflater::Decompressor,
    passwords: &'p [Secret],
    /// The password that opened the last member.
    opened: Option<usize>,
    /// Bytes of a file, `held_length` of them from `held_at` on. Its own length only grows, so that nothing is
    /// filled with zeros only to be read over.
    held: Vec<u8>,
    held_length: usize,
    held_at: u64,
    /// Memory for what the last member held; likewise.
    out: Vec<u8>,
}

impl Unpacker<'_, '_> {
    /// Unpacks a member, at least up to `limit` bytes if it has so many. Of one larger than `large`, `enough` is asked
    /// after the first few kilobytes whether more is wanted.
    pub(crate) fn read(
        &mut self,
        member: &Member,
        limit: usize,
        large: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<&[u8], MemberError> {
        if self.out.len() > LARGEST_KEPT {
            self.out = Vec::new();
        }
        let mut told = false;
        let enough = |beginning: &[u8]| {
            told = enough(beginning);
            told
        };
        let length = if member.encrypted {
            self.out = self.decrypt(member, limit)?;
            return Ok(&self.out);
        } else if self.archive.file.is_some() {
            let range = self.hold(member)?;
            let held = std::mem::take(&mut self.held);
            let length = self.unpack(member, held.get(range).unwrap_or_default(), limit, large, enough);
            self.held = held;
            length?
        } else {
            let archive = self.archive.bytes;
            let end = member.start.checked_add(member.packed);
            let packed = end.and_then(|end| archive.get(member.start..end)).ok_or_else(outside)?;
            self.unpack(member, packed, limit, large, enough)?
        };
        let bytes = self.out.get(..length).unwrap_or_default();
        // Deflate data that is damaged may well end, with more or fewer bytes than it was made of.
        let ended =
            !told && length < limit && member.size > 0 && member.method == CompressionMethod::Deflated;
        if ended || length as u64 == member.size {
            check(member, bytes)?;
        }
        Ok(bytes)
    }

    /// Reads the bytes of several members of a file at once, where they stand together.
    pub(crate) fn fetch<'m>(&mut self, members: impl Iterator<Item = &'m Member>) {
        let Some(file) = self.archive.file else { return };
        let (start, end) = members.fold((usize::MAX, 0), |(start, end), member| {
            (start.min(member.start), end.max(member.end_at_most()))
        });
        let length = end.saturating_sub(start);
        let known = self.held_at..=self.held_at + self.held_length as u64;
        let held = known.contains(&(start as u64)) && known.contains(&(end as u64));
        if (1..=FETCHED).contains(&length) && !held {
            self.load(file, start, length);
        }
    }

    fn load(&mut self, file: &File, start: usize, length: usize) {
        self.held_at = start as u64;
        let room = room(&mut self.held, length);
        self.held_length = index::read_at(file, room, start as u64).unwrap_or(0);
    }

    /// Sees that the packed bytes of a member are held, and says where.
    fn hold(&mut self, member: &Member) -> Result<Range<usize>, MemberError> {
        if let Some(range) = self.range(member) {
            return Ok(range);
        }
        if let Some(file) = self.archive.file {
            self.load(file, member.start, member.end_at_most() - member.start);
        }
        self.range(member).ok_or_else(outside)
    }

    /// Where a member's packed bytes are among those that are held.
    fn range(&self, member: &Member) -> Option<Range<usize>> {
        let at = (member.start as u64).checked_sub(self.held_at).and_then(|at| usize::try_from(at).ok())?;
        let held = self.held.get(..self.held_length)?;
        let header = held.get(at..)?.first_chunk::<{ salvage::HEADER }>()?;
        let start = at + salvage::HEADER + salvage::behind_header(header)?;
        let end = start.checked_add(member.packed)?;
        (end <= held.len()).then_some(start..end)
    }

    /// Unpacks a member to the beginning of `out`; how many bytes it held.
    fn unpack(
        &mut self,
        member: &Member,
        packed: &[u8],
        limit: usize,
        large: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<usize, MemberError> {
        match member.method {
            CompressionMethod::Stored => {
                let wanted = packed.get(..limit).unwrap_or(packed);
                room(&mut self.out, wanted.len()).copy_from_slice(wanted);
                Ok(wanted.len())
            }
            CompressionMethod::Deflated => self.inflate(member, packed, limit, large, enough),
            other => Err(MemberError::Damaged(format!("is packed by a method not known ({other})"))),
        }
    }

    /// A member of moderate size at once; `false` where it is not as its header says.
    fn inflate_whole(&mut self, packed: &[u8], size: usize) -> bool {
        let out = room(&mut self.out, size);
        self.whole.deflate_decompress(packed, out).is_ok_and(|length| length == size)
    }

    fn inflate(
        &mut self,
        member: &Member,
        packed: &[u8],
        limit: usize,
        large: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<usize, MemberError> {
        // The claimed size is no more than a hint: deflate makes at most about 1032 bytes of one.
        let claimed = usize::try_from(member.size).unwrap_or(usize::MAX);
        let most = claimed.min(limit).min(packed.len().saturating_mul(1040)).max(64);
        let mut enough = Some(enough).filter(|_| most > large.max(FIRST_LOOK));
        if enough.is_some()
            && let Some((begin, false)) = beginning(packed, FIRST_LOOK)
            && enough.take().is_some_and(|enough| enough(&begin))
        {
            room(&mut self.out, begin.len()).copy_from_slice(&begin);
            return Ok(begin.len());
        }
        let at_once = claimed == most && claimed <= LARGEST_KEPT;
        if at_once && (enough.is_none() || claimed <= AT_ONCE) && self.inflate_whole(packed, claimed) {
            return Ok(claimed);
        }
        self.inflate.reset(false);
        let mut wanted = if enough.is_some() { FIRST_LOOK } else { most.min(LARGEST_KEPT) };
        let mut made = 0;
        loop {
            let used = usize::try_from(self.inflate.total_in()).unwrap_or(usize::MAX);
            let before = (used, made);
            let into = room(&mut self.out, wanted).get_mut(made..).unwrap_or_default();
            let status = self
                .inflate
                .decompress(packed.get(used..).unwrap_or_default(), into, FlushDecompress::None)
                .map_err(|_| {
                    MemberError::Damaged(format!(
                        "its deflate data is damaged after {} bytes",
                        self.inflate.total_out()
                    ))
                })?;
            let number = |total: u64| usize::try_from(total).unwrap_or(usize::MAX);
            made = number(self.inflate.total_out());
            if status == Status::StreamEnd || made >= limit {
                break;
            }
            if made == wanted {
                if let Some(enough) = enough.take() {
                    if enough(self.out.get(..made).unwrap_or_default()) {
                        break;
                    }
                    // To begin again in the faster way costs less than to go on in this one.
                    if at_once && self.inflate_whole(packed, claimed) {
                        return Ok(claimed);
                    }
                    self.inflate.reset(false);
                    made = 0;
                    wanted = most.min(LARGEST_KEPT);
                } else {
                    wanted += made.clamp(4096, 1 << 20);
                }
            } else if before == (number(self.inflate.total_in()), made) {
                let text = format!("its deflate data is cut after {made} bytes");
                return Err(MemberError::Damaged(text));
            }
        }
        Ok(made.min(limit))
    }

    /// Tries the passwords, the one that worked last first.
    fn decrypt(&mut self, member: &Member, limit: usize) -> Result<Vec<u8>, MemberError> {
        let first = self.opened.into_iter();
        let mut last = MemberError::Password;
        for number in first.chain(0..self.passwords.len()) {
            let Some(password) = self.passwords.get(number) else { continue };
            match self.decrypt_with(member, limit, password) {
                Ok(bytes) => {
                    self.opened = Some(number);
                    return Ok(bytes);
                }
                Err(MemberError::Password) => {}
                // One in 256 wrong passwords passes ZipCrypto's check and shows as damage.
                Err(error) if self.opened == Some(number) => last = error,
                Err(_) => {}
            }
        }
        Err(last)
    }

    fn decrypt_with(
        &mut self,
        member: &Member,
        limit: usize,
        password: &Secret,
    ) -> Result<Vec<u8>, MemberError> {
        let damaged = |error: String| MemberError::Damaged(error);
        let options = ZipReadOptions::new().password(Some(password.expose()));
        let Some(zip) = &mut self.archive.zip else {
            return Err(damaged("is encrypted, and the archive's index is lost".to_owned()));
        };
        let mut file = zip.by_index_with_options(member.index, options).map_err(|error| {
            if matches!(error, ZipError::InvalidPassword) {
                MemberError::Password
            } else {
                damaged(reason(&error).into_owned())
            }
        })?;
        let mut bytes = Vec::new();
        let whole = member.size <= limit as u64;
        let wanted = limit as u64 + u64::from(whole);
        file.by_ref().take(wanted).read_to_end(&mut bytes).map_err(|error| damaged(error.to_string()))?;
        bytes.truncate(limit);
        Ok(bytes)
    }
}

/// How much of a large member is unpacked before `enough` is asked.
const FIRST_LOOK: usize = 4 << 10;

/// A member up to this size is unpacked at once, where its beginning cannot be had by itself.
pub(super) const AT_ONCE: usize = 64 << 10;

/// Bytes of some sessions that are read at once.
const FETCHED: usize = 1 << 20;

/// Memory that is kept from one member to the next.
const LARGEST_KEPT: usize = 1 << 20;

/// Bytes that stand between name and data of a member at most; more is read apart.
const EXTRA: usize = 256;

/// The first `length` bytes of memory that is used again and again.
fn room(memory: &mut Vec<u8>, length: usize) -> &mut [u8] {
    if memory.len() < length {
        memory.resize(length, 0);
    }
    memory.get_mut(..length).unwrap_or_default()
}

fn outside() -> MemberError {
    MemberError::Damaged("lies outside of the archive".to_owned())
}

fn check(member: &Member, bytes: &[u8]) -> Result<(), MemberError> {
    if libdeflater::crc32(bytes) == member.crc {
        Ok(())
    } else {
        Err(MemberError::Damaged("its checksum does not fit".to_owned()))
    }
}

fn reason(error: &ZipError) -> Cow<'static, str> {
    match error {
        ZipError::InvalidArchive(text) => text.clone(),
        ZipError::UnsupportedArchive(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}

impl Member {
    /// A member as its own header describes it.
    pub(crate) fn of_local(local: Local) -> Option<Self> {
        let name = with_slashes(&local.name);
        if name.ends_with('/') || leads_out(&name) {
            return None;
        }
        let method = match local.method {
            0 => CompressionMethod::Stored,
            8 => CompressionMethod::Deflated,
            _ => return None,
        };
        let Local { start, packed, size, encrypted, crc, .. } = local;
        Some(Self { index: usize::MAX, name, start, headed: false, packed, size, method, encrypted, crc })
    }

    /// A member as the index describes it: `Some(None)` for a folder, `None` for what is not plain.
    pub(super) fn of_index(
        name: &[u8],
        start: u64,
        packed: u32,
        size: u32,
        method: u16,
        crc: u32,
    ) -> Option<Option<Self>> {
        let name = with_slashes(name);
        if name.ends_with('/') {
            return Some(None);
        }
        let method = match method {
            0 => CompressionMethod::Stored,
            8 => CompressionMethod::Deflated,
            _ => return None,
        };
        let start = usize::try_from(start).ok().filter(|_| !leads_out(&name))?;
        let (index, packed, size) = (usize::MAX, packed as usize, u64::from(size));
        Some(Some(Self { index, name, start, headed: true, packed, size, method, encrypted: false, crc }))
    }

    /// Where its bytes end, as long as its header holds nothing unusual.
    fn end_at_most(&self) -> usize {
        let header = if self.headed { salvage::HEADER + self.name.len() + EXTRA } else { 0 };
        self.start.saturating_add(header).saturating_add(self.packed)
    }

    /// How it is packed, if it is packed in a way that is not read.
    pub(super) fn unknown_method(&self) -> Option<CompressionMethod> {
        let known = matches!(self.method, CompressionMethod::Stored | CompressionMethod::Deflated);
        (!known && !self.encrypted).then_some(self.method)
    }

    /// Whether a password is needed.
    pub(crate) fn encrypted(&self) -> bool {
        self.encrypted
    }
}
