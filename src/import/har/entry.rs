//! Takes one entry of a HAR file, gives its members as they stand. HAR 1.2 part "entries".
//!
//! Every member may be missing, `null`, of another type, or twice (the last one counts, as everywhere).

use super::scan::{Fault, Scan, Text};

/// One entry. Strings are borrowed from the file.
#[derive(Clone, Debug, Default)]
pub(super) struct Entry<'a> {
    pub(super) started: Option<Text<'a>>,
    /// Milliseconds from the start to the last byte.
    pub(super) time: f64,
    /// Milliseconds: before anything is sent (blocked, name, connection), sending, waiting.
    pub(super) before: f64,
    pub(super) send: f64,
    pub(super) wait: f64,
    pub(super) server_ip: Option<Text<'a>>,
    pub(super) server_port: Option<Text<'a>>,
    pub(super) tls_version: Option<Text<'a>>,
    pub(super) tls_cipher: Option<Text<'a>>,
    pub(super) request: Option<Request<'a>>,
    pub(super) response: Option<Response<'a>>,
}

/// The request of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Request<'a> {
    pub(super) method: Option<Text<'a>>,
    pub(super) url: Option<Text<'a>>,
    pub(super) version: Option<Text<'a>>,
    pub(super) headers: Pairs<'a>,
    pub(super) cookies: Pairs<'a>,
    pub(super) post: Option<Post<'a>>,
    pub(super) body_size: Option<f64>,
}

/// The body of a request.
#[derive(Clone, Debug, Default)]
pub(super) struct Post<'a> {
    pub(super) mime: Option<Text<'a>>,
    pub(super) text: Option<Text<'a>>,
    pub(super) encoding: Option<Text<'a>>,
    pub(super) params: Pairs<'a>,
}

/// The response of an entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Response<'a> {
    pub(super) status: Option<Text<'a>>,
    pub(super) headers: Pairs<'a>,
    pub(super) mime: Option<Text<'a>>,
    pub(super) text: Option<Text<'a>>,
    pub(super) encoding: Option<Text<'a>>,
    pub(super) size: Option<f64>,
    pub(super) body_size: Option<f64>,
    pub(super) error: Option<Text<'a>>,
}

/// Names with values, in order.
pub(super) type Pairs<'a> = Vec<(Text<'a>, Text<'a>)>;

impl<'a> Entry<'a> {
    /// Reads the entry that stands at `scan`; `None` where there is no object.
    pub(super) fn read(scan: &mut Scan<'a>) -> Result<Option<Self>, Fault> {
        let mut entry = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"startedDateTime" => entry.started = scan.scalar()?,
                b"time" => entry.time = number(scan)?.unwrap_or_default(),
                b"serverIPAddress" => entry.server_ip = scan.scalar()?,
                b"_serverPort" => entry.server_port = scan.scalar()?,
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

    fn read_timings(&mut self, scan: &mut Scan<'a>) -> Result<(), Fault> {
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

    fn read_security(&mut self, scan: &mut Scan<'a>) -> Result<(), Fault> {
        scan.object(|scan, name| {
            match name.raw() {
                b"protocol" => self.tls_version = scan.scalar()?,
                b"cipher" => self.tls_cipher = scan.scalar()?,
                _ => scan.skip()?,
            }
            Ok(())
        })
        .map(|_| ())
    }
}

impl<'a> Request<'a> {
    fn read(scan: &mut Scan<'a>) -> Result<Option<Self>, Fault> {
        let mut request = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"method" => request.method = scan.scalar()?,
                b"url" => request.url = scan.scalar()?,
                b"httpVersion" => request.version = scan.scalar()?,
                b"headers" => request.headers = pairs(scan)?,
                b"cookies" => request.cookies = pairs(scan)?,
                b"bodySize" => request.body_size = number(scan)?,
                b"postData" => request.post = Post::read(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(request))
    }
}

impl<'a> Post<'a> {
    fn read(scan: &mut Scan<'a>) -> Result<Option<Self>, Fault> {
        let mut post = Self::default();
        // Some write the text itself instead of the object.
        if scan.peek() == Some(b'"') {
            post.text = scan.scalar()?;
            return Ok(Some(post));
        }
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"mimeType" => post.mime = scan.scalar()?,
                b"text" => post.text = scan.scalar()?,
                b"encoding" | b"_encoding" => post.encoding = scan.scalar()?,
                b"params" => post.params = pairs(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(post))
    }
}

impl<'a> Response<'a> {
    fn read(scan: &mut Scan<'a>) -> Result<Option<Self>, Fault> {
        let mut response = Self::default();
        let found = scan.object(|scan, name| {
            match name.raw() {
                b"status" => response.status = scan.scalar()?,
                b"headers" => response.headers = pairs(scan)?,
                b"bodySize" => response.body_size = number(scan)?,
                b"_error" => response.error = scan.scalar()?,
                b"content" => response.read_content(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })?;
        Ok(found.then_some(response))
    }

    fn read_content(&mut self, scan: &mut Scan<'a>) -> Result<(), Fault> {
        scan.object(|scan, name| {
            match name.raw() {
                b"mimeType" => self.mime = scan.scalar()?,
                b"text" => self.text = scan.scalar()?,
                b"encoding" => self.encoding = scan.scalar()?,
                b"size" => self.size = number(scan)?,
                _ => scan.skip()?,
            }
            Ok(())
        })
        .map(|_| ())
    }
}

fn number(scan: &mut Scan<'_>) -> Result<Option<f64>, Fault> {
    Ok(scan.scalar()?.and_then(Text::number))
}

/// Reads `[{name, value}, …]`, `[[name, value], …]` or `{name: value, …}`, where a value may be a list.
fn pairs<'a>(scan: &mut Scan<'a>) -> Result<Pairs<'a>, Fault> {
    let mut out = Vec::new();
    if scan.peek() == Some(b'{') {
        scan.object(|scan, name| {
            if scan.peek() == Some(b'[') {
                return scan
                    .array(|scan| {
                        out.push((name, scan.scalar()?.unwrap_or_default()));
                        Ok(())
                    })
                    .map(|_| ());
            }
            out.push((name, scan.scalar()?.unwrap_or_default()));
            Ok(())
        })?;
        return Ok(out);
    }
    scan.array(|scan| {
        let (mut name, mut value) = (None, None);
        if scan.peek() == Some(b'[') {
            scan.array(|scan| {
                let text = scan.scalar()?;
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
                    b"name" | b"Name" | b"key" => name = scan.scalar()?,
                    b"value" | b"Value" => value = scan.scalar()?,
                    _ => scan.skip()?,
                }
                Ok(())
            })?;
        }
        if let Some(name) = name {
            out.push((name, value.unwrap_or_default()));
        }
        Ok(())
    })?;
    Ok(out)
}
