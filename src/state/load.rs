//! Takes the bytes of a state file, gives its objects, whatever form it has.

use super::object::Object;
use super::{clixml, csv, format_list, json_text};

/// Decodes text: UTF-8 or UTF-16, with or without byte order mark.
///
/// # Errors
/// When it is neither.
pub fn text(bytes: &[u8]) -> Result<String, String> {
    let wide = |rest: &[u8], from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = rest.as_chunks::<2>().0.iter().map(|pair| from(*pair)).collect();
        String::from_utf16(&units).map_err(|_| "damaged UTF-16 text".to_owned())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => Ok(String::from_utf8_lossy(rest).into_owned()),
        [_, 0, _, 0, ..] => wide(bytes, u16::from_le_bytes),
        [0, _, 0, _, ..] => wide(bytes, u16::from_be_bytes),
        // Older shells redirect in the system's code page: names and GUIDs are ASCII, prose is not needed.
        _ if bytes.contains(&0) => Err("binary data, not text".to_owned()),
        _ => Ok(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// Reads a state file: CLIXML, JSON, CSV or `Format-List` text.
///
/// # Errors
/// One line that names the file, what was expected and what was found.
pub fn load(bytes: &[u8], path: &str) -> Result<Vec<Object>, String> {
    let text = text(bytes).map_err(|error| format!("{path}: {error}"))?;
    let start = text.trim_start();
    if start.is_empty() {
        return Err(format!(
            "{path}: is empty; cmdlet output expected (Format-List text, CLIXML, JSON or CSV)"
        ));
    }
    let objects = if start.starts_with('<') {
        if !start.contains("<Objs") {
            return Err(format!("{path}: XML, but not that of Export-Clixml"));
        }
        clixml::read(start, path)?
    } else if start.starts_with(['{', '[']) && !start.starts_with("[PS]") {
        json_text::read(start, path)?
    } else if start.starts_with("#TYPE ") || is_csv(start) {
        csv::read(start, path)?
    } else {
        format_list::read(&text, path)
    };
    if objects.is_empty() {
        return Err(format!(
            "{path}: no cmdlet output found; expected Format-List text, CLIXML, JSON or CSV, best what `oauthtrace provision collect` writes"
        ));
    }
    Ok(objects)
}

fn is_csv(text: &str) -> bool {
    let first = text.lines().next().unwrap_or_default();
    first.starts_with('"') && (first.contains("\",\"") || first.contains("\";\""))
}

/// For fuzzing: any bytes as cmdlet output of every kind.
#[doc(hidden)]
pub fn fuzz(data: &[u8]) {
    let _ = load(data, "fuzz");
    let text = String::from_utf8_lossy(data);
    let _ = (clixml::read(&text, "fuzz"), json_text::read(&text, "fuzz"), csv::read(&text, "fuzz"));
    format_list::read(&text, "fuzz");
    for line in text.lines() {
        super::dates::read(line, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn utf_16_is_read_like_utf_8() {
        let plain = "Name : x\nRole : UserApplication\n";
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(plain.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(load(&wide, "a").unwrap(), load(plain.as_bytes(), "a").unwrap());
    }

    #[test]
    fn files_without_output_are_refused_in_one_line() {
        for bytes in [&b""[..], b"  \n", b"hello world", b"<html/>", b"\x00\x01\x02\x03\x04"] {
            let error = load(bytes, "state.txt").unwrap_err();
            assert!(error.starts_with("state.txt: ") && !error.contains('\n'), "{error}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = load(&bytes, "x");
        }

        #[test]
        fn no_text_makes_it_panic(text in "[<>/A-Za-z:{}\", \n=.]{0,300}") {
            let _ = load(text.as_bytes(), "x");
            let _ = load(format!("<Objs><Obj>{text}").as_bytes(), "x");
        }
    }
}
