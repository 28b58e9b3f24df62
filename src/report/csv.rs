//! Takes exchanges, gives one line each. RFC 4180, CRLF, a header line; UTF-8.
//!
//! Spreadsheets run what begins with `=`, `+`, `-` or `@`: such cells get an apostrophe in front.

use std::io::{self, Write};

use super::escape::terminal;
use super::mask::Mask;
use super::{Inspection, Options, authentication};
use crate::token::Half;

const HEADER: [&str; 20] = [
    "index",
    "input",
    "time",
    "first_frame",
    "last_frame",
    "client",
    "server",
    "protocol",
    "tls",
    "complete",
    "method",
    "scheme",
    "host",
    "target",
    "request_bytes",
    "status",
    "response_bytes",
    "sent",
    "offered",
    "tokens",
];

/// `inspect -o csv`, and the exchanges of `verify -o csv`.
///
/// # Errors
/// Those of `out`.
pub fn exchanges(inspection: &Inspection, options: &Options, out: &mut dyn Write) -> io::Result<()> {
    let mask = Mask::new(options.show_secrets);
    line(&HEADER.map(str::to_owned), out)?;
    for (index, listed) in inspection.exchanges.iter().enumerate() {
        let exchange = &listed.exchange;
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let texts = listed.texts(&inspection.tokens, Half::Request);
        let tokens = listed.numbers(&inspection.order, None);
        let sent = authentication::sent(exchange);
        let sent: Vec<_> = sent.iter().map(|sent| sent.scheme.as_deref().unwrap_or("none")).collect();
        let text = |value: Option<String>| value.unwrap_or_default();
        line(
            &[
                index.to_string(),
                text(inspection.inputs.get(exchange.key.input as usize).map(|input| input.path.clone())),
                text(exchange.time().map(|time| time.to_string())),
                text(exchange.frames.map(|(first, _)| first.to_string())),
                text(exchange.frames.map(|(_, last)| last.to_string())),
                text(exchange.client.map(|end| end.to_string())),
                text(exchange.server.map(|end| end.to_string())),
                exchange.protocol.name().to_owned(),
                text(exchange.tls.as_ref().and_then(|tls| tls.version.clone())),
                exchange.complete().to_string(),
                text(request.map(|request| request.method.clone())),
                text(request.and_then(|request| request.scheme.clone())),
                text(
                    request
                        .and_then(|request| request.host.as_deref())
                        .map(|host| mask.host(host).into_owned()),
                ),
                text(request.map(|request| mask.known(&request.target, &texts).into_owned())),
                text(request.map(|request| request.body.total.to_string())),
                text(response.map(|response| response.status.to_string())),
                text(response.map(|response| response.body.total.to_string())),
                sent.join(" "),
                authentication::offered(exchange).join(" "),
                tokens.iter().map(usize::to_string).collect::<Vec<_>>().join(" "),
            ],
            out,
        )?;
    }
    Ok(())
}

fn line(cells: &[String; 20], out: &mut dyn Write) -> io::Result<()> {
    for (index, text) in cells.iter().enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        out.write_all(cell(text).as_bytes())?;
    }
    out.write_all(b"\r\n")
}

fn cell(text: &str) -> String {
    let mut clean = terminal(text).into_owned();
    if clean.trim_start().starts_with(['=', '+', '-', '@']) {
        clean.insert(0, '\'');
    }
    if clean.contains(['"', ',', '\'', ';', ' ']) {
        format!("\"{}\"", clean.replace('"', "\"\""))
    } else {
        clean
    }
}

#[cfg(test)]
mod tests {
    use super::cell;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
        assert_eq!(cell("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(cell("\t=1"), "\"' =1\"");
        assert_eq!(cell("/ews/exchange.asmx"), "/ews/exchange.asmx");
        assert_eq!(cell("a\r\nb"), "a\\u{d}\\u{a}b");
    }
}
