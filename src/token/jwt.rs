//! Takes the text of a compact serialisation, gives its parts: raw, decoded and as JSON with spans.
//!
//! RFC 7515 section 3.1 and 7.1, RFC 7519. Lossless: raw bytes, order and duplicates survive.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _, alphabet};
use bytes::Bytes;

use super::TimeClaim;
use crate::base::base64url;
use crate::json::{self, Node};
use crate::limits;

/// A JWS in compact serialisation, or what is left of one.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// How many parts the dots make: three for a JWS, five for a JWE.
    pub parts: usize,
    /// Byte range of the encoded header in the token's text.
    pub header_part: Range<usize>,
    /// Byte range of the encoded payload; of the ciphertext of a JWE.
    pub payload_part: Range<usize>,
    /// Byte range of the encoded signature; empty when it is absent. Of the authentication tag of a JWE.
    pub signature_part: Range<usize>,
    /// Decoded signature bytes; empty for unsigned tokens.
    pub signature: Bytes,
    /// The header as JSON, when it is. Many tokens have the same.
    pub header: Option<Arc<Node>>,
    /// What is odd about the form.
    pub faults: Vec<Fault>,
    /// The payload as JSON, when it is: see [`Jwt::claims`].
    claims: OnceLock<Option<Node>>,
    /// The times of [`TIMES`], read once: each use of a token asks for them.
    times: OnceLock<[TimeClaim; TIMES.len()]>,
}

/// What is remembered of a JWT of which else the text alone is kept: what each use of a token asks for, and what is
/// known only by reading all of it.
#[derive(Clone, Debug)]
pub(super) struct Digest {
    header: Option<Arc<Node>>,
    faults: Box<[Fault]>,
    times: [TimeClaim; TIMES.len()],
}

/// Claims whose times are remembered.
const TIMES: [&str; 2] = ["nbf", "exp"];

/// What is odd about a token's form. A closed list: each is a fact a rule can name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Two parts: the last dot is lost.
    TwoParts,
    /// A number of parts that is neither two, three nor five.
    Parts(usize),
    /// A part is not base64url at this byte of the token's text.
    Encoding(&'static str, usize),
    /// A part uses padding, the standard alphabet, blanks or stray low bits: read, but not RFC 7515.
    LenientEncoding(&'static str),
    /// A decoded part is not a JSON object.
    Json(&'static str, String),
    /// The signature part is absent, empty or masked although `alg` asks for one: the source removed it.
    SignatureRemoved,
    /// The text is longer than `limits::TOKEN_BYTES`.
    TooLong(usize),
    /// More nested tokens than `limits::TOKEN_DEPTH`.
    TooDeep,
}

impl Fault {
    /// The bound that was reached, for faults that are one.
    pub(crate) fn bound(&self) -> Option<String> {
        match self {
            Self::TooLong(_) => {
                Some(format!("tokens longer than {} bytes (limit TOKEN_BYTES)", limits::TOKEN_BYTES))
            }
            Self::TooDeep => Some(format!(
                "tokens more than {} deep inside each other (limit TOKEN_DEPTH)",
                limits::TOKEN_DEPTH
            )),
            Self::Json(_, what) if what.starts_with(json::TOO_DEEP) => Some(format!(
                "tokens whose JSON nests more than {} deep (limit JSON_DEPTH)",
                limits::JSON_DEPTH
            )),
            Self::Json(_, what) if what.starts_with(json::TOO_MANY) => Some(format!(
                "tokens whose JSON has more than {} members and elements (limit JSON_NODES)",
                limits::JSON_NODES
            )),
            _ => None,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TwoParts => write!(f, "two parts instead of three: the last dot is lost"),
            Self::Parts(count) => write!(f, "{count} parts instead of three"),
            Self::Encoding(part, at) => write!(f, "the {part} is not base64url at byte {at}"),
            Self::LenientEncoding(part) => write!(f, "the {part} is not written as RFC 7515 asks"),
            Self::Json(part, what) => write!(f, "the {part} is not a JSON object: {what}"),
            Self::SignatureRemoved => write!(f, "the signature was removed or masked"),
            Self::TooLong(bytes) => {
                write!(f, "{bytes} bytes, more than the {} that are read of one token", limits::TOKEN_BYTES)
            }
            Self::TooDeep => write!(f, "more than {} tokens inside each other", limits::TOKEN_DEPTH),
        }
    }
}

/// Base64 of any habit: what an export or a mail did to a token must not hide its claims.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const HEADER: &str = "header";
const PAYLOAD: &str = "payload";
const SIGNATURE: &str = "signature";

impl Jwt {
    /// Reads a compact serialisation. `None` when the text has nothing of a JWT (no dot, or a first
    /// part that does not decode to something beginning with `{`).
    pub fn parse(text: &[u8]) -> Option<Self> {
        let first_dot = memchr::memchr(b'.', text)?;
        if !begins_like_object(text.get(..first_dot)?) {
            return None;
        }
        let mut jwt = Self::split(text, first_dot);
        if text.len() > limits::TOKEN_BYTES {
            jwt.faults.push(Fault::TooLong(text.len()));
            jwt.claims = OnceLock::from(None);
            return Some(jwt);
        }
        let header = jwt.decode(text, jwt.header_part.clone(), HEADER);
        if !header.trim_ascii_start().starts_with(b"{") {
            return None;
        }
        jwt.header = jwt.object(&header, HEADER).map(Arc::new);
        if jwt.parts != 5 {
            let payload = jwt.decode(text, jwt.payload_part.clone(), PAYLOAD);
            jwt.claims = OnceLock::from(jwt.object(&payload, PAYLOAD));
            jwt.read_signature(text);
        } else {
            jwt.claims = OnceLock::from(None);
        }
        Some(jwt)
    }

    /// What [`Jwt::again`] wants besides the text, which is `text`.
    pub(super) fn digest(&self, text: &[u8]) -> Digest {
        Digest { header: self.header.clone(), faults: self.faults.clone().into(), times: self.times(text) }
    }

    /// The same as [`Jwt::parse`] gave of this text when `digest` was made; its claims are read when somebody asks.
    pub(super) fn again(text: &[u8], digest: &Digest) -> Self {
        let mut jwt = Self::split(text, memchr::memchr(b'.', text).unwrap_or(text.len()));
        jwt.header.clone_from(&digest.header);
        jwt.faults = digest.faults.to_vec();
        jwt.times = OnceLock::from(digest.times);
        let unread = |fault: &Fault| matches!(fault, Fault::TooLong(_));
        if jwt.parts == 5 || jwt.faults.iter().any(unread) {
            jwt.claims = OnceLock::from(None);
        } else if !jwt.signature_removed() {
            jwt.signature = decode(text.get(jwt.signature_part.clone()).unwrap_or_default()).0;
        }
        jwt
    }

    /// The payload as JSON, when it is, of the token whose text is `text`.
    pub fn claims(&self, text: &[u8]) -> Option<&Node> {
        self.claims.get_or_init(|| object(&self.payload(text)).ok()).as_ref()
    }

    /// The decoded payload of the token, whose text is `text`; empty for a JWE.
    pub fn payload(&self, text: &[u8]) -> Bytes {
        match self.parts {
            5 => Bytes::new(),
            _ => decode(text.get(self.payload_part.clone()).unwrap_or_default()).0,
        }
    }

    /// The parts of a text, whose first dot is known; nothing of them is read.
    fn split(text: &[u8], first_dot: usize) -> Self {
        let mut jwt = Self {
            parts: 1,
            header_part: 0..first_dot,
            payload_part: first_dot..first_dot,
            signature_part: text.len()..text.len(),
            signature: Bytes::new(),
            header: None,
            claims: OnceLock::new(),
            faults: Vec::new(),
            times: OnceLock::new(),
        };
        jwt.find_parts(text);
        jwt
    }

    fn find_parts(&mut self, text: &[u8]) {
        let dots: Vec<usize> = memchr::memchr_iter(b'.', text).take(8).collect();
        self.parts = memchr::memchr_iter(b'.', text).count() + 1;
        let part = |index: usize| {
            let start = index.checked_sub(1).map_or(Some(0), |before| dots.get(before).map(|dot| dot + 1));
            let start = start.unwrap_or(text.len());
            start..dots.get(index).copied().unwrap_or(text.len())
        };
        match self.parts {
            2 => {
                self.payload_part = part(1);
                self.faults.push(Fault::TwoParts);
            }
            5 => {
                self.payload_part = part(3);
                self.signature_part = part(4);
            }
            count => {
                self.payload_part = part(1);
                self.signature_part = part(2);
                if count != 3 {
                    self.faults.push(Fault::Parts(count));
                }
            }
        }
    }

    /// Decodes one part: strictly, else leniently with a fault, else to nothing with a fault.
    fn decode(&mut self, text: &[u8], part: Range<usize>, name: &'static str) -> Bytes {
        let (bytes, odd) = decode(text.get(part.clone()).unwrap_or_default());
        match odd {
            None => {}
            Some(Odd::Lenient) => self.faults.push(Fault::LenientEncoding(name)),
            Some(Odd::At(at)) => self.faults.push(Fault::Encoding(name, part.start + at)),
        }
        bytes
    }

    fn object(&mut self, bytes: &Bytes, name: &'static str) -> Option<Node> {
        object(bytes).map_err(|what| self.faults.push(Fault::Json(name, what))).ok()
    }

    fn read_signature(&mut self, text: &[u8]) {
        let encoded = text.get(self.signature_part.clone()).unwrap_or_default();
        // Zero bytes are written so, which some verifiers accept (CVE-2022-21449): nobody masks with them.
        let zero = encoded.iter().all(|byte| *byte == b'A');
        if is_mask(encoded) && !zero {
            self.faults.push(Fault::SignatureRemoved);
        } else if !encoded.is_empty() {
            self.signature = self.decode(text, self.signature_part.clone(), SIGNATURE);
        } else if self.algorithm().is_some_and(|algorithm| !algorithm.eq_ignore_ascii_case("none")) {
            self.faults.push(Fault::SignatureRemoved);
        }
    }

    /// A time claim of the token whose text is `text`: number or string of digits.
    pub(super) fn time(&self, text: &[u8], name: &str) -> TimeClaim {
        match TIMES.iter().position(|known| *known == name) {
            Some(at) => self.times(text).get(at).copied().unwrap_or(TimeClaim::Absent),
            None => self.read_time(text, name),
        }
    }

    fn times(&self, text: &[u8]) -> [TimeClaim; TIMES.len()] {
        *self.times.get_or_init(|| TIMES.map(|name| self.read_time(text, name)))
    }

    fn read_time(&self, text: &[u8], name: &str) -> TimeClaim {
        self.claims(text).and_then(|claims| claims.get(name)).map_or(TimeClaim::Absent, TimeClaim::read)
    }

    /// `header.payload`: the bytes that the signature covers (RFC 7515 5.1).
    pub fn signing_input<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        text.get(self.header_part.start..self.payload_part.end).unwrap_or_default()
    }

    /// The `alg` member of the header, as written.
    pub fn algorithm(&self) -> Option<&str> {
        self.header.as_ref()?.get("alg")?.as_str()
    }

    /// Whether there is a signature part with bytes in it.
    pub fn is_signed(&self) -> bool {
        !self.signature_part.is_empty() && !self.signature_removed()
    }

    /// Whether there is a payload that could not be read: damaged, or beyond a bound.
    pub fn is_unread(&self) -> bool {
        let of_payload = |fault: &Fault| match fault {
            Fault::Json(part, _) => *part == PAYLOAD,
            Fault::TooLong(_) => true,
            _ => false,
        };
        self.faults.iter().any(of_payload)
    }

    /// Whether a signature was asked for but is absent or masked.
    pub fn signature_removed(&self) -> bool {
        self.faults.contains(&Fault::SignatureRemoved)
    }

    /// Whether the form is RFC 7515's compact serialisation to the letter. Only then does a signature
    /// prove anything: a reader that repairs a token must not call it verified.
    pub fn is_well_formed(&self) -> bool {
        self.parts == 3
            && self.header.is_some()
            && !self.faults.iter().any(|fault| match fault {
                Fault::Encoding(..) | Fault::LenientEncoding(_) | Fault::TooLong(_) | Fault::Parts(_) => true,
                Fault::TwoParts => true,
                Fault::Json(part, _) => *part == HEADER,
                Fault::SignatureRemoved | Fault::TooDeep => false,
            })
    }
}

/// A decoded part as JSON; else what it is instead.
fn object(bytes: &[u8]) -> Result<Node, String> {
    match json::parse(bytes) {
        Ok(node) if matches!(node.value, json::Value::Object(_)) => Ok(node),
        Ok(_) => Err("another kind of value".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// How a part is not base64url.
enum Odd {
    /// It can be read all the same.
    Lenient,
    /// Up to this byte.
    At(usize),
}

/// Decodes one part, as far as it can be.
fn decode(encoded: &[u8]) -> (Bytes, Option<Odd>) {
    let error = match base64url::decode(encoded) {
        Ok(bytes) => return (bytes.into(), None),
        Err(error) => error,
    };
    if let Some(bytes) = decode_leniently(encoded) {
        return (bytes.into(), Some(Odd::Lenient));
    }
    let at = match error {
        DecodeError::InvalidByte(at, _) => at,
        _ => encoded.len(),
    };
    // What stands before the fault is still worth showing: a token cut in the middle has its first claims.
    let whole = encoded.get(..at / 4 * 4).unwrap_or_default();
    (LENIENT.decode(whole).unwrap_or_default().into(), Some(Odd::At(at)))
}

/// Whether base64 text may decode to `{`, white space before it allowed: decides before anything is decoded.
fn begins_like_object(encoded: &[u8]) -> bool {
    let mut head = [0; 12];
    let blanks = |byte: &&u8| !byte.is_ascii_whitespace();
    let mut count = 0;
    for (to, from) in head.iter_mut().zip(encoded.iter().filter(blanks)) {
        *to = *from;
        count += 1;
    }
    // Three quads suffice: nobody writes nine blanks before the brace.
    let whole = head.get(..count / 4 * 4).unwrap_or_default();
    LENIENT.decode(whole).is_ok_and(|bytes| {
        bytes.trim_ascii_start().starts_with(b"{") || (bytes.trim_ascii().is_empty() && !bytes.is_empty())
    })
}

/// Standard alphabet, padding, blanks and stray low bits allowed.
fn decode_leniently(encoded: &[u8]) -> Option<Vec<u8>> {
    let plain: Vec<u8> = encoded
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace())
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    LENIENT.decode(plain).ok()
}

/// Words that tools put in the place of a signature.
const MASKS: [&str; 8] =
    ["redacted", "removed", "signature", "masked", "hidden", "stripped", "sanitized", "snip"];

/// How the masks of our own reports begin: `<masked fingerprint 0123456789abcdef>`.
const OWN_MASK: &[u8] = b"<masked";

/// Whether text in the place of a signature is a mask: `***`, `<redacted>`, `[signature]`, `…`, `XXXX`.
pub(crate) fn is_mask(text: &[u8]) -> bool {
    let Some(first) = text.first() else { return false };
    let repeated = text.len() > 2 && text.iter().all(|byte| byte == first);
    // Real signatures are long, and so is nothing else but a mask of one repeated character.
    repeated
        || (text.len() <= 64
            && (text.iter().any(|byte| b"*<>[]{}()\xe2".contains(byte)) || is_mask_word(text)))
}

/// Whether the letters of a text make one of the words that tools put in the place of a secret.
pub(crate) fn is_mask_word(text: &[u8]) -> bool {
    if text.starts_with(OWN_MASK) {
        return true;
    }
    let letters: Vec<u8> = text.iter().filter(|byte| byte.is_ascii_alphabetic()).copied().collect();
    MASKS.iter().any(|mask| letters.eq_ignore_ascii_case(mask.as_bytes()))
}

/// Entry for fuzzing: ranges lie inside the text, and a JWT that is made again is the same.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    if let Some(jwt) = Jwt::parse(data) {
        for part in [&jwt.header_part, &jwt.payload_part, &jwt.signature_part] {
            assert!(data.get(part.clone()).is_some());
        }
        let _ = (jwt.signing_input(data), jwt.is_well_formed(), jwt.is_signed());
        let again = Jwt::again(data, &jwt.digest(data));
        let parts = |jwt: &Jwt| {
            let ranges = [&jwt.header_part, &jwt.payload_part, &jwt.signature_part].map(Clone::clone);
            (jwt.parts, ranges, jwt.signature.clone(), jwt.faults.clone(), jwt.times(data))
        };
        assert_eq!(parts(&again), parts(&jwt));
        assert_eq!((&again.header, again.claims(data)), (&jwt.header, jwt.claims(data)));
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use super::*;

    fn token(header: &str, payload: &str, signature: &str) -> String {
        format!("{}.{}{signature}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload))
    }

    const RS256: &str = r#"{"typ":"JWT","alg":"RS256"}"#;

    #[test]
    fn the_example_of_rfc_7519_is_read_with_its_line_breaks() {
        // RFC 7519 section 3.1.
        let text = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let jwt = Jwt::parse(text).unwrap();
        assert_eq!(jwt.algorithm(), Some("HS256"));
        assert_eq!(jwt.signature.len(), 32);
        let claims = jwt.claims(text).unwrap();
        assert_eq!(claims.get("exp").and_then(Node::number), Some("1300819380"));
        let span = claims.get("iss").unwrap().span.clone();
        assert_eq!(jwt.payload(text).get(span), Some(&br#""joe""#[..]));
        assert!(jwt.is_well_formed() && jwt.is_signed() && jwt.faults.is_empty());
        assert!(text.starts_with(jwt.signing_input(text)));
    }

    #[test]
    fn what_has_nothing_of_a_jwt_is_none() {
        for text in ["", "abc", "abc.def.ghi", ".", "..", "eyJhbGciOiJub25lIn0", "a.b", "1.2.3"] {
            assert!(Jwt::parse(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn lost_dots_and_removed_signatures_are_named() {
        let two = Jwt::parse(token(RS256, "{}", "").as_bytes()).unwrap();
        assert_eq!(two.faults, [Fault::TwoParts, Fault::SignatureRemoved]);
        for mask in [".", ".***", ".<redacted>", ".[Signature]", ".XXXXXXXX", ".signature", ".…"] {
            let jwt = Jwt::parse(token(RS256, "{}", mask).as_bytes()).unwrap();
            assert_eq!(jwt.faults, [Fault::SignatureRemoved], "{mask}");
            assert!(!jwt.is_signed());
        }
        let zero = Jwt::parse(token(RS256, "{}", ".AAAAAAAA").as_bytes()).unwrap();
        assert!(zero.faults.is_empty() && zero.is_signed());
        let unsigned = Jwt::parse(token(r#"{"alg":"none"}"#, "{}", ".").as_bytes()).unwrap();
        assert!(unsigned.faults.is_empty() && !unsigned.is_signed());
        let four = Jwt::parse(token(RS256, "{}", ".AAEC.AAEC").as_bytes()).unwrap();
        assert_eq!(four.faults, [Fault::Parts(4)]);
        assert!(!four.is_well_formed());
    }

    #[test]
    fn other_base64_habits_are_read_and_named() {
        use base64::engine::general_purpose::STANDARD;
        let payload = STANDARD.encode(r#"{"a":"???>>>"}"#);
        assert!(payload.contains('/') && payload.contains('='));
        let text = format!("{}.{payload}.AAEC", URL_SAFE_NO_PAD.encode(RS256));
        let jwt = Jwt::parse(text.as_bytes()).unwrap();
        assert_eq!(jwt.faults, [Fault::LenientEncoding(PAYLOAD)]);
        assert_eq!(jwt.claims(text.as_bytes()).unwrap().get("a").unwrap().as_str(), Some("???>>>"));
        assert!(!jwt.is_well_formed());
        let broken = format!("{}.eyJhI", URL_SAFE_NO_PAD.encode(RS256));
        let jwt = Jwt::parse(broken.as_bytes()).unwrap();
        assert!(matches!(jwt.faults.get(1), Some(Fault::Encoding(PAYLOAD, _))), "{:?}", jwt.faults);
        assert!(jwt.claims(broken.as_bytes()).is_none());
    }

    #[test]
    fn five_parts_are_a_jwe_and_oversize_is_a_fault() {
        let jwe = format!("{}.a.b.c.d", URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A128GCM"}"#));
        let jwt = Jwt::parse(jwe.as_bytes()).unwrap();
        assert_eq!((jwt.parts, jwt.faults.len(), jwt.claims(jwe.as_bytes()).is_none()), (5, 0, true));
        let long = format!("{}.{}.AAEC", URL_SAFE_NO_PAD.encode(RS256), "A".repeat(limits::TOKEN_BYTES));
        assert!(matches!(Jwt::parse(long.as_bytes()).unwrap().faults[..], [Fault::TooLong(_)]));
        fuzz(long.as_bytes());
    }

    #[test]
    fn a_header_and_three_parts_to_the_letter_are_the_form_and_the_payload_may_be_anything() {
        let formed = |text: &str| Jwt::parse(text.as_bytes()).unwrap().is_well_formed();
        // RFC 7515 3: the payload of a JWS is any octets, its header a JSON object.
        assert!(formed(&token(RS256, "no JSON", ".AAEC")));
        assert!(!formed(&token("{\"alg\":", "{}", ".AAEC")));
        assert!(!formed(&token(RS256, "{}", "")));
        assert!(!formed(&format!("{}.a.b.c.d", URL_SAFE_NO_PAD.encode(r#"{"alg":"dir","enc":"A128GCM"}"#))));
        let text = token(RS256, "{}", ".AAEC");
        let broken = format!("{}\n{}", &text[..2], &text[2..]);
        let jwt = Jwt::parse(broken.as_bytes()).unwrap();
        assert!(!jwt.is_well_formed() && jwt.algorithm() == Some("RS256"));
    }

    #[test]
    fn blanks_may_stand_before_the_brace_and_nothing_else() {
        let of = |header: &str| Jwt::parse(token(header, "{}", ".AAEC").as_bytes());
        assert!(of(&format!("{}{RS256}", " ".repeat(30))).is_some());
        assert!(of(&format!("{}x", " ".repeat(30))).is_none());
        assert!(of(&format!("x{RS256}")).is_none());
        assert!(Jwt::parse(b".e30.AAEC").is_none() && Jwt::parse(b"ey.e30.AAEC").is_none());
    }

    #[test]
    fn a_mask_is_short_or_one_letter_again_and_again() {
        assert!(is_mask(&[b"*", &[b'a'; 63][..]].concat()));
        assert!(!is_mask(&[b"*", &[b'a'; 64][..]].concat()));
        assert!(is_mask(&[b'A'; 342]) && is_mask(b"xxx") && !is_mask(b"xx") && !is_mask(b""));
    }

    #[test]
    fn a_token_as_long_as_the_bound_is_read() {
        let text = token(RS256, "{}", ".");
        let whole = format!("{text}{}", "AB".repeat((limits::TOKEN_BYTES - text.len()) / 2));
        let exact = format!("{whole}{}", "A".repeat(limits::TOKEN_BYTES - whole.len()));
        let long = |text: &str| {
            let faults = Jwt::parse(text.as_bytes()).unwrap().faults;
            faults.iter().any(|fault| matches!(fault, Fault::TooLong(_)))
        };
        assert!(!long(&exact) && long(&format!("{exact}A")));
    }

    #[test]
    fn what_is_made_again_of_a_digest_is_the_same() {
        let header = URL_SAFE_NO_PAD.encode(RS256);
        let claims = URL_SAFE_NO_PAD.encode(r#"{"iss":"a@b","nbf":"17","exp":1e3}"#);
        for text in [
            format!("{header}.{claims}.AAEC"),
            format!("{header}.{claims}."),
            format!("{header}.{claims}.***"),
            format!("{header}.{claims}"),
            format!("{header}.{claims}=.AA+/"),
            format!("{header}.{claims}.A.B"),
            format!("{header}.{claims}.A.B.C"),
            format!("{header}.{}.AAEC", &claims[..20]),
            format!("{header}.W10.AAEC"),
            format!("e30g.{claims}.AA!EC"),
            format!("eyJh.{claims}.AAEC"),
        ] {
            assert!(Jwt::parse(text.as_bytes()).is_some(), "{text}");
            fuzz(text.as_bytes());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_bytes_make_it_panic(
            data in proptest::collection::vec(any::<u8>(), 0..120),
            text in "eyJ[A-Za-z0-9_.=+/ -]{0,80}",
        ) {
            fuzz(&data);
            fuzz(text.as_bytes());
        }
    }
}
