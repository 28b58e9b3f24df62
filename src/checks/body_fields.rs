//! Takes the body of a request to a token service, gives the fields in it, whatever its Content-Type says: who sends a
//! password need not declare a form, and services take more than they document.

use std::borrow::Cow;

use crate::checks::place;
use crate::json;
use crate::limits;

/// Names and values, in order: of a JSON object, of a form in parts, else of a form in one line.
pub(crate) fn read(content: &[u8]) -> Vec<(String, String)> {
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content).trim_ascii();
    match content {
        [b'{', ..] => of_json(content),
        [b'-', b'-', ..] => of_parts(content),
        _ => std::str::from_utf8(content).map(place::form_fields).unwrap_or_default(),
    }
}

fn of_json(content: &[u8]) -> Vec<(String, String)> {
    let Ok(object) = json::parse_bounded(content, limits::JSON_BODY_NODES) else { return Vec::new() };
    let text = |member: &json::Member| Some((member.name.clone(), member.value.as_str()?.to_owned()));
    object.members().iter().filter_map(text).collect()
}

/// RFC 7578: each part is a field, its name in `Content-Disposition`. The first line tells the boundary.
fn of_parts(content: &[u8]) -> Vec<(String, String)> {
    let text: Cow<'_, str> = String::from_utf8_lossy(content);
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
            "\u{feff}{\"grant_type\": \"password\", \"n\": 1, \"password\": \"p\"}",
            parts,
            &parts.replace("\r\n", "\n"),
        ] {
            assert_eq!(read(body.as_bytes()), expected, "{body}");
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
