//! Takes the body of a request to a token service, gives the fields in it, whatever its Content-Type says: who sends a
//! password need not declare a form, and services take more than they document.

use std::borrow::Cow;

use crate::base::lossy;
use crate::checks::place;
use crate::json;
use crate::limits;

/// Names and values, in order: of a JSON object, of a form in parts, else of a form in one line.
pub(crate) fn read(content: &[u8]) -> Vec<(String, String)> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii();
    match content {
        [b'{', ..] => of_json(content),
        [b'-', b'-', ..] => of_parts(content),
        // A password may hold letters of another encoding. Older writers part fields with semicolons (HTML 4.01, B.2.2).
        _ => lossy(content).split(';').flat_map(place::fields).take(limits::HEAD_FIELDS).collect(),
    }
}

/// Whether [`read`] sees all fields: there are not more than it gives, and what begins as JSON is some.
pub(crate) fn are_all_read(content: &[u8]) -> bool {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii();
    match content {
        [b'{', ..] => json::parse_bounded(content, limits::JSON_BODY_NODES).is_ok(),
        [b'-', b'-', ..] => memchr::memmem::find_iter(content, b"\n--").count() < limits::HEAD_FIELDS,
        _ => memchr::memchr2_iter(b'&', b';', content).count() < limits::HEAD_FIELDS,
    }
}

fn of_json(content: &[u8]) -> Vec<(String, String)> {
    let Ok(object) = json::parse_bounded(content, limits::JSON_BODY_NODES) else { return Vec::new() };
    let text = |member: &json::Member| Some((member.name.clone(), member.value.as_str()?.to_owned()));
    object.members().iter().filter_map(text).collect()
}

/// RFC 7578: each part is a field, its name in `Content-Disposition`. The first line tells the boundary.
fn of_parts(content: &[u8]) -> Vec<(String, String)> {
    let text: Cow<'_, str> = lossy(content);
    let boundary = text.lines().next().unwrap_or_default().trim_end();
    if boundary.len() < 3 {
        return Vec::new();
    }
    let parts = text.split(boundary).take(limits::HEAD_FIELDS);
    parts
        .filter_map(|part| {
            let part = part.trim_start_matches(['\r', '\n']);
            let (head, value) = part.split_once("\r\n\r\n").or_else(|| part.split_once("\n\n"))?;
            Some((name_in(head)?, value.trim_end_matches(['\r', '\n']).to_owned()))
        })
        .collect()
}

/// The parameter `name` of a part's `Content-Disposition`, quoted or not.
fn name_in(head: &str) -> Option<String> {
    let line = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    line.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("name").then(|| value.trim().trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn fields_are_found_in_every_form() {
        let expected =
            [("grant_type".to_owned(), "password".to_owned()), ("password".to_owned(), "p".to_owned())];
        let parts = "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\npassword\r\n\
                     --x\r\ncontent-disposition: form-data; name=password\r\n\r\np\r\n--x--\r\n";
        for body in [
            "grant_type=password&password=p\r\n",
            "grant_type=password;password=p",
            "\u{feff}{\"grant_type\": \"password\", \"n\": 1, \"password\": \"p\"}",
            parts,
            &parts.replace("\r\n", "\n"),
        ] {
            assert_eq!(read(body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_password_in_another_encoding_is_a_field() {
        assert_eq!(read(b"password=p\xe4ss").first().unwrap().0, "password");
    }

    #[test]
    fn more_fields_than_are_read_are_known() {
        let many = limits::HEAD_FIELDS + 1;
        let part = "--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n";
        for body in ["a=b&".repeat(many), "a=b;".repeat(many), part.repeat(many), "{\"a\":1".to_owned()] {
            assert!(!are_all_read(body.as_bytes()));
        }
        for body in ["a=b&".repeat(9), part.repeat(9), "{\"a\":1}".to_owned(), String::new()] {
            assert!(are_all_read(body.as_bytes()));
        }
    }

    #[test]
    fn what_has_no_fields_gives_none_that_matter() {
        for body in ["", "{", "--", "--x", "<a b=\"c\"/>", "{\"a\": {\"password\": \"p\"}}", "\u{0}\u{1}"] {
            assert!(read(body.as_bytes()).iter().all(|(name, _)| name != "password" && name != "grant_type"));
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(data in proptest::collection::vec(any::<u8>(), 0..400)) {
            read(&data);
            read(&[b"--", &data[..]].concat());
        }
    }
}
