//! Every bound of the tool in one place, each with its reason. Reaching one is reported, never fatal: what is
//! said then ends in `(limit NAME)`, and a finding of `coverage-limit` names it.

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

/// Distinct tokens that are kept parsed by each thread, at about five kibibytes each; of the others the text is
/// kept, with what is inside of several once, and parsed again when they are used.
pub const TOKENS_PARSED: usize = 1 << 11;

/// Nesting of JSON inside tokens.
pub const JSON_DEPTH: usize = 64;

/// Members and elements of one token's JSON.
pub const JSON_NODES: usize = 10_000;

/// The same of a message body: a mailbox listing has tens of thousands, and is searched as text beyond.
pub const JSON_BODY_NODES: usize = 200_000;

/// Places that one finding lists before it only counts (contract: 16).
pub const EVIDENCE_LISTED: usize = 16;

/// Bytes of a large XML answer that `verify` looks at before it decides whether more is worth its cost: the
/// class of the first response message, a fault or a delivered token stand within the first thousand.
pub const ANSWER_GLIMPSE: usize = 2 << 10;

/// Bytes of such an answer, as they were sent, that are kept before its beginning is looked at; where that tells
/// everything, no more is kept. No coding that is worth its name makes so many of [`ANSWER_GLIMPSE`].
pub const ANSWER_LOOK: usize = 4 << 10;

/// Bytes of an answer's content that are searched for EWS results and token service errors: response
/// codes stand near the beginning, item contents follow.
pub const ANSWER_BYTES: usize = 256 << 10;

/// Causes that one rule keeps apart; traffic made to differ on purpose would otherwise fill memory with
/// findings. What comes after is counted in one finding.
pub const CAUSES_KEPT: usize = 1024;

/// Reasons for `not-established` that one check lists; the rest is counted.
pub const REASONS_LISTED: usize = 16;

/// Host names, closed connections by name and applications that the judge remembers.
pub const NAMES_KEPT: usize = 65_536;

/// Connections with something missing that are listed one by one.
pub const CONNECTIONS_LISTED: usize = 1000;

/// Bytes of a SOAP request's content that are searched for operation, folder and roles: they stand before
/// the items.
pub const REQUEST_BYTES: usize = 16 << 10;

/// Characters of a name or reason of the traffic that a diagnosis keeps.
pub const NAME_SHOWN: usize = 80;

/// Characters of a server's sentence that a diagnosis keeps.
pub const SENTENCE_KEPT: usize = 400;

/// Different kinds of calls, token requests, metadata and log lines that are remembered for the diagnosis. One
/// kind stands for all exchanges that agree in everything a diagnosis looks at; a server knows some dozens.
pub const FACTS_KEPT: usize = 2048;

/// Bytes of what is remembered, for each thread and question, so as not to judge again what repeats itself: hosts, paths
/// and user agents of a hostile capture are long and all different.
pub const REPEATS_BYTES: usize = 8 << 20;

/// Huffman-coded strings of up to four kilobytes whose decoded forms each thread remembers: tokens of HTTP/2 requests.
pub const HUFFMAN_REMEMBERED: usize = 512;

/// Readable dumps of tokens that are read of one text.
pub const DUMPS_KEPT: usize = 10_000;

/// Lines of logs that are kept to be joined with the recording: a busy server writes as many in an hour. What
/// is beyond is judged line by line, and proves nothing about connections that stayed closed.
pub const LOG_LINES_KEPT: usize = 262_144;

/// Lines of logs that wait until it is known whether they tell of a recorded discovery; what is beyond is judged
/// as a refusal at once.
pub const LOG_UNCLEAR_KEPT: usize = 4096;

/// Places of logs that could not be read and are remembered one by one; a log with more is no evidence.
pub const LOG_BREAKS_KEPT: usize = 1000;

/// Seconds without a line after which a log counts as interrupted: the server's own health checks write to each
/// log of a service every few minutes, also when nobody calls.
pub const LOG_SILENCE: i64 = 600;

/// Seconds by which the clock of a log and of the recording may differ when a line is looked for on a connection.
/// More would take lines of other connections for it.
pub const LOG_TOLERANCE: i64 = 2;

/// Exchanges that are remembered to be joined with lines of logs by the number of the request.
pub const JOINABLE_KEPT: usize = 4096;

/// Steps of the conversation that a report shows; more than a screen of them explains nothing.
pub const STEPS_SHOWN: usize = 40;

/// Depth of elements in a SOAP body that is looked into.
pub const XML_DEPTH: usize = 64;

/// Bytes out of order that one connection may hold back before it declares the hole a gap.
pub const REORDER_BYTES: usize = 4 << 20;

/// The same, for all connections together.
pub const REORDER_BYTES_TOTAL: usize = 64 << 20;

/// Connections are dealt to so many shards by a fixed hash, however many threads work on them: bounds are
/// kept per shard, so that what they do does not depend on the number of threads.
pub const SHARDS: usize = 16;

/// Connections that are followed at once; those not seen for longest are let go. A capture of a busy server
/// holds some ten thousand, of a busy proxy a million. At about a kibibyte each while a request waits for its
/// response they hold one gibibyte.
pub const CONNECTIONS: usize = 1 << 20;

/// Of these: connections that nobody answered yet. A scan or a flood opens millions; beyond this number
/// the oldest are let go, and nothing is lost with them. At about 220 bytes each they hold 110 MiB.
pub const SILENT_CONNECTIONS: usize = 1 << 19;

/// Connections of one thread that may say more, beyond which idle ones lose their decoders and requests that wait
/// are kept small: half a kilobyte and their tokens once for all, instead of six kilobytes, for a microsecond each.
pub const CROWD: usize = 1 << 12;

/// Connections of one shard that are over but still take late packets: together two thousand, which a busy server
/// ends in a few seconds. At about 600 bytes each they hold 1.3 MiB.
pub const LINGERING: usize = 128;

/// Early segments, and early bytes, of a connection whose SYN was not seen, after which the lowest sequence
/// number is taken for the beginning.
pub const ANCHOR_SEGMENTS: usize = 64;
/// See [`ANCHOR_SEGMENTS`].
pub const ANCHOR_BYTES: usize = 64 << 10;

/// Early segments that have waited, at least, before a hole that the peer acknowledged is a gap: captures
/// of several queues are out of order by some dozens of packets.
pub const GAP_SEGMENTS: usize = 64;
/// Early bytes that have waited, at least, before that.
pub const GAP_BYTES: usize = 256 << 10;

/// Bytes of a capture that stay in memory behind the packet that is being read, to find retransmissions that
/// differ: eight times what is read at once.
pub const RECENT_BYTES: u64 = 8 * CAPTURE_WINDOW as u64;

/// Bytes of a connection's beginning that may wait until it is clear what is spoken: a request line with
/// a long target, a proxy's preamble.
pub const RECOGNISE_BYTES: usize = 16 << 10;

/// Protocols inside protocols on one connection (a proxy's preamble, TLS to it, CONNECT, TLS, …).
pub const NESTING: usize = 8;

/// QUIC connections that one capture lists.
pub const QUIC_CONNECTIONS: usize = 1 << 16;

/// Oddities that one connection lists.
pub const ODDITIES: usize = 32;

/// Bytes of one export file that is read at once (mitmproxy, Burp, text; HAR in UTF-16).
pub const EXPORT_BYTES: u64 = 4 << 30;

/// Bytes of one member of an archive, unpacked.
pub const ARCHIVE_MEMBER_BYTES: u64 = 256 << 20;

/// Members of one archive.
pub const ARCHIVE_MEMBERS: usize = 2_000_000;

/// Bytes of one entry of a HAR, which is held whole while it is read: a download of 190 MB in base64 fits.
pub const EXPORT_ENTRY_BYTES: usize = 256 << 20;

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
/// Bytes of a capture that are held at a time; large enough that a read costs nothing beside its bytes,
/// small enough to stay in the second-level cache.
pub const CAPTURE_WINDOW: usize = 256 << 10;

/// Bytes of one record or block of a capture. Packets end at 256 KiB in every known writer; a key log in a
/// secrets block may be larger.
pub const CAPTURE_BLOCK: usize = 64 << 20;

/// Interfaces of one pcapng section.
pub const CAPTURE_INTERFACES: usize = 65_536;

/// Bytes of a NetMon or ETL file, which are read whole: both order their packets by tables or times that
/// stand anywhere. The recorders' own default limits are 20 to 512 MB.
pub const CAPTURE_WHOLE_BYTES: u64 = 2 << 30;

/// Bytes that a compressed capture or export may unpack to.
pub const UNPACKED_BYTES: u64 = 256 << 30;

/// How many times larger than what was read of it an unpacked file may be, once past 64 MiB. DEFLATE itself
/// ends at 1032; repetitive captures reach a few hundred under zstd.
pub const UNPACK_RATIO: u64 = 5000;

/// Compressions around one file (a gzip'd file in a zstd'd transfer).
pub const COMPRESSION_LAYERS: usize = 3;

/// Headers inside one packet that lead to another: tags, labels, tunnels, extension headers.
pub const ENCAPSULATION_DEPTH: usize = 24;

/// Connections inside virtual networks of which it is remembered in which they began, some two hundred bytes each.
pub const NETWORK_CONNECTIONS: usize = 1 << 17;

/// Datagrams of which fragments are held while others are awaited. Hosts hold a few hundred.
pub const FRAGMENTED_DATAGRAMS: usize = 1024;

/// Bytes of fragments held, for all datagrams together.
pub const FRAGMENT_BYTES: usize = 16 << 20;

/// Packets after which an unfinished datagram is given up: hosts wait 15 to 60 seconds; counted in packets
/// since captures may lack times.
pub const FRAGMENT_PACKETS: u64 = 1_000_000;

/// Bytes of a response body without a content type that are kept.
pub const BODY_UNTYPED_KEPT: usize = 64 << 10;

/// Bytes kept of a response body that is longer than [`BODY_KEPT`]: errors stand at its beginning.
pub const BODY_HEAD_KEPT: usize = 256 << 10;

/// Bytes of one line with a chunk's size and extensions.
pub const CHUNK_LINE_BYTES: usize = 16 << 10;

/// Requests of one HTTP/1 connection that wait for their responses; browsers stopped at eight.
pub const PIPELINED_REQUESTS: usize = 64;

/// Bytes that one direction of an HTTP/1 connection holds back while the other catches up.
pub const HTTP_HELD_BYTES: usize = 64 << 10;

/// Events of the same.
pub const HTTP_HELD_EVENTS: usize = 256;

/// Bytes that wait for keys, on all connections, before the rest of the inputs is searched for them.
pub const LOOKAHEAD_BYTES: usize = 1 << 20;

/// Bytes that one TLS connection holds back while its keys are not known.
pub const TLS_WAITING: usize = 8 << 20;

/// The same, for all connections together.
pub const TLS_WAITING_TOTAL: usize = 48 << 20;

/// Bytes of one handshake message; certificate chains of servers are under 20 KiB.
pub const TLS_HANDSHAKE_BYTES: usize = 128 << 10;

/// Renegotiations of one connection that are followed; servers allow one or two.
pub const NEGOTIATIONS: usize = 64;

/// Bytes of the body of one TLS record: 2^14 and what RFC 5246 lets a cipher add.
pub const TLS_RECORD_BYTES: usize = (1 << 14) + 2048;

/// Record numbers that are tried for the first record after a loss. 4096 records of one segment each are
/// more than a window of TCP loses at once.
pub const TLS_RESYNC_WINDOW: u64 = 4096;

/// Openings tried in vain on one connection before its losses are taken as final: half a second of work.
pub const TLS_RESYNC_TRIES: u64 = 1 << 16;

/// Sessions (ids and tickets) whose master secret is remembered for resumption.
pub const TLS_SESSIONS: usize = 1 << 16;

/// Traffic secrets that are tried on a TLS 1.3 connection whose hellos were not captured.
pub const TLS_BLIND_SECRETS: usize = 64;

/// Certificates kept of one chain.
pub const TLS_CHAIN: usize = 16;

/// Bytes of the modulus of a server's RSA key (16384 bits).
pub const RSA_MODULUS_BYTES: usize = 2048;

/// Rounds of PBKDF2 in an encrypted private key: ten times what OpenSSL and Windows write.
pub const PBKDF2_ITERATIONS: u32 = 10_000_000;

/// Bytes that a dynamic table of HPACK may hold; browsers and servers use 4 to 64 KiB.
pub const HPACK_TABLE_BYTES: usize = 1 << 20;

/// CONTINUATION frames of one header block; floods of empty ones are an attack (CVE-2024-27316 and kin).
pub const H2_CONTINUATIONS: usize = 256;

/// Streams of one HTTP/2 connection that are open at once; peers allow each other 100 to 1000.
pub const H2_STREAMS: usize = 4096;

/// SETTINGS frames that are not acknowledged yet.
pub const H2_SETTINGS: usize = 64;

/// Bytes of one answer that `probe` reads: the federation metadata of Entra is under 100 KiB.
pub const PROBE_ANSWER_BYTES: u64 = 2 << 20;

/// Redirections on the same host that `probe` follows.
pub const PROBE_REDIRECTS: usize = 3;

/// Hellos of one version by which `probe` learns the suites of a server: one more than a server accepts, and
/// nobody configures more than this. Their time together is that of one question.
pub const PROBE_HELLOS: usize = 96;

/// Addresses that one `probe` asks.
pub const PROBE_TARGETS: usize = 64;

/// Bytes of packets that wait for their keys while recording: half a second of a full gigabit link.
pub const LIVE_HELD_BYTES: usize = 64 << 20;

/// Bytes that are read at once of a key log that grows.
pub const LIVE_KEYLOG_BYTES: u64 = 16 << 20;

/// Bytes of keys that a recording writes again into each new file; a session's are under 1 KiB.
pub const LIVE_KEYS_KEPT: usize = 8 << 20;

/// Values of one JSON document that is redacted; its tree takes some fifty bytes for each.
pub const REDACT_JSON_NODES: usize = 20_000_000;

/// Texts inside texts (JSON in a string of JSON, a token in base64) that are looked into when a file is
/// redacted; what lies deeper is masked whole.
pub const REDACT_DEPTH: usize = 24;

/// Bytes of a file that is redacted: it is held several times.
pub const REDACT_BYTES: u64 = 1 << 30;

/// Entries of one HAR or Burp export, and flows of one mitmproxy file; as many as members of an archive.
pub const EXPORT_ENTRIES: u64 = 2_000_000;

/// The bounds that a text says were reached: the names in its `(limit NAME)`. Texts carry them, since they pass
/// through the errors of libraries on their way to the report.
pub fn named(text: &str) -> impl Iterator<Item = (&'static str, u64)> {
    text.split("(limit ").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once(')')?;
        ALL.iter().find(|(known, _)| *known == name).copied()
    })
}

macro_rules! all {
    ($($name:ident)*) => {
        /// Bounds that traffic and files can reach, with their values.
        #[allow(clippy::unnecessary_cast)]
        pub const ALL: &[(&str, u64)] = &[$((stringify!($name), $name as u64)),*];
    };
}

all! {
    ARCHIVE_MEMBERS
    ARCHIVE_RATIO
    ARCHIVE_TOTAL
    BODY_DECODED
    BODY_HEAD_KEPT
    BODY_KEPT
    BODY_UNTYPED_KEPT
    CAPTURE_BLOCK
    CAPTURE_INTERFACES
    CAPTURE_WHOLE_BYTES
    CAUSES_KEPT
    CHUNK_LINE_BYTES
    CODING_LAYERS
    COMPRESSION_LAYERS
    CONNECTIONS
    DECODE_RATIO
    ENCAPSULATION_DEPTH
    EXPORT_BYTES
    EXPORT_DEPTH
    EXPORT_ENTRIES
    EXPORT_ENTRY_BYTES
    FRAGMENTED_DATAGRAMS
    FRAGMENT_BYTES
    FRAGMENT_PACKETS
    H2_CONTINUATIONS
    H2_SETTINGS
    H2_STREAMS
    HEAD_BYTES
    HEAD_FIELDS
    HPACK_TABLE_BYTES
    JOINABLE_KEPT
    JSON_BODY_NODES
    JSON_DEPTH
    JSON_NODES
    NESTING
    PIPELINED_REQUESTS
    QUIC_CONNECTIONS
    REORDER_BYTES
    REORDER_BYTES_TOTAL
    SILENT_CONNECTIONS
    TLS_HANDSHAKE_BYTES
    TLS_WAITING
    TLS_WAITING_TOTAL
    TOKEN_BYTES
    TOKEN_DEPTH
    UNPACKED_BYTES
    UNPACK_RATIO
    XML_DEPTH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_names_the_bounds_that_were_reached() {
        let text = "nested deeper (limit EXPORT_DEPTH); then (limit NOTHING) and (limit HEAD_BYTES)";
        let names: Vec<_> = named(text).map(|(name, _)| name).collect();
        assert_eq!(names, ["EXPORT_DEPTH", "HEAD_BYTES"]);
        assert_eq!(named("the limit of HEAD_BYTES").count(), 0);
    }
}
