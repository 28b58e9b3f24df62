//! Takes an exchange, gives what is out of the ordinary about it. Most exchanges are calls that succeed, and few
//! rules have anything to say of those: a rule declares the marks without which it stays silent.

use super::place::{self, Place};
use super::subject::ExchangeCase;
use crate::exchange::{Request, Response};

/// Marks of an exchange, or those that a rule looks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Marks(u16);

impl Marks {
    /// The status is neither 2xx nor 304.
    pub const REFUSED: Self = Self(1);
    /// The response says more in `x-ms-diagnostics` or `X-CasErrorCode`.
    pub const TOLD: Self = Self(1 << 1);
    /// The response offers schemes.
    pub const CHALLENGED: Self = Self(1 << 2);
    /// The path is that of an S2S metadata document.
    pub const METADATA: Self = Self(1 << 3);
    /// It went to a token service.
    pub const TOKEN_SERVICE: Self = Self(1 << 4);
    /// A POST whose body may be a form.
    pub const FORM: Self = Self(1 << 5);
    /// `Authorization` is more than one bearer token, or something else.
    pub const CREDENTIALS: Self = Self(1 << 6);
    /// The target has a query, or a user stands in the address.
    pub const TARGET: Self = Self(1 << 7);
    /// A decoder found something odd.
    pub const ODD: Self = Self(1 << 8);
    /// The request has more than one `Host`.
    pub const HOSTS: Self = Self(1 << 9);
    /// A password stands in a SOAP request.
    pub const SOAP_PASSWORD: Self = Self(1 << 10);

    /// Both sets.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one of `wanted` is among them.
    pub const fn meet(self, wanted: Self) -> bool {
        self.0 & wanted.0 != 0
    }

    fn add(&mut self, mark: Self, there: bool) {
        if there {
            self.0 |= mark.0;
        }
    }

    /// The marks of an exchange.
    pub(super) fn of(case: &ExchangeCase<'_>) -> Self {
        let mut marks = Self::default();
        marks.add(Self::TOKEN_SERVICE, case.place == Place::TokenService);
        marks.add(Self::ODD, !case.exchange.oddities.is_empty());
        if let Some(request) = case.request() {
            marks.request(request);
        }
        marks.add(Self::HOSTS, case.hosts().0 > 1);
        marks.add(Self::SOAP_PASSWORD, case.soap_password());
        if let Some(response) = case.response() {
            marks.response(response);
        }
        marks
    }

    fn request(&mut self, request: &Request) {
        let target = request.target.as_bytes();
        let user = request.host.as_deref().is_some_and(|host| host.contains('@'));
        self.add(Self::TARGET, user || memchr::memchr2(b'?', b'@', target).is_some());
        self.add(Self::METADATA, place::ends_with(request.path(), "/metadata/json/1"));
        self.add(Self::FORM, request.may_post() && !request.body.bytes.is_empty() && may_be_form(request));
        let credentials = request.head.all("authorization").any(|field| !is_bearer(field.value));
        self.add(Self::CREDENTIALS, credentials);
    }

    fn response(&mut self, response: &Response) {
        self.add(Self::REFUSED, !matches!(response.status, 200..=299 | 304));
        for field in response.head.fields_of(|length| matches!(length, 14 | 16 | 18)) {
            match field.name.len() {
                14 => self.add(Self::TOLD, field.is("x-caserrorcode")),
                16 => {
                    self.add(Self::TOLD, field.is("x-ms-diagnostics"));
                    self.add(Self::CHALLENGED, field.is("www-authenticate"));
                }
                18 => self.add(Self::CHALLENGED, field.is("proxy-authenticate")),
                _ => {}
            }
        }
    }
}

fn may_be_form(request: &Request) -> bool {
    let kind = request.head.text("content-type").unwrap_or_default();
    let mut letters = kind.as_bytes().windows(4);
    kind.is_empty() || letters.any(|four| four.eq_ignore_ascii_case(b"form"))
}

/// One bearer token and nothing behind it.
fn is_bearer(value: &[u8]) -> bool {
    value.split_at_checked(7).is_some_and(|(scheme, token)| {
        scheme.eq_ignore_ascii_case(b"bearer ")
            && !token.trim_ascii().is_empty()
            && memchr::memchr(b',', token).is_none()
    })
}
