//! Takes the body of a token service's answer, gives whether a token was granted and what went wrong.
//!
//! RFC 6749 5.1 and 5.2; codes `AADSTS…` (Entra) and `ACS…` in the description. The token itself is found
//! elsewhere; here only its presence counts.

use serde_json::Value;

/// What the token service said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Answer {
    /// Whether there is an `access_token`.
    pub granted: bool,
    /// `token_type` as written.
    pub token_type: Option<String>,
    /// `expires_in` in seconds.
    pub expires_in: Option<i64>,
    /// Whether it is written as a string, as ACS does.
    pub expires_in_text: bool,
    /// `error`.
    pub error: Option<String>,
    /// `error_description`.
    pub description: Option<String>,
    /// Codes in the order of the text: of `error_codes`, then `AADSTS…` and `ACS…` of the description.
    pub codes: Vec<String>,
}

/// Reads a JSON object that has `access_token` or `error`; `None` for anything else.
pub fn read(body: &[u8]) -> Option<Answer> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace())?;
    if *first != b'{' {
        return None;
    }
    let value: Value = serde_json::from_slice(body).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let granted = value.get("access_token").is_some();
    let error = text("error");
    if !granted && error.is_none() {
        return None;
    }
    let description = text("error_description");
    let expires_in = value.get("expires_in").and_then(|node| match node {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_i64(),
    });
    let expires_in_text = value.get("expires_in").is_some_and(Value::is_string);
    let mut codes: Vec<String> = value
        .get("error_codes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_u64)
        .map(|code| format!("AADSTS{code}"))
        .collect();
    for code in codes_in(description.as_deref().unwrap_or_default()) {
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    Some(Answer {
        granted,
        token_type: text("token_type"),
        expires_in,
        expires_in_text,
        error,
        description,
        codes,
    })
}

/// `AADSTS` and `ACS` codes in a text, in order, each once.
pub fn codes_in(text: &str) -> Vec<String> {
    let mut codes = Vec::new();
    for family in ["AADSTS", "ACS"] {
        for (at, _) in text.match_indices(family) {
            let rest = text.get(at + family.len()..).unwrap_or_default();
            let digits: String = rest.chars().take_while(char::is_ascii_digit).take(9).collect();
            let code = format!("{family}{digits}");
            if digits.len() >= 5 && !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    codes
}

/// Any bytes: must not panic.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = read(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_with_its_codes() {
        let body = br#"{"error":"invalid_client","error_description":"AADSTS70002: Error validating credentials. AADSTS50012: Client assertion contains an invalid signature. [Reason - The key was not found.]","error_codes":[70002,50012]}"#;
        let answer = read(body).unwrap();
        assert!(!answer.granted);
        assert_eq!(answer.error.as_deref(), Some("invalid_client"));
        assert_eq!(answer.codes, ["AADSTS70002", "AADSTS50012"]);
    }

    #[test]
    fn a_grant_with_digits_as_text() {
        let answer = read(br#" {"token_type":"Bearer","expires_in":"86399","access_token":"x"}"#).unwrap();
        assert!(answer.granted);
        assert_eq!(answer.expires_in, Some(86_399));
    }

    #[test]
    fn other_bodies_are_nothing() {
        assert_eq!(read(b"<html>"), None);
        assert_eq!(read(b"{\"a\":1}"), None);
        assert_eq!(read(b"{\"error\""), None);
        assert_eq!(read(b""), None);
    }
}
