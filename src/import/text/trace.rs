//! Takes what `curl --trace` and `--trace-ascii` write, gives the messages as they went over the wire.
//!
//! ```text
//! => Send header, 84 bytes (0x54)
//! 0000: GET /ews/exchange.asmx HTTP/1.1
//! 0021: Host: mail.contoso.com
//! ```
//!
//! Before `=>` may stand a time and a number of the transfer (`--trace-time`, `--trace-ids`). The dump in text breaks at
//! line ends, which it leaves out, and after 64 bytes: the offsets tell which.

/// Whether a text is such a trace.
pub(crate) fn is_trace(text: &[u8]) -> bool {
    let mut lines = text.get(..text.len().min(64 << 10)).unwrap_or_default().split(|byte| *byte == b'\n');
    let Some(block) = lines.find_map(block) else { return false };
    let first = lines.next().and_then(offset);
    block.size > 0 && first.is_some_and(|(at, _)| at == 0)
}

/// The messages in such a trace, one behind the other.
pub(super) fn messages(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() / 2);
    let mut lines = text.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let Some(block) = block(line).filter(|block| !block.hidden) else { continue };
        // A head begins a line, also behind a body that did not end one.
        if block.head && out.last().is_some_and(|last| *last != b'\n') {
            out.push(b'\n');
        }
        let start = out.len();
        while let Some((at, dump)) = lines.peek().copied().and_then(offset) {
            lines.next();
            let made = out.len() - start;
            if at != made && !fill(&mut out, at.saturating_sub(made)) {
                break;
            }
            match bytes_of(dump) {
                Some(bytes) => out.extend(bytes),
                None => out.extend_from_slice(dump.strip_suffix(b"\r").unwrap_or(dump)),
            }
        }
        let missing = block.size.saturating_sub(out.len() - start);
        fill(&mut out, missing);
    }
    out
}

/// Puts back the line end that the dump left out; whether that is what is missing.
fn fill(out: &mut Vec<u8>, missing: usize) -> bool {
    let ends = matches!(missing, 1 | 2);
    if ends {
        out.extend_from_slice(if missing == 2 { b"\r\n" } else { b"\n" });
    }
    ends
}

/// What a line says that begins a block.
struct Block {
    size: usize,
    /// Bytes of a head, not of a body.
    head: bool,
    /// Bytes of TLS, which are not those of a message.
    hidden: bool,
}

/// `=> Send header, 84 bytes (0x54)`.
fn block(line: &[u8]) -> Option<Block> {
    let line = std::str::from_utf8(line.get(..line.len().min(160))?).ok()?;
    let at = line.find("=> Send ").or_else(|| line.find("<= Recv "))?;
    let (kind, rest) = line.get(at + 8..)?.split_once(", ")?;
    let (size, rest) = rest.split_once(" bytes (0x")?;
    (at <= 40 && rest.trim_end().ends_with(')')).then_some(())?;
    Some(Block {
        size: size.parse().ok()?,
        head: kind == "header",
        hidden: !matches!(kind, "header" | "data"),
    })
}

/// `0021: …`: the offset and what follows.
fn offset(line: &[u8]) -> Option<(usize, &[u8])> {
    let colon = line.iter().take(17).position(|byte| *byte == b':').filter(|colon| *colon >= 4)?;
    let at = usize::from_str_radix(std::str::from_utf8(line.get(..colon)?).ok()?, 16).ok()?;
    Some((at, line.get(colon + 1..)?.strip_prefix(b" ")?))
}

/// The bytes of a dump in hexadecimal: up to sixteen pairs in 48 columns, then what they look like.
fn bytes_of(dump: &[u8]) -> Option<Vec<u8>> {
    let columns = dump.get(..48).filter(|_| dump.len() <= 66)?;
    let mut bytes = Vec::with_capacity(16);
    let mut over = false;
    for pair in columns.chunks(3) {
        match *pair {
            [b' ', b' ', b' '] => over = true,
            [high, low, b' '] if !over => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                bytes.push(u8::try_from(digit(high)? * 16 + digit(low)?).ok()?);
            }
            _ => return None,
        }
    }
    (!bytes.is_empty()).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dumps_give_the_bytes_back() {
        let sent = format!("GET /ews HTTP/1.1\r\nHost: h\r\nA: {}\r\n\r\n", "x".repeat(100));
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        let ascii = |bytes: &str| {
            let (mut out, mut at) = (String::new(), 0);
            for line in bytes.split_inclusive("\r\n") {
                let plain = line.trim_end_matches("\r\n");
                let pieces = plain.as_bytes().chunks(64);
                let pieces: Vec<&[u8]> = if plain.is_empty() { vec![b""] } else { pieces.collect() };
                for piece in pieces {
                    out += &format!("{at:04x}: {}\n", String::from_utf8_lossy(piece));
                    at += piece.len();
                }
                at += line.len() - plain.len();
            }
            out
        };
        let hex = |bytes: &str| {
            let mut out = String::new();
            for (number, row) in bytes.as_bytes().chunks(16).enumerate() {
                let pairs: String = row.iter().map(|byte| format!("{byte:02x} ")).collect();
                let shown: String = row
                    .iter()
                    .map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' })
                    .collect();
                out += &format!("{:04x}: {pairs:<48}{shown}\n", number * 16);
            }
            out
        };
        for prefix in ["", "10:00:01.123456 ", "10:00:01.123456 [0-0] "] {
            let dumps: [&dyn Fn(&str) -> String; 2] = [&ascii, &hex];
            for dump in dumps {
                let block = |name: &str, bytes: &str| {
                    format!("{prefix}{name}, {} bytes (0x{:x})\n{}", bytes.len(), bytes.len(), dump(bytes))
                };
                let text = [
                    format!("{prefix}== Info: Trying 127.0.0.1\n"),
                    block("=> Send SSL data", "secret"),
                    block("=> Send header", &sent),
                    block("<= Recv header", &answer[..17]),
                    block("<= Recv header", &answer[17..36]),
                    block("<= Recv header", &answer[36..]),
                    block("<= Recv data", "ok"),
                    format!("{prefix}== Info: left intact\n"),
                ]
                .concat();
                assert!(is_trace(text.as_bytes()), "{text}");
                let out = String::from_utf8(messages(text.as_bytes())).unwrap();
                assert_eq!(out, format!("{sent}{answer}ok"));
            }
        }
    }

    #[test]
    fn other_texts_are_no_traces() {
        for text in [
            "",
            "=> Send header, 84 bytes (0x54)\nHost: h",
            "a => Send b, c",
            "0000: 47 45 54",
            "> GET / HTTP/1.1",
        ] {
            assert!(!is_trace(text.as_bytes()), "{text}");
        }
    }
}
