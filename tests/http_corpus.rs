//! Reads every HTTP case of the third-party corpus: llhttp's messages, hpack-test-case stories,
//! http2-frame-test-case frames. Each reads as its file says, or stands in a table here with the reason.

#[path = "support/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use corpus::corpus;
use oauthtrace::wire::http::h1::Http1;
use oauthtrace::wire::http::h2::Http2;
use oauthtrace::wire::http::h2::frame::{Header, Payload};
use oauthtrace::wire::http::h2::hpack::Hpack;
use oauthtrace::wire::http::{Finished, Outbox};
use oauthtrace::wire::stream::{Chunk, Direction, End, FrameRef, StreamEvent};
use serde_json::Value;

/// The files of a folder of `corpus/f-h2`.
fn vectors(folder: &str) -> Option<Vec<PathBuf>> {
    let path = corpus(&format!("f-h2/{folder}"))?;
    let mut files: Vec<_> = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    Some(files)
}

fn unhex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn every_frame_reads_as_the_frame_test_cases_say() {
    let Some(files) = vectors("frames") else { return };
    let (mut good, mut refused) = (0, 0);
    for path in &files {
        let case = json(path);
        let wire = unhex(case["wire"].as_str().unwrap());
        let header = Header::read(&wire).unwrap();
        let read = header.payload(&wire[9..]);
        let name = path.display();
        if let Some(codes) = case["error"].as_array() {
            let code = read.expect_err("a damaged frame is refused").0;
            assert!(codes.iter().any(|known| known.as_u64() == Some(code.into())), "{name}: {code}");
            refused += 1;
            continue;
        }
        let frame = &case["frame"];
        assert_eq!(frame["length"].as_u64(), Some(header.length.into()), "{name}");
        assert_eq!(frame["type"].as_u64(), Some(header.kind.0.into()), "{name}");
        assert_eq!(frame["flags"].as_u64(), Some(header.flags.into()), "{name}");
        assert_eq!(frame["stream_identifier"].as_u64(), Some(header.stream.into()), "{name}");
        payload_agrees(&read.unwrap(), &frame["frame_payload"], &name.to_string());
        good += 1;
    }
    eprintln!(
        "http2-frame-test-case: {good} frames read, {refused} refused with their code, of {}",
        files.len()
    );
}

fn payload_agrees(payload: &Payload<'_>, truth: &Value, name: &str) {
    let text = |bytes: &[u8]| Value::from(String::from_utf8_lossy(bytes));
    let number = |key: &str| truth[key].as_u64();
    let padded =
        |padding: u8| assert_eq!(number("padding_length").unwrap_or(0), u64::from(padding), "{name}");
    match *payload {
        Payload::Data(data, padding) => {
            assert_eq!(truth["data"], text(data), "{name}");
            padded(padding);
        }
        Payload::Headers { block, priority, padding } => {
            assert_eq!(truth["header_block_fragment"], text(block), "{name}");
            padded(padding);
            assert_eq!(truth["exclusive"].as_bool(), priority.map(|one| one.0), "{name}");
            assert_eq!(number("stream_dependency"), priority.map(|one| one.1.into()), "{name}");
            assert_eq!(number("weight"), priority.map(|one| u64::from(one.2) + 1), "{name}");
        }
        Payload::Priority(exclusive, on, weight) => {
            assert_eq!(truth["exclusive"].as_bool(), Some(exclusive), "{name}");
            assert_eq!(number("stream_dependency"), Some(on.into()), "{name}");
            assert_eq!(number("weight"), Some(u64::from(weight) + 1), "{name}");
        }
        Payload::Reset(code) => assert_eq!(number("error_code"), Some(code.0.into()), "{name}"),
        Payload::Settings(ref settings) => {
            assert_eq!(truth["settings"], serde_json::json!(settings), "{name}")
        }
        Payload::Push { promised, block, padding } => {
            assert_eq!(number("promised_stream_id"), Some(promised.into()), "{name}");
            assert_eq!(truth["header_block_fragment"], text(block), "{name}");
            padded(padding);
        }
        Payload::Ping(data) => assert_eq!(truth["opaque_data"], text(data), "{name}"),
        Payload::GoAway(last, code, debug) => {
            assert_eq!(number("last_stream_id"), Some(last.into()), "{name}");
            assert_eq!(number("error_code"), Some(code.0.into()), "{name}");
            assert_eq!(truth["additional_debug_data"], text(debug), "{name}");
        }
        Payload::Window(more) => assert_eq!(number("window_size_increment"), Some(more.into()), "{name}"),
        Payload::Continuation(block) => assert_eq!(truth["header_block_fragment"], text(block), "{name}"),
        Payload::Other => panic!("{name}: every case is of a known kind"),
    }
}

type Fields = Vec<(String, String)>;

fn fields(case: &Value) -> Fields {
    case["headers"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one.as_object().unwrap().iter())
        .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn every_story_of_hpack_test_case_decodes() {
    let Some(files) = vectors("hpack") else { return };
    let mut blocks = 0;
    for path in &files {
        let mut hpack = Hpack::default();
        for case in json(path)["cases"].as_array().unwrap() {
            if let Some(size) = case["header_table_size"].as_u64() {
                hpack.allow(usize::try_from(size).unwrap());
            }
            let mut read = Fields::new();
            let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap().to_vec()).unwrap();
            let block = unhex(case["wire"].as_str().unwrap());
            hpack.decode(&block, |field| read.push((text(field.name), text(field.value)))).unwrap();
            assert_eq!(read, fields(case), "{} {}", path.display(), case["seqno"]);
            blocks += 1;
        }
    }
    eprintln!("hpack-test-case: {blocks} header blocks of {} stories", files.len());
}

/// The stories once more, as requests of one connection each.
#[test]
fn every_story_gives_the_same_fields_as_a_connection() {
    let Some(files) = vectors("hpack") else { return };
    let at = [FrameRef { number: 1, time: None }];
    for path in &files {
        let story = json(path);
        let cases = story["cases"].as_array().unwrap();
        let mut wire = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
        for (stream, case) in (1u32..).step_by(2).zip(cases) {
            let block = unhex(case["wire"].as_str().unwrap());
            wire.extend_from_slice(&u32::try_from(block.len()).unwrap().to_be_bytes()[1..]);
            wire.extend_from_slice(&[1, 5]);
            wire.extend_from_slice(&stream.to_be_bytes());
            wire.extend_from_slice(&block);
        }
        let mut decoder = Http2::default();
        let mut out = Outbox::default();
        for bytes in wire.chunks(997) {
            decoder.push(Direction::Sent, StreamEvent::Data(Chunk { bytes, frames: &at }), &mut out);
        }
        decoder.finish(&mut out);
        assert_eq!(out.exchanges.len(), cases.len(), "{}", path.display());
        for (one, case) in out.exchanges.iter().zip(cases) {
            let truth = fields(case);
            let request = one.request.as_ref().unwrap();
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let read: Fields =
                request.head.fields().map(|field| (text(field.name), text(field.value))).collect();
            let rest: Fields = truth.iter().filter(|(name, _)| !name.starts_with(':')).cloned().collect();
            assert_eq!(read, rest);
            let pseudo =
                |name: &str| truth.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
            if let Some(method) = pseudo(":method") {
                assert_eq!((request.method.clone(), Some(request.target.clone())), (method, pseudo(":path")));
            }
        }
    }
}

/// A message as llhttp's log tells it.
#[derive(Debug, Default, Clone, PartialEq)]
struct Told {
    start: String,
    fields: Fields,
    body: Vec<u8>,
    /// The head is whole.
    headed: bool,
    complete: bool,
}

struct Case {
    title: String,
    request: bool,
    input: Vec<u8>,
    messages: Vec<Told>,
    error: Option<String>,
}

/// The escapes of llhttp's test files: line ends become CRLF unless escaped.
fn unescape(block: &str) -> Vec<u8> {
    let joined = block.strip_suffix('\n').unwrap_or(block).replace("\\\n", "").replace('\n', "\r\n");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, used) = match (first, after) {
            (b'\\', [b'r', ..]) => (b'\r', 2),
            (b'\\', [b'n', ..]) => (b'\n', 2),
            (b'\\', [b't', ..]) => (b'\t', 2),
            (b'\\', [b'f', ..]) => (0x0c, 2),
            (b'\\', [b'x', high, low, ..]) => {
                (u8::from_str_radix(std::str::from_utf8(&[*high, *low]).unwrap(), 16).unwrap(), 4)
            }
            _ => (*first, 1),
        };
        bytes.push(byte);
        rest = &rest[used..];
    }
    bytes
}

/// The text of a span: `span[name]="text"` with its escapes, or the name of a line end.
fn span(line: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = line.split_once("span[")?;
    let (name, text) = rest.split_once("]=")?;
    let bytes = match text {
        "lf" => b"\n".to_vec(),
        "cr" => b"\r".to_vec(),
        text => unescape(text.strip_prefix('"')?.strip_suffix('"')?),
    };
    Some((name, bytes))
}

fn told(log: &str) -> (Vec<Told>, Option<String>) {
    let mut messages: Vec<Told> = Vec::new();
    let mut error = None;
    let mut in_value = false;
    for line in log.lines() {
        if line.ends_with("message begin") {
            messages.push(Told::default());
        }
        if let Some((_, reason)) = line.split_once("error code=") {
            error = Some(reason.to_owned());
        }
        let Some(message) = messages.last_mut() else { continue };
        message.headed |= line.contains("headers complete");
        if let Some((_, status)) = line.split_once("headers complete status=") {
            message.start = status.split(' ').next().unwrap().to_owned();
        }
        message.complete |= line.ends_with("message complete");
        let Some((name, text)) = span(line) else { continue };
        let string = String::from_utf8_lossy(&text).into_owned();
        match name {
            "method" => message.start = string,
            "url" if message.start.contains(' ') => message.start.push_str(&string),
            "url" => message.start = format!("{} {string}", message.start),
            "header_field" => {
                message.fields.push((string, String::new()));
                in_value = false;
            }
            "header_value" => {
                let value = &mut message.fields.last_mut().unwrap().1;
                if in_value {
                    value.push(' ');
                }
                value.push_str(&string);
                in_value = true;
            }
            "body" => message.body.extend_from_slice(&text),
            _ => {}
        }
    }
    (messages, error)
}

fn cases(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let mut cases = Vec::new();
    let mut title = String::new();
    let (mut kind, mut input) = (String::new(), String::new());
    let mut fence: Option<String> = None;
    let mut block = String::new();
    for line in text.lines() {
        match (&fence, line.strip_prefix("```")) {
            (None, Some(language)) => {
                fence = Some(language.to_owned());
                block.clear();
            }
            (None, None) => {
                if let Some(heading) = line.strip_prefix('#') {
                    title = heading.trim_start_matches('#').trim().to_owned();
                }
                if line.starts_with("<!-- meta=") {
                    kind = line.to_owned();
                }
            }
            (Some(language), Some(_)) => {
                if language == "http" {
                    input = block.clone();
                } else if language == "log" {
                    let (messages, error) = told(&block);
                    let request = kind.contains(":\"request") || kind.contains(": \"request");
                    let title = format!("{}: {title}", path.file_stem().unwrap().to_string_lossy());
                    cases.push(Case { title, request, input: unescape(&input), messages, error });
                }
                fence = None;
            }
            (Some(_), None) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    cases
}

fn run(case: &Case) -> Outbox {
    let mut decoder = Http1::default();
    let mut out = Outbox::default();
    let frames = [FrameRef { number: 1, time: None }];
    let direction = if case.request { Direction::Sent } else { Direction::Received };
    if !case.input.is_empty() {
        let chunk = Chunk { bytes: &case.input, frames: &frames };
        decoder.push(direction, StreamEvent::Data(chunk), &mut out);
    }
    decoder.push(direction, StreamEvent::End(End::Fin), &mut out);
    decoder.finish(&mut out);
    out
}

/// What we read, in llhttp's terms, and how many bytes the body had.
fn ours(one: &Finished) -> (Told, u64) {
    let (start, head, body) = match (&one.request, &one.response) {
        (Some(request), _) => {
            (format!("{} {}", request.method, request.target), &request.head, &request.body)
        }
        (None, Some(response)) => (response.status.to_string(), &response.head, &response.body),
        (None, None) => panic!("an exchange has at least one half"),
    };
    // The logs show bytes beyond ASCII as Latin-1, or as the UTF-8 that they are.
    let text = |bytes: &[u8]| match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    let fields = head.fields().map(|field| (text(field.name), text(field.value))).collect();
    (Told { start, fields, body: body.bytes.to_vec(), headed: true, complete: body.complete }, body.total)
}

/// White space and line ends inside values aside, which llhttp reports piece by piece, and blanks before
/// the colon, which it counts to the name.
fn squeezed(fields: &Fields) -> Fields {
    fields
        .iter()
        .map(|(name, value)| (name.trim_end().to_owned(), value.split_whitespace().collect()))
        .collect()
}

/// Where our reading differs, in words; `None` where it is the same.
fn difference(case: &Case) -> Option<String> {
    let out = run(case);
    let read: Vec<_> = out.exchanges.iter().map(ours).collect();
    let noted = !out.oddities.is_empty() || out.exchanges.iter().any(|one| !one.oddities.is_empty());
    // Interim responses are dropped by design.
    let interim =
        |told: &&Told| !(told.start.len() == 3 && told.start.starts_with('1') && told.start != "101");
    let fault = case.error.as_ref().is_some_and(|error| !error.contains("Pause on"));
    let expected: Vec<&Told> = case
        .messages
        .iter()
        .filter(interim)
        .filter(|told| told.headed && (!fault || told.complete))
        .collect();
    for (at, told) in expected.iter().enumerate() {
        let Some((one, total)) = read.get(at) else { return Some(format!("message {at} is missing")) };
        if one.start != told.start {
            return Some(format!("message {at} is {} instead of {}", one.start, told.start));
        }
        if squeezed(&one.fields) != squeezed(&told.fields) {
            return Some(format!("fields of message {at}: {:?} instead of {:?}", one.fields, told.fields));
        }
        if *total != told.body.len() as u64 || !told.body.starts_with(&one.body) {
            let body = String::from_utf8_lossy(&told.body).into_owned();
            return Some(format!("body of message {at}: {total} bytes instead of {body:?}"));
        }
        if told.complete && !one.complete {
            return Some(format!("message {at} is not complete"));
        }
    }
    match fault {
        true if noted || out.request_head_lost => None,
        true if read.len() <= expected.len() && read.iter().all(|(one, _)| !one.complete) => None,
        true => Some(format!("no word about: {}", case.error.clone().unwrap_or_default())),
        false if read.len() > expected.len() => {
            Some(format!("{} messages too many", read.len() - expected.len()))
        }
        false => None,
    }
}

/// Cases that are read otherwise than llhttp reads them, and why.
const REASONS: &[(&str, &str)] = &[
    (
        "request-connection: CRLF between requests, implicit `keep-alive`",
        "the request line is whole when the bytes end: the request is listed, as cut in its head",
    ),
    (
        "request-connection: CRLF between requests, explicit `close` (lenient)",
        "the request line is whole when the bytes end: the request is listed, as cut in its head",
    ),
    ("request-method: PRI request HTTP2", "of version 1.1 it is no preface of HTTP/2, but an unknown method"),
    (
        "request-connection: No restart when keep-alive is off (1.0)",
        "peers may agree on a persistent HTTP/1.0 connection unseen; what follows is read",
    ),
    (
        "request-content-length: Content-Length reset when no body is received",
        "the log was made by a program that skips the body",
    ),
    (
        "request-content-length: Missing CRLF-CRLF before body (lenient)",
        "a bare CR ends no line (RFC 9112 2.2)",
    ),
    ("request-method: SOURCE request with ICE", "Icecast is not HTTP"),
    ("request-method: OPTIONS request with RTSP", "RTSP is not HTTP"),
    ("request-method: ANNOUNCE request with RTSP", "RTSP is not HTTP"),
    (
        "request-transfer-encoding: No extension after semicolon",
        "chunk extensions are skipped, not judged: sizes do not depend on them",
    ),
    (
        "request-transfer-encoding: Unbalanced chunk extensions quoting",
        "chunk extensions are skipped, not judged: sizes do not depend on them",
    ),
    (
        "request-transfer-encoding: Space after chunk header",
        "blanks after a size do not change it; old servers send them",
    ),
    (
        "request-transfer-encoding: POST with `Transfer-Encoding` and `Content-Length` (lenient)",
        "RFC 9112 does not know `identity` any more: the length counts, and the conflict is named",
    ),
    (
        "request-transfer-encoding: POST with `chunked` before other transfer-coding (lenient)",
        "where such a body ends nobody can say (RFC 9112 6.3): it is not guessed, and named",
    ),
    (
        "request-transfer-encoding: POST with `chunked` and duplicate transfer-encoding (lenient)",
        "where such a body ends nobody can say (RFC 9112 6.3): it is not guessed, and named",
    ),
    (
        "request-transfer-encoding: Chunk header not terminated by CRLF (lenient)",
        "a bare CR ends no line (RFC 9112 2.2)",
    ),
    (
        "request-uri: Disallow UTF-8 in URI path in strict mode",
        "the target is kept as sent; Exchange clients send raw UTF-8",
    ),
    ("response-sample: RTSP response", "RTSP is not HTTP"),
    ("response-sample: ICE response", "Icecast is not HTTP"),
];

#[test]
fn every_message_case_of_llhttp_reads_as_its_log_says() {
    let Some(files) = vectors("llhttp") else { return };
    let reasons: BTreeMap<_, _> = REASONS.iter().copied().collect();
    let (mut same, mut excused, mut wrong) = (0, Vec::new(), Vec::new());
    for case in files.iter().flat_map(|path| cases(path)) {
        match (difference(&case), reasons.get(case.title.as_str())) {
            (None, _) => same += 1,
            (Some(_), Some(_)) => excused.push(case.title),
            (Some(what), None) => wrong.push(format!("{}: {what}", case.title)),
        }
    }
    eprintln!("llhttp: {same} cases read the same, {} differ for a written reason", excused.len());
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
    assert!(same > 100);
    let stale: Vec<_> = reasons.keys().filter(|title| !excused.iter().any(|known| known == *title)).collect();
    assert!(stale.is_empty(), "reasons that nothing needs: {stale:?}");
}
