//! Takes a ZIP archive in a file, gives the members that its index lists, without reading the rest.
//! APPNOTE.TXT 4.3.12 and 4.3.16.
//!
//! Plain archives only, as Fiddler writes them: whatever else there is (encryption, ZIP64, links, bytes before
//! the archive, damage) is for the `zip` crate, which wants the whole.

use std::fs::File;
use std::io;

use super::archive::Member;
use crate::base::Reader;
use crate::limits;

/// Bytes of the end record without its comment.
const END: usize = 22;

/// Bytes of a comment at most.
const COMMENT: usize = u16::MAX as usize;

/// The members, in the order of the index; `None` where only the whole archive can tell.
pub(super) fn members(file: &File, size: u64) -> Option<Vec<Member>> {
    let tail = size.min((END + COMMENT) as u64);
    let end = bytes(file, size - tail, usize::try_from(tail).ok()?).ok()?;
    let at = memchr::memmem::rfind(&end, b"PK\x05\x06")?;
    let mut record = Reader::new(end.get(at + 4..)?);
    let (disk, first) = (record.u16_le()?, record.u16_le()?);
    let (here, count) = (record.u16_le()?, record.u16_le()?);
    let (length, start) = (record.u32_le()?, record.u32_le()?);
    let comment = record.u16_le()?;
    let whole = at + END + usize::from(comment) == end.len();
    // Between index and end record a ZIP64 record may stand, which says nothing new where nothing is too large.
    let gap = (size - tail + at as u64).checked_sub(u64::from(start) + u64::from(length))?;
    let between = end.get(at.checked_sub(usize::try_from(gap).ok()?)?..at)?;
    let ends = between.is_empty() || between.starts_with(b"PK\x06\x06");
    if disk != 0 || first != 0 || here != count || !whole || !ends || start == u32::MAX {
        return None;
    }
    let index = bytes(file, u64::from(start), length as usize).ok()?;
    let mut reader = Reader::new(&index);
    let mut found = Vec::new();
    while reader.position() < index.len() && found.len() < limits::ARCHIVE_MEMBERS {
        found.extend(entry(&mut reader)?);
    }
    // Of more than 65535 some writers keep the lower half of the count.
    (reader.position() == index.len()).then_some(found)
}

/// One entry: `Some(None)` for a folder, `None` for what is not plain.
fn entry(reader: &mut Reader<'_>) -> Option<Option<Member>> {
    (reader.take(4)? == b"PK\x01\x02").then_some(())?;
    let made_by = reader.u16_le()?;
    reader.skip(2)?;
    let flags = reader.u16_le()?;
    let method = reader.u16_le()?;
    reader.skip(4)?;
    let (crc, packed, size) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
    let (name, extra, comment) = (reader.u16_le()?, reader.u16_le()?, reader.u16_le()?);
    reader.skip(4)?;
    let attributes = reader.u32_le()?;
    let start = reader.u32_le()?;
    let name = reader.take(usize::from(name))?;
    reader.skip(usize::from(extra) + usize::from(comment))?;
    let encrypted = flags & 1 != 0;
    let link = made_by >> 8 == 3 && attributes >> 16 & 0o170_000 == 0o120_000;
    let wide = [packed, size, start].contains(&u32::MAX);
    if encrypted || link || wide {
        return None;
    }
    Member::of_index(name, u64::from(start), packed, size, method, crc)
}

/// `length` bytes of a file from `at` on.
pub(super) fn bytes(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let read = read_at(file, &mut bytes, at)?;
    if read == length { Ok(bytes) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Reads until `buffer` is full or the file ends, without moving the file's own position.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match once(file, rest, at + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[cfg(unix)]
fn once(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn once(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

#[cfg(not(any(unix, windows)))]
fn once(_: &File, _: &mut [u8], _: u64) -> io::Result<usize> {
    Err(io::ErrorKind::Unsupported.into())
}
