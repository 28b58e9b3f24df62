//! Takes one entry of a HAR file, gives its members as they stand. HAR 1.2 part "entries".
//!
//! Every member may be missing, `null`, of another type, or twice (the last one counts, as everywhere).

use super::scan::{Fault, Scan, Span, Text};

/// One entry. Its strings are places in what was scanned as long as it may be moved, and texts afterwards.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry<T> {
    pub(super) started: Option<T>,
    /// Milliseconds from the start to the last byte.
    pub(super) time: f64,
    /// Milliseconds: before anything is sent (blocked, name, connection), sending, waiting.
    pub(super) before: f64,
    pub(super) send: f64,
    pub(super) wait: f64,
    pub(super) server_ip: Option<T>,
    pub(super) server_port: Option<T>,
    pub(super) tls_version: Option<T>,
    pub(super) tls_cipher: Option<T>,
    pub(super) request: Option<Request<T>>,
    pub(super) response: Option<Response<T>>,
}

/// The request of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Request<T> {
    pub(super) method: Option<T>,
    pub(super) url: Option<T>,
    pub(super) version: Option<T>,
    pub(super) headers: Pairs<T>,
    /// Whether a list of them is there, each with a name.
    pub(super) headers_listed: bool,
    pub(super) cookies: Pairs<T>,
    /// The parameters of the address, which repeats them.
    pub(super) query: Pairs<T>,
    pub(super) post: Option<Post<T>>,
    pub(super) body_size: Option<f64>,
}

/// The body of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Post<T> {
    pub(super) mime: Option<T>,
    pub(super) text: Option<T>,
    pub(super) encoding: Option<T>,
    pub(super) params: Pairs<T>,
}

/// The response of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Response<T> {
    pub(super) status: Option<T>,
    pub(super) headers: Pairs<T>,
    /// As in a request, and each with a value.
    pub(super) headers_listed: bool,
    pub(super) mime: Option<T>,
    pub(super) text: Option<T>,
    pub(super) encoding: Option<T>,
    pub(super) size: Option<f64>,
    pub(super) body_size: Option<f64>,
    pub(super) error: Option<T>,
}

/// Names with values, in order.
pub(super) type Pairs<T> = Vec<(T, T)>;

impl Entry<Span> {
    /// The same with the texts themselves, in the bytes that were scanned.
    pub(super) fn of(self, bytes: &[u8]) -> Entry<Text<'_>> {
        let text = |span: Option<Span>| span.map(|span| span.of(bytes));
        Entry {
            started: text(self.started),
            time: self.time,
            before: self.before,
            send: self.send,
            wait: self.wait,
            server_ip: text(self.server_ip),
            server_port: text(self.server_port),
            tls_version: text(self.tls_version),
            tls_cipher: text(self.tls_cipher),
            request: self.request.map(|request| request.of(bytes)),
            response: self.response.map(|response| response.of(bytes)),
        }
    }

    /// Reads the entry that stands at `scan`; `None` where there is no object.
    pub(super) fn read(scan: &mut Scan<'_>) -> Result<Option<Self>, Fault> {
        let mut entry = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"startedDateTime" => entry.started = scalar(scan)?,
                b"time" => entry.time = number(scan)?.unwrap_or_default(),
                b"serverIPAddress" => entry.server_ip = scalar(scan)?,
                b"_serverPort" => entry.server_port = scalar(scan)?,
                b"timings" => entry.read_timings(scan)?,
                b"_securityDetails" | b"securityDetails" => entry.read_security(scan)?,
                b"request" => entry.request = Request::read(scan)?,
                b"response" => entry.response = Response::read(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(entry))
    }

    fn read_timings(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        self.before = 0.0;
        scan.object(|scan, name| {
            match name.raw() {
                // `ssl` is part of `connect`.
                b"blocked" | b"dns" | b"connect" => {
                    self.before += number(scan)?.unwrap_or_default().max(0.0);
                }
                b"send" => self.send = number(scan)?.unwrap_or_default().max(0.0),
                b"wait" => self.wait = number(scan)?.unwrap_or_default().max(0.0),
                _ => scan.skip()?,
            }
            Ok(())
        })
        .map(|_| ())
    }

    fn read_security(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        scan.object(|scan, name| {
            match name.raw() {
                b"protocol" => self.tls_version = scalar(scan)?,
                b"cipher" => self.tls_cipher = scalar(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })
        .map(|_| ())
    }
}

fn texts<'a>(pairs: &Pairs<Span>, bytes: &'a [u8]) -> Pairs<Text<'a>> {
    pairs.iter().map(|(name, value)| (name.of(bytes), value.of(bytes))).collect()
}

impl Request<Span> {
    fn of(self, bytes: &[u8]) -> Request<Text<'_>> {
        let text = |span: Option<Span>| span.map(|span| span.of(bytes));
        Request {
            method: text(self.method),
            url: text(self.url),
            version: text(self.version),
            headers: texts(&self.headers, bytes),
            headers_listed: self.headers_listed,
            cookies: texts(&self.cookies, bytes),
            query: texts(&self.query, bytes),
            post: self.post.map(|post| post.of(bytes)),
            body_size: self.body_size,
        }
    }

    fn read(scan: &mut Scan<'_>) -> Result<Option<Self>, Fault> {
        let mut request = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"method" => request.method = scalar(scan)?,
                b"url" => request.url = scalar(scan)?,
                b"httpVersion" => request.version = scalar(scan)?,
                // Where a name is repeated, what either list holds may have been sent.
                b"headers" => {
                    let list = listed(scan)?;
                    request.headers_listed =
                        list.named && (request.headers_listed || request.headers.is_empty());
                    request.headers.extend(list.pairs);
                }
                b"cookies" => request.cookies.extend(pairs(scan)?),
                b"queryString" => request.query.extend(pairs(scan)?),
                b"bodySize" => request.body_size = number(scan)?,
                b"postData" => request.post = Post::read(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(request))
    }
}

impl Post<Span> {
    fn of(self, bytes: &[u8]) -> Post<Text<'_>> {
        let text = |span: Option<Span>| span.map(|span| span.of(bytes));
        Post {
            mime: text(self.mime),
            text: text(self.text),
            encoding: text(self.encoding),
            params: texts(&self.params, bytes),
        }
    }

    fn read(scan: &mut Scan<'_>) -> Result<Option<Self>, Fault> {
        let mut post = Self::default();
        // Some write the text itself instead of the object.
        if scan.peek() == Some(b'"') {
            post.text = scalar(scan)?;
            return Ok(Some(post));
        }
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"mimeType" => post.mime = scalar(scan)?,
                b"text" => post.text = scalar(scan)?,
                b"encoding" | b"_encoding" => post.encoding = scalar(scan)?,
                b"params" => post.params = pairs(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(post))
    }
}

impl Response<Span> {
    fn of(self, bytes: &[u8]) -> Response<Text<'_>> {
        let text = |span: Option<Span>| span.map(|span| span.of(bytes));
        Response {
            status: text(self.status),
            headers: texts(&self.headers, bytes),
            headers_listed: self.headers_listed,
            mime: text(self.mime),
            text: text(self.text),
            encoding: text(self.encoding),
            size: self.size,
            body_size: self.body_size,
            error: text(self.error),
        }
    }

    fn read(scan: &mut Scan<'_>) -> Result<Option<Self>, Fault> {
        let mut response = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"status" => response.status = scalar(scan)?,
                b"headers" => {
                    let list = listed(scan)?;
                    let whole = list.named && list.valued;
                    response.headers_listed =
                        whole && (response.headers_listed || response.headers.is_empty());
                    response.headers.extend(list.pairs);
                }
                b"bodySize" => response.body_size = number(scan)?,
                b"_error" => response.error = scalar(scan)?,
                b"content" => response.read_content(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(response))
    }

    fn read_content(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        scan.object(|scan, name| {
            match name.raw() {
                b"mimeType" => self.mime = scalar(scan)?,
                b"text" => self.text = scalar(scan)?,
                b"encoding" => self.encoding = scalar(scan)?,
                b"size" => self.size = number(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })
        .map(|_| ())
    }
}

fn scalar(scan: &mut Scan<'_>) -> Result<Option<Span>, Fault> {
    Ok(scan.scalar()?.map(|text| scan.span(text)))
}

fn number(scan: &mut Scan<'_>) -> Result<Option<f64>, Fault> {
    Ok(scan.scalar()?.and_then(Text::number))
}

/// Header fields of most messages.
const USUAL_PAIRS: usize = 16;

fn pairs(scan: &mut Scan<'_>) -> Result<Pairs<Span>, Fault> {
    listed(scan).map(|list| list.pairs)
}

/// A list of names and values.
struct List {
    pairs: Pairs<Span>,
    /// Whether there was one, and every element had a name.
    named: bool,
    /// Whether each had a value.
    valued: bool,
}

/// Reads `[{name, value}, …]`, `[[name, value], …]` or `{name: value, …}`, where a value may be a list.
fn listed(scan: &mut Scan<'_>) -> Result<List, Fault> {
    let mut out = Vec::new();
    let (mut named, mut valued) = (true, true);
    if scan.peek() == Some(b'{') {
        scan.object(|scan, name| {
            if scan.peek() == Some(b'[') {
                return scan
                    .array(|scan| {
                        out.push((scan.span(name), scalar(scan)?.unwrap_or_default()));
                        Ok(())
                    })
                    .map(|_| ());
            }
            out.push((scan.span(name), scalar(scan)?.unwrap_or_default()));
            Ok(())
        })?;
        return Ok(List { pairs: out, named: true, valued: true });
    }
    let found = scan.array(|scan| {
        let (mut name, mut value) = (None, None);
        if scan.peek() == Some(b'[') {
            scan.array(|scan| {
                let text = scalar(scan)?;
                if name.is_none() {
                    name = text;
                } else if value.is_none() {
                    value = text;
                }
                Ok(())
            })?;
        } else {
            scan.object(|scan, member| {
                match member.raw() {
                    b"name" | b"Name" | b"key" => name = scalar(scan)?,
                    b"value" | b"Value" => value = scalar(scan)?,
                    _ => scan.skip()?,
                }
                Ok(())
            })?;
        }
        valued &= value.is_some();
        if let Some(name) = name {
            if out.is_empty() {
                out.reserve(USUAL_PAIRS);
            }
            out.push((name, value.unwrap_or_default()));
        } else {
            named = false;
        }
        Ok(())
    })?;
    Ok(List { pairs: out, named: found && named, valued })
}
