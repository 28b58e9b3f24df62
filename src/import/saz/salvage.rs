//! Takes a ZIP archive whose index is lost (cut while it was copied), gives the members before the cut.
//! APPNOTE.TXT 4.3.7: each member begins with a header of its own.

use memchr::memmem;

use super::archive::Member;
use crate::base::Reader;
use crate::limits;

const LOCAL: &[u8] = b"PK\x03\x04";

/// Bytes of a local header before the name.
pub(super) const HEADER: usize = 30;

/// Bytes of name and extra fields behind a local header; `None` where none stands.
pub(super) fn behind_header(header: &[u8; HEADER]) -> Option<usize> {
    let mut reader = Reader::new(header);
    (reader.take(4)? == LOCAL).then_some(())?;
    reader.skip(22)?;
    Some(usize::from(reader.u16_le()?) + usize::from(reader.u16_le()?))
}

/// What a local header says.
pub(crate) struct Local {
    pub(crate) name: Vec<u8>,
    pub(crate) start: usize,
    pub(crate) packed: usize,
    /// 0 where the header leaves it to a descriptor behind the data.
    pub(crate) size: u64,
    pub(crate) method: u16,
    pub(crate) encrypted: bool,
    pub(crate) crc: u32,
}

/// All members whose headers are whole, in the order of the file.
pub(super) fn members(bytes: &[u8]) -> Vec<Member> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < limits::ARCHIVE_MEMBERS {
        let Some(local) = bytes.get(at..).and_then(|rest| local(rest, at)) else { break };
        at = local.start + local.packed;
        // A descriptor may stand between; anything else is looked over too.
        let next = bytes.get(at..).and_then(|rest| memmem::find(rest, LOCAL));
        found.extend(Member::of_local(local));
        match next {
            Some(distance) => at += distance,
            None => break,
        }
    }
    found
}

fn local(bytes: &[u8], at: usize) -> Option<Local> {
    let mut reader = Reader::new(bytes);
    (reader.take(4)? == LOCAL).then_some(())?;
    reader.skip(2)?;
    let flags = reader.u16_le()?;
    let method = reader.u16_le()?;
    reader.skip(4)?;
    let (crc, packed, size) = (reader.u32_le()?, reader.u32_le()?, reader.u32_le()?);
    let (name, extra) = (reader.u16_le()?, reader.u16_le()?);
    let name = reader.take(usize::from(name))?.to_vec();
    reader.skip(usize::from(extra))?;
    let data = reader.rest();
    let told = flags & 8 == 0 && packed != u32::MAX;
    let packed = if told {
        (packed as usize).min(data.len())
    } else {
        memmem::find(data, LOCAL).unwrap_or(data.len())
    };
    let size = if told && size != u32::MAX { u64::from(size) } else { 0 };
    let start = at + reader.position();
    Some(Local { name, start, packed, size, method, encrypted: flags & 1 != 0, crc })
}
