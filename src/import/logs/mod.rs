//! Takes the logs that an administrator has besides captures, gives records: IIS (W3C extended), Exchange
//! HttpProxy, EWS, Autodiscover and OAuthOutbound, and the output of `Test-OAuthConnectivity`.
//!
//! Columns are found by name, whatever their order. The column names are those of public headers of such
//! logs; the samples of the tests are made after them.

/// Lines without the names of their columns.
pub mod bare;
mod connectivity;
mod table;

use std::io::{BufRead as _, BufReader, Read};

use super::{ImportError, ImportSettings, Notice, Receiver, text, when};
use crate::base::percent::decode_form;
use crate::base::{Secret, base64url, is_guid, lossy};
use crate::connection::LeftOut;
use crate::exchange::is_password_parameter;
use crate::limits;
use crate::logrecord::{LogRecord, LogSource};
use table::{Row, Rows, Table};

/// Columns that say how a caller was authenticated.
const AUTHENTICATION: [&str; 2] = ["authenticationtype", "authentication-type"];

/// Reads the whole of a log.
///
/// # Errors
/// When no line of it can be read as a record.
pub fn read(bytes: &[u8], settings: &ImportSettings, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let _ = settings;
    let text = text::utf8(bytes);
    let text = lossy(&text);
    let (results, damage) = connectivity::records(&text);
    if !results.is_empty() {
        if let Some(damage) = damage {
            let text = format!("is damaged: {damage}; results before are used: {}", results.len());
            out.notice(Notice::new(None, text));
            out.truncated();
        }
        results.into_iter().for_each(|record| out.log_record(record));
        return Ok(());
    }
    if connectivity::is_clixml(&text) {
        return Err(match damage {
            Some(damage) => ImportError::Damaged(format!("is damaged CLIXML: {damage}")),
            None => ImportError::Kind(
                "is CLIXML that holds no result of Test-OAuthConnectivity; the state of an organisation goes to \
                 --state, or to provision check"
                    .to_owned(),
            ),
        });
    }
    if connectivity::is_table(&text) {
        let told =
            "is a table of Test-OAuthConnectivity, which cuts what it tells: print it with | Format-List";
        return Err(ImportError::Kind(told.to_owned()));
    }
    let mut reading = Reading::default();
    for (line, number) in text.split_inclusive('\n').zip(1..) {
        let whole = line.strip_suffix('\n');
        if whole.is_none() {
            reading.last_begins();
        }
        reading.push(whole.unwrap_or(line), number, out);
    }
    reading.finish(out)
}

/// Bytes by which a log is recognised.
const BEGINNING: u64 = 64 << 10;

/// The first bytes of a log, and whether they declare columns that are known, so that it can be read line by line.
/// UTF-16, and what only the whole tells, cannot.
pub fn beginning(source: &mut dyn Read) -> (Vec<u8>, bool) {
    let mut bytes = Vec::new();
    let _ = source.take(BEGINNING).read_to_end(&mut bytes);
    let mut rows = Rows::default();
    let declares = !text::is_wide(&bytes)
        && bytes.get(text::mark(&bytes)..).unwrap_or_default().split(|byte| *byte == b'\n').any(|line| {
            rows.push(&lossy(line), 1, &mut |_, _| {});
            self::source(&rows.table).is_some()
        });
    (bytes, declares)
}

/// Reads a log line by line, whatever its size.
///
/// # Errors
/// When no line of it can be read as a record.
pub fn read_lines(source: &mut dyn Read, out: &mut dyn Receiver) -> Result<(), ImportError> {
    let mut source = BufReader::with_capacity(BEGINNING as usize, source);
    let mut reading = Reading::default();
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        let most = limits::HEAD_BYTES as u64 + 1;
        // What cannot be read ends the log; the source remembers why.
        if !matches!((&mut source).take(most).read_until(b'\n', &mut line), Ok(1..)) {
            break;
        }
        number += 1;
        if line.last() == Some(&b'\n') {
            line.pop();
        } else if line.len() as u64 == most {
            let _ = source.skip_until(b'\n');
        } else {
            reading.last_begins();
        }
        let start = if number == 1 { text::mark(&line) } else { 0 };
        reading.push(&lossy(line.get(start..).unwrap_or_default()), number, out);
    }
    reading.finish(out)
}

/// Counts what a log holds while its lines pass.
#[derive(Default)]
struct Reading {
    rows: Rows,
    records: u64,
    /// Rows of no log that is known.
    foreign: u64,
    /// Rows without a time that can be read.
    timeless: u64,
    /// How many lines were no rows before the last one, which is not ended.
    before_last: Option<u64>,
}

impl Reading {
    /// The line that comes is the last, and has no end: a server that still writes has begun it.
    fn last_begins(&mut self) {
        self.before_last = Some(self.rows.table.odd + self.foreign + self.timeless);
    }

    fn push(&mut self, line: &str, number: u64, out: &mut dyn Receiver) {
        let Self { rows, records, foreign, timeless, .. } = self;
        rows.push(line, number, &mut |table, row| of_row(table, row, [records, foreign, timeless], out));
    }

    fn finish(self, out: &mut dyn Receiver) -> Result<(), ImportError> {
        let Self { rows, mut records, mut foreign, mut timeless, before_last } = self;
        let table = rows.finish(&mut |table, row| {
            of_row(table, row, [&mut records, &mut foreign, &mut timeless], out);
        });
        let odd = table.odd + foreign + timeless;
        if odd > 0 && records > 0 {
            let text = match odd {
                1 => "1 line is no row of the log and is left out".to_owned(),
                more => format!("{more} lines are no rows of the log and are left out"),
            };
            // What Exchange asked itself was no request to it; any other line may have told of a password. What follows
            // the end of the file is no part of it, be it the rest of a line.
            let whole = before_last.unwrap_or(odd) > 0;
            let request = whole && source(&table) != Some(LogSource::OAuthOutbound);
            out.notice(Notice::lost(None, text, LeftOut { count: odd, request, host: None }));
        }
        if records == 0 && table.columns.is_empty() {
            return Err(ImportError::Kind("is no log that is known: it declares no columns".to_owned()));
        }
        if records == 0 && odd > 0 {
            return Err(match source(&table) {
                Some(_) => ImportError::Damaged(
                    "is a log none of whose lines is a row of the columns it declares".to_owned(),
                ),
                None => ImportError::Kind(
                    "is a log of a kind that is not known (expected IIS W3C, HttpProxy, Ews, Autodiscover or \
                     OAuthOutbound)"
                        .to_owned(),
                ),
            });
        }
        Ok(())
    }
}

fn of_row(table: &Table, row: &Row<'_>, [records, foreign, timeless]: [&mut u64; 3], out: &mut dyn Receiver) {
    match source(table) {
        Some(source) if row.values.is_empty() || time(row).is_none() => {
            *timeless += u64::from(!row.values.is_empty());
            out.log_record(LogRecord { unreadable: true, ..LogRecord::new(source, row.line) });
        }
        Some(source) => {
            *records += 1;
            out.log_record(record(source, row));
        }
        // Counted as odd already where it has no values.
        None => *foreign += u64::from(!row.values.is_empty()),
    }
}

/// Which log declares such columns.
fn source(table: &Table) -> Option<LogSource> {
    let has = |name: &str| table.columns.iter().any(|column| column == name);
    let says = |word: &str| table.kind.contains(word);
    if has("cs-uri-stem") || has("cs-method") {
        Some(LogSource::Iis)
    } else if says("outbound") || has("error-string") || has("token-result") {
        Some(LogSource::OAuthOutbound)
    } else if says("autodiscover") && !says("httpproxy") {
        Some(LogSource::Autodiscover)
    } else if says("ews") && !says("httpproxy") {
        Some(LogSource::Ews)
    } else if has("urlstem") || has("protocolaction") {
        Some(LogSource::HttpProxy)
    } else if has("soapaction") {
        Some(LogSource::Ews)
    } else {
        None
    }
}

fn record(source: LogSource, row: &Row<'_>) -> LogRecord {
    let text = |names: &[&str]| row.get(names).map(str::to_owned);
    let number = |names: &[&str]| row.get(names).and_then(|value| value.trim().parse().ok());
    let mut record = LogRecord::new(source, row.line);
    record.time = time(row);
    record.client = row.get(&["c-ip", "clientipaddress", "client-ip"]).and_then(|ip| ip.trim().parse().ok());
    record.server = text(&["s-computername", "serverhostname", "server-name", "s-ip"]);
    record.method = text(&["cs-method", "method"]);
    record.host = text(&["cs-host", "cs(host)", "urlhost", "host"]);
    record.path = text(&["cs-uri-stem", "urlstem", "target-uri", "url", "uri"]);
    record.status = number(&["sc-status", "httpstatus", "http-status", "status-code"]);
    record.back_end_status = number(&["backendstatus"]);
    record.substatus =
        number(&["sc-substatus"]).zip(row.get(&["sc-win32-status"]).and_then(|code| code.parse().ok()));
    record.service = text(&["protocol"]);
    record.tells_authentication = row.has(&AUTHENTICATION);
    record.authentication = text(&AUTHENTICATION).or_else(|| password_scheme(row));
    record.user = text(&["cs-username", "authenticateduser"]);
    record.user_agent = text(&["cs(user-agent)", "useragent"]);
    record.operation = text(&["soapaction", "protocolaction", "task", "operation"]);
    let query = row.get(&["cs-uri-query", "urlquery"]).unwrap_or_default();
    record.password_in_query = has_password(query);
    record.applications_in_query = applications_of(query);
    record.request_id = text(&["requestid", "request-id", "cs(request-id)"]).or_else(|| of_query(query));
    record.client_request_id = text(&["clientrequestid", "client-request-id", "cs(client-request-id)"]);
    record.diagnostics = row.like("x-ms-diagnostics").map(str::to_owned);
    record.challenge = row.like("www-authenticate").map(str::to_owned);
    record.result = text(&["result-code", "result"]);
    let errors: Vec<&str> = [&["errorcode"][..], &["error-string"], &["genericerrors"]]
        .into_iter()
        .filter_map(|names| row.get(names))
        .collect();
    record.errors = (!errors.is_empty()).then(|| errors.join("; "));
    let remarks: Vec<&str> =
        [&["genericinfo"][..], &["backendgenericinfo"], &["organization"], &["anchormailbox"]]
            .into_iter()
            .filter_map(|names| row.get(names))
            .collect();
    record.remarks = (!remarks.is_empty()).then(|| remarks.join("; "));
    let dump = row.get(&["token-result", "oauthtoken"]);
    record.token_dump = dump.map(|dump| Secret::new(dump.as_bytes().to_vec()));
    record.token_sent = token_of(row).map(|token| Secret::new(token.into_bytes()));
    record
}

/// Custom fields of IIS that hold `Authorization` of the request.
const AUTHORIZATION: [&str; 3] = ["cs(authorization)", "authorization", "http_authorization"];

/// `Basic`, where a custom field of IIS holds that `Authorization` of the request. Of other schemes it does not tell
/// whether they were accepted, and an empty Bearer asks for the challenge.
fn password_scheme(row: &Row<'_>) -> Option<String> {
    let sent = row.get(&AUTHORIZATION)?;
    let (scheme, value) = sent.trim().split_once([' ', '+'])?;
    (scheme.eq_ignore_ascii_case("basic") && !value.trim().is_empty()).then(|| "Basic".to_owned())
}

/// The token of `Authorization: Bearer` in a custom field of IIS, unless IIS cut it: it says so by three dots.
fn token_of(row: &Row<'_>) -> Option<String> {
    let (scheme, value) = row.get(&AUTHORIZATION)?.trim().split_once([' ', '+'])?;
    let token = value.trim_matches([' ', '+']);
    let whole = !token.is_empty() && !token.ends_with("...");
    (scheme.eq_ignore_ascii_case("bearer") && whole).then(|| token.to_owned())
}

/// Whether a query has a parameter that is named as a password, and is not empty.
fn has_password(query: &str) -> bool {
    let mut pairs = query.split(['&', ';']).filter_map(|pair| pair.split_once('='));
    pairs.any(|(name, value)| {
        let name = decode_form(name.trim_start_matches('?').as_bytes());
        is_password_parameter(&lossy(&name), value)
    })
}

/// The ids of applications that the first token among the parameters of a query names: GUIDs of its payload.
fn applications_of(query: &str) -> Option<String> {
    const IDS: usize = 32;
    let values = query.split(['&', ';']).map(|pair| pair.split_once('=').map_or(pair, |(_, value)| value));
    let payload = values.filter(|value| value.starts_with("eyJ")).find_map(|value| {
        let payload = base64url::decode(value.split('.').nth(1)?.as_bytes()).ok()?;
        payload.starts_with(b"{").then(|| String::from_utf8_lossy(&payload).to_ascii_lowercase())
    })?;
    let words = payload.split(|letter: char| !letter.is_ascii_hexdigit() && letter != '-');
    Some(words.filter(|word| is_guid(word)).take(IDS).collect::<Vec<_>>().join(" "))
}

/// The number of the request that Exchange appends to the query in the log of IIS:
/// `&CorrelationID=<empty>;&cafeReqId=0f6…;` at the front end, `&ActID=` behind.
fn of_query(query: &str) -> Option<String> {
    let value = ["cafeReqId=", "ActID="].into_iter().find_map(|name| {
        let rest = query.get(query.find(name)? + name.len()..)?;
        rest.split(['&', ';', ' ']).next()
    })?;
    (!value.is_empty() && !value.starts_with('<')).then(|| value.to_owned())
}

fn time(row: &Row<'_>) -> Option<crate::base::Instant> {
    let joined;
    let text = match row.get(&["datetime", "date-time"]) {
        Some(text) => text,
        None => {
            joined = format!("{}T{}", row.get(&["date"])?, row.get(&["time"])?);
            &joined
        }
    };
    when::parse(text).map(|(at, _)| at)
}

#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data, &ImportSettings::default(), &mut super::Collected::default());
}

#[cfg(test)]
mod tests;
