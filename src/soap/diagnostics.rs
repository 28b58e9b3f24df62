//! Takes the value of `x-ms-diagnostics`, gives number, reason and category.
//!
//! Exchange: `2000005;reason="…";error_category="invalid_user"`, the reason absent when empty, the category
//! printed as `error_type` in one Microsoft page; copies from IIS logs have `+` for blanks. Skype for
//! Business ([MS-OCAUTHWS]): `28032;source="pool.contoso.com";reason="…";"wsse:FailedAuthentication"`.

/// What the server says about a refusal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Diagnostics {
    /// For example 2000005.
    pub number: u32,
    /// In words; empty when the server gives none.
    pub reason: String,
    /// For example `invalid_user`.
    pub category: Option<String>,
    /// The server that says so: only Skype for Business writes it.
    pub source: Option<String>,
    /// A fault code without a name, as Skype for Business writes it.
    pub fault: Option<String>,
}

impl Diagnostics {
    /// Whether it has the form of Skype for Business rather than of Exchange.
    pub fn is_skype(&self) -> bool {
        self.source.is_some() && self.category.is_none()
    }
}

/// Reads a value; `None` when it does not begin with a number.
pub fn parse(value: &str) -> Option<Diagnostics> {
    // A log writes blanks as `+`; a value with blanks of its own is no such copy.
    let logged = !value.contains(' ') && value.contains('+');
    let text = if logged { value.replace('+', " ") } else { value.to_owned() };
    let mut parts = split(&text).into_iter();
    let number = parts.next()?.trim().parse().ok()?;
    let mut found = Diagnostics { number, ..Diagnostics::default() };
    for part in parts {
        let part = part.trim();
        let (name, value) = match part.split_once('=') {
            Some((name, value)) if !name.contains('"') => (name.trim().to_ascii_lowercase(), unquote(value)),
            _ => (String::new(), unquote(part)),
        };
        match name.as_str() {
            "reason" => found.reason = value,
            "error_category" | "error_type" => found.category = Some(value),
            "source" => found.source = Some(value),
            "" if !value.is_empty() => found.fault = Some(value),
            _ => {}
        }
    }
    Some(found)
}

/// Cuts at semicolons that stand outside quotes. `error_type` may follow a quote without a semicolon.
fn split(text: &str) -> Vec<String> {
    let text = text.replace("\"error_type", "\";error_type").replace("\"error_category", "\";error_category");
    let mut parts = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            ';' if !quoted => parts.push(String::new()),
            _ => {
                quoted ^= letter == '"';
                if let Some(part) = parts.last_mut() {
                    part.push(letter);
                }
            }
        }
    }
    parts
}

fn unquote(text: &str) -> String {
    text.trim().trim_matches('"').trim().to_owned()
}

/// Any bytes: must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = parse(&String::from_utf8_lossy(data));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_exchange_is_read() {
        let found =
            parse(r#"2000003;reason="The hostname; it is bad";error_category="invalid_resource""#).unwrap();
        assert_eq!(found.number, 2_000_003);
        assert_eq!(found.reason, "The hostname; it is bad");
        assert_eq!(found.category.as_deref(), Some("invalid_resource"));
        assert!(!found.is_skype());
    }

    #[test]
    fn a_reason_may_be_absent_and_blanks_may_follow_semicolons() {
        let found = parse(r#"2000000; error_category="invalid_signature""#).unwrap();
        assert_eq!((found.reason.as_str(), found.category.as_deref()), ("", Some("invalid_signature")));
    }

    #[test]
    fn copies_from_logs_have_their_blanks_again() {
        let found =
            parse(r#"2000008;reason="The+token+has+not+enough+scope";error_category="invalid_grant""#)
                .unwrap();
        assert_eq!(found.reason, "The token has not enough scope");
    }

    #[test]
    fn the_misprinted_name_is_read_too() {
        let found = parse(r#"2000001;reason="bad"error_type="invalid_token""#).unwrap();
        assert_eq!((found.reason.as_str(), found.category.as_deref()), ("bad", Some("invalid_token")));
    }

    #[test]
    fn the_form_of_skype_is_told_apart() {
        let found =
            parse(r#"28032;source="pool.contoso.com";reason="no";"wsse:FailedAuthentication""#).unwrap();
        assert!(found.is_skype());
        assert_eq!(found.fault.as_deref(), Some("wsse:FailedAuthentication"));
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!(parse("reason=\"x\""), None);
        assert_eq!(parse(""), None);
    }
}
