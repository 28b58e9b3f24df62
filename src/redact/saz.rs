//! Takes a Fiddler session archive, gives another with the same sessions, redacted.
//!
//! APPNOTE.TXT 6.3.10. Members whose kind is not known are left out, and so are WebSocket messages, whose
//! payload is masked with keys of its own (RFC 6455 5.3) and cannot be vouched for. All times in the index
//! are the same, so that one input gives one output.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{Pass, RedactError, Redactor};
use crate::base::Secret;
use crate::import::saz::archive::{Archive, Member, MemberError, Unpacker};
use crate::import::{Collected, ImportError};
use crate::limits;

/// What a member of an archive is, by its name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Message,
    Metadata,
    /// Fiddler's table of sessions and the list of content types.
    Page,
    Unknown,
}

fn part(name: &str) -> Part {
    let lower = name.to_ascii_lowercase();
    let file = lower.rsplit('/').next().unwrap_or_default();
    match file {
        _ if file.ends_with("_c.txt") || file.ends_with("_s.txt") => Part::Message,
        _ if file.ends_with("_m.xml") => Part::Metadata,
        "_index.htm" | "_index.html" | "[content_types].xml" => Part::Page,
        _ => Part::Unknown,
    }
}

/// An unpacked archive.
pub(super) struct Unpacked {
    members: Vec<(String, Part, Vec<u8>)>,
    pub(super) notices: Vec<String>,
}

/// Unpacks all members whose kind is known.
pub(super) fn unpack(bytes: &[u8], passwords: &[Secret]) -> Result<Unpacked, RedactError> {
    let mut archive = Archive::open(bytes).map_err(|error| RedactError::Unreadable(error.to_string()))?;
    let mut told = Collected::default();
    let index = archive.members(&mut told);
    let mut notices: Vec<String> = told.notices.into_iter().map(|notice| notice.text).collect();
    let mut unpacker = archive.unpacker(passwords);
    let mut members = Vec::new();
    let (mut left, mut total, mut locked) = (0_u64, 0_u64, false);
    let bound = limits::ARCHIVE_TOTAL.max((bytes.len() as u64).saturating_mul(limits::ARCHIVE_RATIO));
    for member in &index {
        let kind = part(&member.name);
        if kind == Part::Unknown {
            left += 1;
            continue;
        }
        locked |= member.encrypted();
        let content = read(&mut unpacker, member, passwords)?;
        total = total.saturating_add(content.len() as u64);
        if total > bound {
            return Err(RedactError::Unreadable(format!("unpacks to more than {bound} bytes")));
        }
        members.push((member.name.clone(), kind, content));
    }
    if !members.iter().any(|(_, kind, _)| *kind == Part::Message) {
        return Err(RedactError::Unreadable(
            "is a ZIP archive, but no Fiddler session archive: it holds no raw/*_c.txt".to_owned(),
        ));
    }
    if left > 0 {
        let told = "members of the archive are left out: WebSocket messages, or of a kind that is not known";
        notices.push(format!("{left} {told}"));
    }
    if locked {
        notices.push("the input needs a password, the copy does not".to_owned());
    }
    Ok(Unpacked { members, notices })
}

fn read(unpacker: &mut Unpacker<'_, '_>, member: &Member, given: &[Secret]) -> Result<Vec<u8>, RedactError> {
    let limit = usize::try_from(limits::ARCHIVE_MEMBER_BYTES).unwrap_or(usize::MAX);
    let content = unpacker.read(member, limit, usize::MAX, |_| false).map_err(|error| {
        RedactError::Unreadable(match error {
            MemberError::Password if given.is_empty() => ImportError::PasswordMissing.to_string(),
            MemberError::Password => ImportError::PasswordWrong.to_string(),
            // Half a message may end inside a secret.
            MemberError::Damaged(what) => format!("a member of the archive cannot be read whole: {what}"),
        })
    })?;
    if content.len() >= limit {
        let what = format!("a member of the archive unpacks to {limit} bytes or more");
        return Err(RedactError::Unreadable(what));
    }
    Ok(content.to_vec())
}

impl Redactor {
    /// The archive again, and what is inside it for the search.
    pub(super) fn archive(&mut self, unpacked: &Unpacked) -> Result<Pass, RedactError> {
        let failed = |_| RedactError::Unreadable("the archive could not be written".to_owned());
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(zip::DateTime::default());
        let mut inside = Vec::new();
        for (name, kind, content) in &unpacked.members {
            let new = match kind {
                Part::Message => self.message(content),
                _ => self.leaf(content, true).unwrap_or_else(|| content.clone()),
            };
            writer.start_file(name.as_str(), options).map_err(failed)?;
            writer.write_all(&new).map_err(|error| failed(error.into()))?;
            inside.push((format!("member {name}"), new));
        }
        let bytes = writer.finish().map_err(failed)?.into_inner();
        Ok((bytes, inside))
    }
}
