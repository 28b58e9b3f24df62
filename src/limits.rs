//! Every bound of the tool in one place, each with its reason. Reaching one is reported, never fatal.

/// Bytes of one message body that are kept for tokens and EWS results. EWS answers that matter (errors,
/// response codes) begin well before this; whole mailbox items do not fit and need not.
pub const BODY_KEPT: usize = 4 << 20;

/// Bytes that one content-coded body may grow to.
pub const BODY_DECODED: usize = 16 << 20;

/// How many times larger than its input a decoded body may be, once past one mebibyte.
pub const DECODE_RATIO: usize = 1000;

/// Content codings stacked on one body.
pub const CODING_LAYERS: usize = 4;

/// Bytes of one header section; nginx, IIS and Node stop far below.
pub const HEAD_BYTES: usize = 256 << 10;

/// Fields of one header section.
pub const HEAD_FIELDS: usize = 1000;

/// Bytes of one token; Exchange's largest are under 16 KiB.
pub const TOKEN_BYTES: usize = 256 << 10;

/// Tokens inside tokens: outer, actor, and one more to be able to say that there is a third.
pub const TOKEN_DEPTH: usize = 4;

/// Nesting of JSON inside tokens.
pub const JSON_DEPTH: usize = 64;

/// Members and elements of one token's JSON.
pub const JSON_NODES: usize = 10_000;

/// The same of a message body: a mailbox listing has tens of thousands, and is searched as text beyond.
pub const JSON_BODY_NODES: usize = 200_000;

/// Places that one finding lists before it only counts (contract: 16).
pub const EVIDENCE_LISTED: usize = 16;

/// Bytes out of order that one connection may hold back before it declares the hole a gap.
pub const REORDER_BYTES: usize = 4 << 20;

/// The same, for all connections together.
pub const REORDER_BYTES_TOTAL: usize = 64 << 20;

/// Bytes of one export file that is read at once (HAR, mitmproxy, Burp, SAZ member).
pub const EXPORT_BYTES: u64 = 4 << 30;

/// Bytes of one member of an archive, unpacked.
pub const ARCHIVE_MEMBER_BYTES: u64 = 256 << 20;

/// Members of one archive.
pub const ARCHIVE_MEMBERS: usize = 2_000_000;

/// Nesting of the JSON or XML of an export; the deepest member of a HAR that means anything is six deep,
/// custom members of browsers stay under twenty.
pub const EXPORT_DEPTH: usize = 256;

/// Exchanges of one export that are held back until the whole file is known (stripped headers).
pub const EXPORT_HELD: usize = 256;

/// Bytes that may come out of one archive whatever its size; recordings of an hour stay below.
pub const ARCHIVE_TOTAL: u64 = 4 << 30;

/// How many times larger than the archive all that comes out of it may be, once past `ARCHIVE_TOTAL`.
/// XML packs to a thirtieth; one deflate stream can grow a thousandfold, overlapping members without end.
pub const ARCHIVE_RATIO: u64 = 100;
