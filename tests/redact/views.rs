//! Takes a file, gives all texts that a reader may see in it, and the secrets that its fields name.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Json,
    Zip,
    Netstrings,
    Text,
}

impl Form {
    pub fn of(bytes: &[u8]) -> Self {
        let start = bytes.trim_ascii_start();
        match start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start) {
            [b'P', b'K', ..] => Self::Zip,
            [b'{' | b'[', ..] => Self::Json,
            [b'0'..=b'9', ..] => Self::Netstrings,
            _ => Self::Text,
        }
    }
}

/// Where the corpus is, or a word that it is not there.
pub fn corpus() -> Option<PathBuf> {
    let shared = std::env::var_os("OAUTHTRACE_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let corpus = shared.join("corpus");
    if !corpus.is_dir() {
        eprintln!("skipped: no corpus");
        return None;
    }
    Some(corpus)
}

/// A text with the place it stands at.
pub type View = (String, Vec<u8>);

/// The file itself, and what is packed, escaped, compressed or encoded in it, to some depth.
pub fn views(form: Form, bytes: &[u8]) -> Vec<View> {
    let mut views: Vec<View> = vec![("the file".into(), bytes.to_vec())];
    match form {
        Form::Zip => {
            let mut zip = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
            for index in 0..zip.len() {
                let Ok(mut member) = zip.by_index(index) else { continue };
                let mut content = Vec::new();
                if member.read_to_end(&mut content).is_ok() {
                    views.push((member.name().unwrap_or_default().to_string(), content));
                }
            }
        }
        Form::Json => {
            let text =
                String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned();
            if let Ok(value) = serde_json::from_str::<Value>(&text) {
                strings(&value, "", &mut views);
            }
        }
        Form::Netstrings => netstrings(bytes, &mut views),
        Form::Text => {}
    }
    let mut more = Vec::new();
    for (place, view) in &views {
        more.extend(inflated(view).map(|plain| (format!("{place}, decompressed"), plain)));
    }
    views.extend(more);
    views
}

fn strings(value: &Value, place: &str, views: &mut Vec<View>) {
    match value {
        Value::String(text) => views.push((place.to_owned(), text.clone().into_bytes())),
        Value::Array(all) => {
            all.iter().enumerate().for_each(|(i, v)| strings(v, &format!("{place}/{i}"), views))
        }
        Value::Object(all) => all.iter().for_each(|(k, v)| strings(v, &format!("{place}/{k}"), views)),
        _ => {}
    }
}

fn netstrings(mut bytes: &[u8], views: &mut Vec<View>) {
    while let Some(colon) = bytes.iter().take(13).position(|byte| *byte == b':') {
        let Ok(length) = std::str::from_utf8(&bytes[..colon]).unwrap().parse::<usize>() else { return };
        let Some(data) = bytes.get(colon + 1..colon + 1 + length) else { return };
        match bytes.get(colon + 1 + length) {
            Some(b',' | b';') => views.push(("a value".into(), data.to_vec())),
            Some(b']' | b'}') => netstrings(data, views),
            _ => {}
        }
        bytes = bytes.get(colon + 2 + length..).unwrap_or_default();
    }
}

/// Gzip anywhere in a text: a body behind a head, a chunk.
fn inflated(view: &[u8]) -> Option<Vec<u8>> {
    let at = view.windows(3).position(|window| window == [0x1f, 0x8b, 8])?;
    let mut out = Vec::new();
    let _ = flate2::read::GzDecoder::new(&view[at..]).read_to_end(&mut out);
    (!out.is_empty()).then_some(out)
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The places where a secret stands: as it is, percent-decoded, unescaped, or in base64, once or twice.
pub fn survivors(views: &[View], secret: &[u8]) -> Vec<String> {
    views.iter().filter(|(_, view)| holds(view, secret, 0)).map(|(place, _)| place.clone()).collect()
}

fn holds(view: &[u8], secret: &[u8], depth: usize) -> bool {
    if memchr::memmem::find(view, secret).is_some() {
        return true;
    }
    if depth > 3 {
        return false;
    }
    let unquoted = unpercent(view);
    let unescaped = unescape(view);
    [unquoted, unescaped].into_iter().flatten().any(|plain| holds(&plain, secret, depth + 1))
        || base64_runs(view).into_iter().any(|plain| holds(&plain, secret, depth + 1))
}

fn unpercent(view: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < view.len() {
        let digits = view.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte = digits.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| view[at] == b'%');
        out.push(byte.unwrap_or(view[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    (out.len() < view.len()).then_some(out)
}

fn unescape(view: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(view).ok().filter(|text| text.contains('\\'))?;
    let quoted =
        format!("\"{}\"", text.replace("\\\"", "\u{1}").replace('"', "\u{1}").replace('\u{1}', "\\\""));
    let quoted: String = quoted.chars().filter(|letter| !letter.is_control()).collect();
    serde_json::from_str::<String>(&quoted).ok().map(String::into_bytes)
}

/// All runs of base64, either alphabet, decoded at each alignment.
pub fn base64_runs(view: &[u8]) -> Vec<Vec<u8>> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte);
    let mut found = Vec::new();
    for run in view.split(|byte| !letter(byte)).filter(|run| run.len() >= 16) {
        let standard: Vec<u8> = run
            .iter()
            .map(|byte| {
                if *byte == b'-' {
                    b'+'
                } else if *byte == b'_' {
                    b'/'
                } else {
                    *byte
                }
            })
            .collect();
        for skip in 0..4 {
            let rest = &standard[skip..];
            let whole = if rest.len() % 4 == 1 { rest.len() - 1 } else { rest.len() };
            found.extend(LENIENT.decode(&rest[..whole]));
        }
    }
    found
}

/// Secrets that header fields name: credentials, cookies. Only those that mean something by themselves.
pub fn headers_of(views: &[View]) -> BTreeSet<Vec<u8>> {
    let mut secrets = BTreeSet::new();
    for (_, view) in views {
        if let Ok(value) = serde_json::from_slice::<Value>(view) {
            pairs(&value, "", &mut secrets);
        }
        for line in view.split(|byte| *byte == b'\n').filter(|line| line.len() < 20_000) {
            let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
            let name = String::from_utf8_lossy(&line[..colon]).to_ascii_lowercase();
            field(&name, line[colon + 1..].trim_ascii(), &mut secrets);
        }
    }
    secrets
}

fn pairs(value: &Value, list: &str, secrets: &mut BTreeSet<Vec<u8>>) {
    match value {
        Value::Array(all) => all.iter().for_each(|value| pairs(value, list, secrets)),
        Value::Object(all) => {
            if let (Some(name), Some(value)) =
                (all.get("name").and_then(Value::as_str), all.get("value").and_then(Value::as_str))
            {
                match list {
                    "cookies" => add(value.as_bytes(), secrets),
                    _ => value.lines().for_each(|line| {
                        field(&name.to_ascii_lowercase(), line.as_bytes(), secrets);
                    }),
                }
            }
            all.iter().for_each(|(name, value)| pairs(value, name, secrets));
        }
        _ => {}
    }
}

fn field(name: &str, value: &[u8], secrets: &mut BTreeSet<Vec<u8>>) {
    let text = String::from_utf8_lossy(value).into_owned();
    match name {
        "authorization" | "proxy-authorization" => {
            let last = text.rsplit(' ').next().unwrap_or_default();
            // The claims of a token stay.
            let secret =
                if last.starts_with("eyJ") { last.rsplit('.').next().unwrap_or_default() } else { last };
            add(secret.as_bytes(), secrets);
        }
        "cookie" => text.split(';').for_each(|pair| cookie(pair, secrets)),
        "set-cookie" => cookie(text.split(';').next().unwrap_or_default(), secrets),
        _ => {}
    }
}

fn cookie(pair: &str, secrets: &mut BTreeSet<Vec<u8>>) {
    if let Some((_, value)) = pair.split_once('=') {
        add(value.trim().as_bytes(), secrets);
    }
}

/// Words, numbers, addresses and times mean nothing by themselves: other text may hold them as well.
fn add(value: &[u8], secrets: &mut BTreeSet<Vec<u8>>) {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain =
        value.contains(&b' ') || value.windows(3).any(|three| three == b"://") || value.starts_with(b"/");
    if value.len() >= 8 && letters > 0 && digits > 0 && !plain {
        secrets.insert(value.to_vec());
    }
}
