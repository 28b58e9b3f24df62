//! Takes the first bytes of a file, says what it is. Names and suffixes are not looked at.

use super::{etl, netmon, pcap, pcapng};

/// How many first bytes [`sniff`] wants; fewer are fine when the file has no more.
pub const HEAD: usize = 4096;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sniffed {
    /// libpcap, every magic.
    Pcap,
    /// pcapng.
    Pcapng,
    /// Network Monitor 2.
    Netmon,
    /// Event Trace Log.
    Etl,
    /// gzip around something.
    Gzip,
    /// Zstandard around something.
    Zstd,
    /// A ZIP archive: SAZ, most likely.
    Zip,
    /// JSON that looks like an HTTP Archive.
    Har,
    /// Other JSON, one text or several.
    Json,
    /// mitmproxy flows.
    Mitmproxy,
    /// Burp XML.
    Burp,
    /// Other XML.
    Xml,
    /// IIS W3C and Exchange logs, `Test-OAuthConnectivity` output.
    Log,
    /// Other text.
    Text,
    /// Nothing at all.
    Empty,
    /// None of these.
    Unknown,
}

impl Sniffed {
    /// For messages: "a HAR file", "an empty file".
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Pcap => "a pcap file",
            Self::Pcapng => "a pcapng file",
            Self::Netmon => "a Network Monitor capture",
            Self::Etl => "an event trace log",
            Self::Gzip => "a gzip file",
            Self::Zstd => "a zstd file",
            Self::Zip => "a ZIP archive",
            Self::Har => "an HTTP archive",
            Self::Json => "JSON text",
            Self::Mitmproxy => "mitmproxy flows",
            Self::Burp => "a Burp export",
            Self::Xml => "XML text",
            Self::Log => "a log",
            Self::Text => "text",
            Self::Empty => "an empty file",
            Self::Unknown => "a file of unknown kind",
        }
    }

    /// Whether [`super::Reader`] reads it.
    pub const fn is_capture(self) -> bool {
        matches!(self, Self::Pcap | Self::Pcapng | Self::Netmon | Self::Etl)
    }
}

/// Whether a head is of one kind.
type Is = fn(&[u8]) -> bool;

/// Binary kinds, by their magics.
const KNOWN: [(Is, Sniffed); 7] = [
    (pcap::is_pcap, Sniffed::Pcap),
    (pcapng::is_pcapng, Sniffed::Pcapng),
    (netmon::is_netmon, Sniffed::Netmon),
    (etl::is_etl, Sniffed::Etl),
    (is_gzip, Sniffed::Gzip),
    (is_zstd, Sniffed::Zstd),
    (is_zip, Sniffed::Zip),
];

/// What begins with `head`, the first [`HEAD`] bytes of a file or all that it has.
pub fn sniff(head: &[u8]) -> Sniffed {
    if head.is_empty() {
        return Sniffed::Empty;
    }
    let binary = KNOWN.iter().find(|(is, _)| is(head));
    if let Some((_, kind)) = binary {
        return *kind;
    }
    if is_tnetstring(head) {
        return Sniffed::Mitmproxy;
    }
    let (text, clean) = text_of(head);
    match sniff_text(&text) {
        kind if clean => kind,
        // Control characters make a text binary, unless it says what it is: a crash leaves zeros in logs.
        kind @ (Sniffed::Har | Sniffed::Burp) => kind,
        kind @ Sniffed::Log if declares(text.trim_start()) => kind,
        _ => Sniffed::Unknown,
    }
}

/// RFC 1952 2.3, with DEFLATE, the only method there is.
fn is_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b, 8])
}

/// APPNOTE 4.3: a member, an empty archive, a split one.
fn is_zip(head: &[u8]) -> bool {
    [*b"PK\x03\x04", *b"PK\x05\x06", *b"PK\x07\x08"].iter().any(|magic| head.starts_with(magic))
}

/// RFC 8878 3.1: the magic of a frame, or of a skippable one.
fn is_zstd(head: &[u8]) -> bool {
    match head.first_chunk::<4>().map(|magic| u32::from_le_bytes(*magic)) {
        Some(0xfd2f_b528) => true,
        Some(magic) => magic & 0xffff_fff0 == 0x184d_2a50,
        None => false,
    }
}

/// mitmproxy writes dictionaries as tnetstrings: a length, a colon, and first a key, itself a length, a
/// colon, the text and `,` (bytes) or `;` (text). A clock reading `12:34:56` is not that.
fn is_tnetstring(head: &[u8]) -> bool {
    let Some((_, rest)) = counted(head) else { return false };
    let Some((length, key)) = counted(rest) else { return false };
    matches!(key.get(length), Some(b',' | b';'))
}

fn counted(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = std::str::from_utf8(bytes.get(..digits)?).ok()?.parse().ok()?;
    (digits <= 12 && bytes.get(digits) == Some(&b':')).then(|| Some((length, bytes.get(digits + 1..)?)))?
}

/// The head, UTF-8, UTF-16 or an 8-bit code page, as ASCII (anything else as `?`), and whether it is free of control
/// characters.
fn text_of(head: &[u8]) -> (String, bool) {
    let units: Vec<u16> = match head {
        [0xff, 0xfe, rest @ ..] => pairs(rest).map(u16::from_le_bytes).collect(),
        [0xfe, 0xff, rest @ ..] => pairs(rest).map(u16::from_be_bytes).collect(),
        // Windows tools also write UTF-16 without a mark.
        [first, 0, second, 0, ..] if first.is_ascii() && second.is_ascii() => {
            pairs(head).map(u16::from_le_bytes).collect()
        }
        [0xef, 0xbb, 0xbf, rest @ ..] => rest.iter().copied().map(u16::from).collect(),
        _ => head.iter().copied().map(u16::from).collect(),
    };
    let ascii = |unit: u16| u8::try_from(unit).ok().filter(u8::is_ascii).map_or('?', char::from);
    let control = |unit: &u16| matches!(unit, 0..=8 | 14..=26 | 28..=31 | 127);
    (units.iter().map(|unit| ascii(*unit)).collect(), !units.iter().any(control))
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = [u8; 2]> + '_ {
    bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok())
}

fn sniff_text(text: &str) -> Sniffed {
    let text = text.trim_start();
    match text.as_bytes().first() {
        None => Sniffed::Text,
        Some(b'{') if is_har(text) => Sniffed::Har,
        Some(b'{' | b'[') if is_json(text) => Sniffed::Json,
        Some(b'<') if text.contains("burpVersion") || text.contains("<!ELEMENT items (item*)>") => {
            Sniffed::Burp
        }
        Some(b'<') if is_clixml(text) => Sniffed::Log,
        Some(b'<') => Sniffed::Xml,
        Some(_) if is_log(text) => Sniffed::Log,
        Some(_) => Sniffed::Text,
    }
}

/// The first member is `log`, in all that producers write; some put comments of their own before it.
fn is_har(text: &str) -> bool {
    let squeezed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    squeezed.starts_with("{\"log\":{")
        || (squeezed.contains("\"log\":{")
            && ["\"entries\":[", "\"creator\":{", "\"version\":\"1."]
                .iter()
                .any(|key| squeezed.contains(key)))
}

fn is_json(text: &str) -> bool {
    let mut rest = text.chars().skip(1).filter(|c| !c.is_ascii_whitespace());
    matches!(rest.next(), None | Some('"' | '{' | '[' | '}' | ']' | '0'..='9' | '-' | 't' | 'f' | 'n'))
}

/// What `Export-Clixml` writes: here, the output of `Test-OAuthConnectivity`. [MS-PSRP] 2.2.5.
fn is_clixml(text: &str) -> bool {
    text.contains("<Objs ") && text.contains("http://schemas.microsoft.com/powershell/2004/04")
}

const DIRECTIVES: [&str; 4] = ["#Software:", "#Version:", "#Fields:", "#Log-type:"];

/// Whether a text begins as logs do that declare their columns.
fn declares(text: &str) -> bool {
    DIRECTIVES.iter().any(|directive| text.starts_with(directive)) || text.starts_with("DateTime,RequestId,")
}

/// W3C extended logs (IIS), Exchange's logs, which begin alike or with the column names of a CSV, and the
/// output of `Test-OAuthConnectivity`.
fn is_log(text: &str) -> bool {
    let mut lines = text.lines().take(40);
    let first = lines.next().unwrap_or_default();
    declares(first)
        || lines.any(|line| DIRECTIVES.iter().any(|directive| line.starts_with(directive)))
        || text.contains("API Call Under Oauth")
        || (text.contains("ResultType") && text.contains("RunspaceId"))
        // In another language only names of properties and tags of classes are the same.
        || ["[OAuthCredentials:", "TestOAuthConnectivityHelper"].iter().any(|tag| text.contains(tag))
        || (text.contains("ResultType") && text.contains("OAuth.ValidationResultNodeId"))
}

#[cfg(test)]
mod tests;
