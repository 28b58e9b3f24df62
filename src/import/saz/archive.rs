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
use crate::import::{ImportError, Notice, Receiver};
use crate::limits;

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
            out.notice(Notice { entry: None, text });
            out.truncated();
            return members;
        };
        let count = zip.len();
        if count > limits::ARCHIVE_MEMBERS {
            let text = format!(
                "holds {count} members; only {} are read (limit ARCHIVE_MEMBERS)",
                limits::ARCHIVE_MEMBERS
            );
            out.notice(Notice { entry: None, text });
        }
        let mut members = Vec::new();
        for index in 0..count.min(limits::ARCHIVE_MEMBERS) {
            match member(zip, index) {
                Ok(Some(member)) => members.push(member),
                Ok(None) => {}
                Err(text) => out.notice(Notice { entry: Some(index as u64), text }),
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
            held_at: 0,
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
    let name = String::from_utf8_lossy(file.name_raw()).replace('\\', "/");
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

/// Whether a name leads out of the archive.
fn leads_out(name: &str) -> bool {
    name.split('/').any(|part| part == "..") || name.starts_with('/') || name.contains(':')
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
    /// Bytes of a file, from `held_at` on.
    held: Vec<u8>,
    held_at: u64,
}

impl Unpacker<'_, '_> {
    /// Unpacks a member, at least up to `limit` bytes if it has so many. `enough` is asked, after the
    /// first few kilobytes, whether more is wanted.
    pub(crate) fn read(
        &mut self,
        member: &Member,
        limit: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Vec<u8>, MemberError> {
        if member.encrypted {
            return self.decrypt(member, limit);
        }
        let archive = self.archive.bytes;
        let bytes = if self.archive.file.is_some() {
            let range = self.hold(member)?;
            let held = std::mem::take(&mut self.held);
            let bytes = self.unpack(member, held.get(range).unwrap_or_default(), limit, enough);
            self.held = held;
            bytes?
        } else {
            let end = member.start.checked_add(member.packed);
            let packed = end.and_then(|end| archive.get(member.start..end)).ok_or_else(outside)?;
            self.unpack(member, packed, limit, enough)?
        };
        if bytes.len() as u64 == member.size {
            check(member, &bytes)?;
        }
        Ok(bytes)
    }

    /// Reads the bytes of several members of a file at once, where they stand together.
    pub(crate) fn fetch<'m>(&mut self, members: impl Iterator<Item = &'m Member> + Clone) {
        let Some(file) = self.archive.file else { return };
        let start = members.clone().map(|member| member.start).min().unwrap_or_default();
        let end = members.map(Member::end_at_most).max().unwrap_or_default();
        if end.saturating_sub(start) <= FETCHED {
            self.load(file, start, end - start);
        }
    }

    fn load(&mut self, file: &File, start: usize, length: usize) {
        self.held_at = start as u64;
        self.held.resize(length, 0);
        let read = index::read_at(file, &mut self.held, start as u64).unwrap_or(0);
        self.held.truncate(read);
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
        let header = self.held.get(at..)?.first_chunk::<{ salvage::HEADER }>()?;
        let start = at + salvage::HEADER + salvage::behind_header(header)?;
        let end = start.checked_add(member.packed)?;
        (end <= self.held.len()).then_some(start..end)
    }

    fn unpack(
        &mut self,
        member: &Member,
        packed: &[u8],
        limit: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Vec<u8>, MemberError> {
        match member.method {
            CompressionMethod::Stored => Ok(packed.get(..limit).unwrap_or(packed).to_vec()),
            CompressionMethod::Deflated => self.inflate(member, packed, limit, enough),
            other => Err(MemberError::Damaged(format!("is packed by a method not known ({other})"))),
        }
    }

    /// A member of moderate size at once; `None` where it is not as its header says.
    fn inflate_whole(&mut self, packed: &[u8], size: usize) -> Option<Vec<u8>> {
        let mut out = vec![0; size];
        let length = self.whole.deflate_decompress(packed, &mut out).ok()?;
        (length == size).then_some(out)
    }

    fn inflate(
        &mut self,
        member: &Member,
        packed: &[u8],
        limit: usize,
        enough: impl FnOnce(&[u8]) -> bool,
    ) -> Result<Vec<u8>, MemberError> {
        // The claimed size is no more than a hint: deflate makes at most about 1032 bytes of one.
        let claimed = usize::try_from(member.size).unwrap_or(usize::MAX);
        let room = claimed.min(limit).min(packed.len().saturating_mul(1040)).max(64);
        if claimed == room
            && claimed <= 4 * FIRST_LOOK
            && let Some(out) = self.inflate_whole(packed, claimed)
        {
            return Ok(out);
        }
        self.inflate.reset(false);
        let mut out = Vec::with_capacity(if room > 4 * FIRST_LOOK { FIRST_LOOK } else { room });
        let mut enough = (room > 4 * FIRST_LOOK).then_some(enough);
        loop {
            let used = usize::try_from(self.inflate.total_in()).unwrap_or(usize::MAX);
            let before = (used, out.len());
            let status = self
                .inflate
                .decompress_vec(packed.get(used..).unwrap_or_default(), &mut out, FlushDecompress::None)
                .map_err(|_| {
                    MemberError::Damaged(format!("its deflate data is damaged after {} bytes", out.len()))
                })?;
            if status == Status::StreamEnd || out.len() >= limit {
                break;
            }
            if out.len() == out.capacity() {
                if let Some(enough) = enough.take() {
                    if enough(&out) {
                        break;
                    }
                    out.reserve_exact(room.saturating_sub(out.len()).max(64));
                } else {
                    out.reserve(out.len().clamp(4096, 1 << 20));
                }
            } else if before == (usize::try_from(self.inflate.total_in()).unwrap_or(usize::MAX), out.len()) {
                let text = format!("its deflate data is cut after {} bytes", out.len());
                return Err(MemberError::Damaged(text));
            }
        }
        out.truncate(limit);
        Ok(out)
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
const FIRST_LOOK: usize = 16 << 10;

/// Bytes of a session that are read at once.
const FETCHED: usize = 1 << 20;

/// Bytes that stand between name and data of a member at most; more is read apart.
const EXTRA: usize = 256;

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
        let name = String::from_utf8_lossy(&local.name).replace('\\', "/");
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
        let name = String::from_utf8_lossy(name).replace('\\', "/");
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

    /// Whether a password is needed.
    pub(crate) fn encrypted(&self) -> bool {
        self.encrypted
    }
}
