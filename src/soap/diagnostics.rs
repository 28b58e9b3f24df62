//! Takes the value of `x-ms-diagnostics`, gives number, reason and category.
//!
//! Exchange: `2000005;reason="…";error_category="invalid_user"`, the reason absent when empty, the category
//! printed as `error_type` in one Microsoft page; copies from IIS logs have `+` for blanks. Skype for
//! Business ([MS-OCAUTHWS]): `28032;source="pool.contoso.com";reason="…";"wsse:FailedAuthentication"`.

use super::codes;

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
    /// What else the answer says: a field of each server that it passed, or values joined by comma.
    pub others: Vec<Diagnostics>,
}

impl Diagnostics {
    /// Whether it has the form of Skype for Business rather than of Exchange.
    pub fn is_skype(&self) -> bool {
        self.source.is_some() && self.category.is_none()
    }

    /// What is known of it: builds differ in the numbers, so that the category decides where the two disagree.
    pub fn code(&self) -> Option<&'static codes::Code> {
        codes::diagnostics(self.number, self.category.as_deref())
    }

    /// This and the others.
    pub fn each(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// What to do about all that is known of; `None` where nothing is.
    pub fn advice(&self) -> Option<String> {
        let mut known: Vec<_> = self.each().filter_map(|said| Some(said.code()?.advice())).collect();
        known.dedup();
        (!known.is_empty()).then(|| known.join(" "))
    }

    /// Number, category and reason in one line.
    pub fn summary(&self) -> String {
        let of = |said: &Self| {
            let category = said.category.as_deref().unwrap_or("no category");
            format!("{} {category}: {}", said.number, said.reason)
        };
        self.each().map(of).collect::<Vec<_>>().join(", ")
    }
}

/// Reads the values of all fields of an answer. What Exchange says of a token stands before the others: what a device or
/// Skype for Business adds does not tell of it.
pub fn all<'v>(values: impl IntoIterator<Item = &'v str>) -> Option<Diagnostics> {
    let mut found: Vec<Diagnostics> =
        values.into_iter().flat_map(joined).filter_map(one).take(VALUES).collect();
    let rank = |said: &Diagnostics| match said.code() {
        Some(_) if said.is_skype() => 2,
        Some(_) if (2_000_000..3_000_000).contains(&said.number) => 0,
        Some(_) => 1,
        None => 2,
    };
    let (chief, _) = found.iter().enumerate().min_by_key(|(_, said)| rank(said))?;
    let mut said = found.remove(chief);
    found.retain(|other| *other != said);
    found.dedup();
    said.others = found;
    Some(said)
}

/// Reads a value, be it one of several that were joined; `None` when none begins with a number.
pub fn parse(value: &str) -> Option<Diagnostics> {
    all([value])
}

/// Values that are read of one answer.
const VALUES: usize = 8;

/// The values that a device joined by comma: behind a closing quote, and the next begins with a number of its own.
fn joined(text: &str) -> impl Iterator<Item = &str> {
    let begins = |text: &str| {
        let text = text.trim_start_matches([' ', '+']);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        (4..=7).contains(&digits) && text.get(digits..).is_some_and(|behind| behind.starts_with(';'))
    };
    let cuts = text.match_indices(',').map(|(at, _)| at).filter(move |at| {
        let (before, behind) = text.split_at(*at);
        before.trim_end_matches([' ', '+']).ends_with(['"', ';'])
            && begins(behind.get(1..).unwrap_or_default())
    });
    let mut from = 0;
    cuts.chain(std::iter::once(text.len())).map(move |to| {
        let value = text.get(from..to).unwrap_or_default();
        from = to + 1;
        value.trim_matches([' ', '+'])
    })
}

fn one(value: &str) -> Option<Diagnostics> {
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

/// Bytes that follow a quoted number up to the end of its category.
const QUOTE: usize = 2000;

/// Values that a text quotes, each with its place, in one line: a sentence of an exception, a copied field, a column of a
/// log. A number counts where a reason or a category stands behind it, and where it is one of Exchange.
pub fn quoted(text: &str) -> impl Iterator<Item = (usize, String)> + '_ {
    text.match_indices("20000").filter_map(|(at, _)| {
        let whole = text.get(..at)?.chars().next_back().is_none_or(|before| !before.is_ascii_digit());
        let end = text.floor_char_boundary(at + QUOTE);
        // Quotes inside JSON and XML.
        let rest = text.get(at..end)?.replace("\\\"", "\"").replace("&quot;", "\"");
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits == 7)?;
        let behind = rest.get(digits..)?.trim_start().strip_prefix(';')?.trim_start();
        let named = ["reason", "error_category", "error_type"]
            .iter()
            .any(|name| behind.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')));
        (whole && named).then_some(())?;
        let said = value(&rest);
        let number = parse(&said)?.number;
        codes::diagnostics(number, None).is_some().then_some((at, said))
    })
}

/// The value at the beginning of a text: up to the quote behind the category, else to the one behind the reason, else to
/// the end of the line.
fn value(text: &str) -> String {
    let mut ends = text.match_indices('"').map(|(at, _)| at + 1);
    // What stands behind the next number is that one's.
    let next = text.get(7..).and_then(|rest| rest.find("20000")).map_or(text.len(), |next| next + 7);
    let category = ["error_category", "error_type"].into_iter().find_map(|name| text.find(name));
    let category = category.filter(|category| *category < next);
    let end = match category {
        Some(category) => ends.filter(|end| *end > category).nth(1),
        None => ends.nth(1),
    };
    let end = end.or_else(|| text.find('\n')).unwrap_or(text.len());
    let said = text.get(..end).unwrap_or(text).split_whitespace().collect::<Vec<_>>().join(" ");
    // The log of IIS writes blanks as `+`.
    if said.contains(' ') { said } else { said.replace('+', " ") }
}

/// Cuts at semicolons that stand outside quotes. The category is the last of all, whatever quotes the reason holds
/// and whether a semicolon stands between them.
fn split(text: &str) -> Vec<String> {
    let last = ["error_category", "error_type"].into_iter().filter_map(|name| text.rfind(name)).max();
    let (text, category) = text.split_at(last.unwrap_or(text.len()));
    let text = if category.is_empty() { text } else { text.trim_end().trim_end_matches(';') };
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
    if !category.is_empty() {
        parts.push(category.to_owned());
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
    fn quotes_in_a_reason_do_not_hide_the_category() {
        for reason in [r#"the claim "upn" is odd"#, r#"a;b=\"c"#, r#"an "odd" "one; here"#] {
            let found =
                parse(&format!(r#"2000001;reason="{reason}";error_category="invalid_token""#)).unwrap();
            assert_eq!((found.number, found.category.as_deref()), (2_000_001, Some("invalid_token")));
            assert!(found.reason.starts_with(&reason[..4]), "{found:?}");
        }
    }

    #[test]
    fn the_form_of_skype_is_told_apart() {
        let found =
            parse(r#"28032;source="pool.contoso.com";reason="no";"wsse:FailedAuthentication""#).unwrap();
        assert!(found.is_skype());
        assert_eq!(found.fault.as_deref(), Some("wsse:FailedAuthentication"));
    }

    #[test]
    fn quotes_are_found_in_other_texts() {
        let whole = "2000005;reason=\"The user is not known\";error_category=\"invalid_user\"";
        for text in [
            format!("failed. , inner exception: 401: Unauthorized diagnostics: {whole}, LID: 43532"),
            format!("{{\"m\":\"{}\"}}", whole.replace('"', "\\\"")),
            format!("<MessageText>{}</MessageText>", whole.replace('"', "&quot;")),
        ] {
            assert_eq!(quoted(&text).map(|(_, said)| said).collect::<Vec<_>>(), [whole], "{text}");
        }
        let two = format!("2000000;reason=\"x\", then {whole}");
        assert_eq!(quoted(&two).map(|(_, said)| said).collect::<Vec<_>>(), ["2000000;reason=\"x\"", whole]);
        assert_eq!(quoted("2000005; reason for it, 2000005;é").count(), 0);
        assert_eq!(quoted("12000005;reason=\"x\" 2000099;reason=\"x\" 20000").count(), 0);
    }

    #[test]
    fn values_that_were_joined_stay_apart() {
        let skype =
            r#"28032;source="pool.contoso.com";reason="no, 2000001; not so";"wsse:FailedAuthentication""#;
        let host = r#"2000003;reason="a, b";error_category="invalid_resource""#;
        let grant = r#"2000008;reason="no scope";error_category="invalid_grant""#;
        for comma in [",", ", ", ",+"] {
            let found = parse(&[skype, host, grant, host].join(comma)).unwrap();
            let told: Vec<_> = found.each().map(|said| (said.number, said.reason.as_str())).collect();
            let expected = [(2_000_003, "a, b"), (28_032, "no, 2000001; not so"), (2_000_008, "no scope")];
            assert_eq!(told, expected, "{comma}");
            assert_eq!(found.category.as_deref(), Some("invalid_resource"));
        }
        let apart = all([skype, host, grant]).unwrap();
        assert_eq!((apart.number, apart.others.len()), (2_000_003, 2));
        assert!(apart.advice().unwrap().contains(&codes::diagnostics(2_000_008, None).unwrap().advice()));
        assert_eq!(all([]), None);
    }

    #[test]
    fn what_is_no_number_is_nothing() {
        assert_eq!(parse("reason=\"x\""), None);
        assert_eq!(parse(""), None);
    }
}
