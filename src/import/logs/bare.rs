//! Takes lines of a log that were copied without the names of their columns, gives records.
//!
//! IIS writes fifteen fields unless somebody chooses others, without `cs(Referer)` before version 8; an HttpProxy log begins
//! with the same twenty-three columns in every version. A line counts only where what stands in those places is what
//! belongs there.

use std::net::IpAddr;

use super::Reading;
use super::table::{split_blanks, split_commas};
use crate::base::{is_guid, lossy};
use crate::import::{ImportError, Notice, Receiver, text};

const IIS: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) \
                   cs(Referer) sc-status sc-substatus sc-win32-status time-taken";
const IIS_BEFORE_8: &str = "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip \
                            cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken";
const HTTP_PROXY: &str = "#Fields: DateTime,RequestId,MajorVersion,MinorVersion,BuildVersion,RevisionVersion,\
                          ClientRequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,IsAuthenticated,\
                          AuthenticatedUser,Organization,AnchorMailbox,UserAgent,ClientIpAddress,ServerHostName,\
                          HttpStatus,BackEndStatus,ErrorCode,Method";

/// Reads the lines of a text that are rows of such logs; others are left.
///
/// # Errors
/// When none is.
pub fn read(bytes: &[u8], out: &mut dyn Receiver) -> Result<(), ImportError> {
    let text = text::utf8(bytes);
    let text = lossy(&text);
    let mut reading = Reading::default();
    let mut columns = "";
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        let Some(own) = columns_of(line) else { continue };
        if own != columns {
            columns = own;
            reading.push(own, number, out);
        }
        reading.push(line, number, out);
    }
    if columns.is_empty() {
        return Err(ImportError::Kind("holds no line of a log".to_owned()));
    }
    let told = "names no columns: lines are read as IIS and HttpProxy logs are written by default";
    out.notice(Notice::new(None, told));
    reading.finish(out)
}

/// The columns of a line, as a log would declare them.
fn columns_of(line: &str) -> Option<&'static str> {
    // Both begin with a year, and most lines of a text do not.
    if !line.get(..4)?.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let proxy = split_commas(line);
    if is_http_proxy(&proxy) {
        return Some(HTTP_PROXY);
    }
    let fields = split_blanks(line);
    [(IIS, 11), (IIS_BEFORE_8, 10)]
        .into_iter()
        .find(|(_, status)| is_iis(&fields, *status))
        .map(|(own, _)| own)
}

fn is_iis(fields: &[String], status: usize) -> bool {
    let at = |place: usize| fields.get(place).map_or("", String::as_str);
    let number = |place: usize| !at(place).is_empty() && at(place).bytes().all(|byte| byte.is_ascii_digit());
    at(0).len() == 10
        && at(1).len() == 8
        && address(at(2))
        && method(at(3))
        && at(4).starts_with('/')
        && number(6)
        && (address(at(8)) || at(8) == "-")
        && at(status).len() == 3
        && (status..status + 4).all(number)
}

fn is_http_proxy(values: &[String]) -> bool {
    let at = |place: usize| values.get(place).map_or("", String::as_str);
    let flag = |text: &str| ["true", "false", ""].iter().any(|flag| text.eq_ignore_ascii_case(flag));
    at(0).ends_with('Z')
        && is_guid(at(1))
        && (2..6).all(|place| at(place).parse::<u32>().is_ok())
        && at(9).starts_with('/')
        && flag(at(12))
        && at(19).len() == 3
        && at(19).parse::<u16>().is_ok()
        && method(at(22))
}

fn address(text: &str) -> bool {
    text.split('%').next().is_some_and(|text| text.parse::<IpAddr>().is_ok())
}

fn method(text: &str) -> bool {
    (3..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::Collected;
    use crate::logrecord::{LogRecord, LogSource};

    fn records(text: &str) -> Vec<LogRecord> {
        let mut out = Collected::default();
        let _ = read(text.as_bytes(), &mut out);
        out.log_records
    }

    #[test]
    fn lines_without_columns_are_read() {
        // After the lines of Microsoft Q&A 108027.
        let text = "At the log of IIS it looks like this:\n\
            2020-10-01 11:45:23 192.168.70.2 POST /autodiscover/autodiscover.svc/WSSecurity &CorrelationID=<empty>;&cafeReqId=287f6ba3-5da3-41f8-92f9-e105fb84e5be; 443 - 52.97.244.45 TestOrganizationRelationship/1.1 - 401 1 1326 106   \n\
            2020-10-01 11:45:23 192.168.70.2 POST /ews/exchange.asmx - 443 - 52.97.244.45 A/1 500 0 0 74\n\
            2020-10-01T09:55:24.651Z,69c0c712-85ed-458b-a815-44bd17ca06fe,15,2,659,4,,Autodiscover,autodiscover.contoso.ru,/autodiscover/autodiscover.svc,,Bearer,true,,contoso.ru,Smtp~a@contoso.ru,\"a, b\",52.97.244.45,MXM,401,401,ProtocolError,POST,Proxy,mxm.contoso.local,15.02.0659.000\n";
        let [first, second, third] = &records(text)[..] else { panic!() };
        assert_eq!((first.source, first.line, first.status), (LogSource::Iis, 2, Some(401)));
        assert_eq!(first.substatus, Some((1, 1326)));
        assert_eq!(first.request_id.as_deref(), Some("287f6ba3-5da3-41f8-92f9-e105fb84e5be"));
        assert_eq!((second.line, second.status), (3, Some(500)));
        assert_eq!((third.source, third.status), (LogSource::HttpProxy, Some(401)));
        assert_eq!(third.authentication.as_deref(), Some("Bearer"));
        assert_eq!(third.server.as_deref(), Some("MXM"));
    }

    #[test]
    fn other_lines_are_no_rows() {
        for text in [
            "",
            "2020",
            "2020-10-01 11:45:23 it said POST /ews 401",
            "2020-10-01 11:45:23 192.168.70.2 POST ews - 443 - 52.97.244.45 A/1 - 401 0 0 1",
            "2020-10-01T09:55:24.651Z,69c0c712-85ed-458b-a815-44bd17ca06fe,15,2,659,4",
        ] {
            assert!(records(text).is_empty(), "{text}");
        }
    }
}
