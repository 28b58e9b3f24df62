//! Takes the bytes of a state file, gives its objects, whatever form it has.

use super::commands::{Command, Script};
use super::object::{Kind, Object, Unread};
use super::{clixml, commands, csv, format_list, json_text};

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

/// A file given to `provision check` or `--state`.
#[derive(Clone, PartialEq, Debug)]
pub struct StateFile {
    /// As named.
    pub path: String,
    /// `Format-List`, `CLIXML`, `JSON`, `CSV` or `script`.
    pub form: &'static str,
    /// Size in bytes.
    pub bytes: u64,
    /// What the cmdlets printed.
    pub objects: Vec<Object>,
    /// Cmdlets that were asked, as far as the file says so; one that gave nothing has no objects.
    pub asked: Vec<Kind>,
    /// Cmdlets that were asked, and whose output could not be read.
    pub unread: Vec<Unread>,
    /// Cmdlets of `asked` that were asked for a part only, each with the command in lower case.
    pub partial: Vec<(Kind, String)>,
    /// Cmdlets of which objects were read and nothing tells that these are all, each with the place.
    pub loose: Vec<(Kind, String)>,
    /// A script, with its text.
    pub script: Option<(String, Script)>,
}

/// Reads a state file: CLIXML, JSON, CSV or `Format-List` text.
///
/// # Errors
/// One line that names the file, what was expected and what was found.
pub fn load(bytes: &[u8], path: &str) -> Result<Vec<Object>, String> {
    let text = text(bytes).map_err(|error| format!("{path}: {error}"))?;
    let file = state(&text, path)?;
    if file.objects.is_empty() { Err(nothing(path)) } else { Ok(file.objects) }
}

/// Reads a state file or a script. A script is known by its suffix, or by commands of the procedure where no output is.
///
/// # Errors
/// Those of [`load`].
pub fn read(bytes: &[u8], path: &str) -> Result<StateFile, String> {
    let text = text(bytes).map_err(|error| format!("{path}: {error}"))?;
    let lower = path.to_ascii_lowercase();
    let named = lower.ends_with(".ps1") || lower.ends_with(".psm1");
    let mut file = if named && !text.trim().is_empty() {
        let script = commands::read(&text);
        StateFile { form: "script", script: Some((text, script)), ..empty(path) }
    } else {
        // Data that is damaged is no script: what of it looks like commands was never meant to run.
        let file = state(&text, path)?;
        // Any JSON and any `name : value` make objects; only what a cmdlet that is known prints is a state.
        if file.objects.iter().any(|object| object.kind != Kind::Other)
            || !file.asked.is_empty()
            || !file.unread.is_empty()
        {
            file
        } else {
            let script = commands::read(&text);
            if file.form != FORMAT_LIST || !script.commands.iter().any(Command::is_of_procedure) {
                return Err(nothing(path));
            }
            StateFile { form: "script", script: Some((text, script)), ..empty(path) }
        }
    };
    file.bytes = bytes.len() as u64;
    Ok(file)
}

/// The form that any text has.
const FORMAT_LIST: &str = "Format-List";

fn nothing(path: &str) -> String {
    format!(
        "{path}: no cmdlet output found; expected Format-List text, tables, CLIXML, JSON or CSV, best what `oauthtrace provision collect` writes"
    )
}

fn empty(path: &str) -> StateFile {
    StateFile {
        path: path.to_owned(),
        form: FORMAT_LIST,
        bytes: 0,
        objects: Vec::new(),
        asked: Vec::new(),
        unread: Vec::new(),
        partial: Vec::new(),
        loose: Vec::new(),
        script: None,
    }
}

fn state(text: &str, path: &str) -> Result<StateFile, String> {
    let start = text.trim_start();
    if start.is_empty() {
        return Err(format!(
            "{path}: is empty; cmdlet output expected (Format-List text, CLIXML, JSON or CSV)"
        ));
    }
    let (mut unread, mut partial, mut loose) = (Vec::new(), Vec::new(), Vec::new());
    let (form, (objects, asked)) = if start.starts_with('<') && !start.starts_with("<#") {
        if !start.contains("<Objs") {
            return Err(format!("{path}: XML, but not that of Export-Clixml"));
        }
        let export = clixml::read_asked(start, path)?;
        loose = cut(&export.objects, export.whole);
        ("CLIXML", (export.objects, export.asked))
    } else if is_json(start) {
        ("JSON", json_text::read_asked(start, path)?)
    } else if start.starts_with("#TYPE ") || is_csv(start) {
        let (objects, whole) = csv::read_whole(start, path)?;
        loose = cut(&objects, whole);
        ("CSV", (objects, Vec::new()))
    } else {
        let output = format_list::read_asked(text, path);
        (unread, partial, loose) = (output.unread, output.partial, output.loose);
        (FORMAT_LIST, (output.objects, output.asked))
    };
    Ok(StateFile { form, objects, asked, unread, partial, loose, ..empty(path) })
}

/// The kinds of which objects may have been lost behind the last one.
fn cut(objects: &[Object], whole: bool) -> Vec<(Kind, String)> {
    let last = objects.last().filter(|_| !whole);
    last.map(|last| (last.kind, last.place.clone())).into_iter().collect()
}

/// Whether a text is JSON, whole or damaged. Prompts (`[EX01]: PS C:\>`), headings and scripts begin with a bracket too.
fn is_json(text: &str) -> bool {
    match text.strip_prefix('[') {
        Some(inner) => {
            inner.trim_start().starts_with(['{', '[', '"', ']'])
                || serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
        }
        None => text.starts_with('{'),
    }
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

    #[test]
    fn a_text_with_a_bracket_in_front_is_not_taken_for_json() {
        let list = "Get-PartnerApplication | fl\n\nName : a\nApplicationIdentifier : b\nLinkedAccount : c\n\nPS C:\\>";
        for start in
            ["[EX01]: PS C:\\> ", "[12:00:00] PS C:\\> ", "[DBG]: PS C:\\>> ", "[Output of EX01]\n[PS] C:\\>"]
        {
            let file = read(format!("{start}{list}").as_bytes(), "state.txt").unwrap();
            assert_eq!((file.form, file.script.is_none()), (FORMAT_LIST, true), "{start}");
            assert_eq!(file.asked, [Kind::PartnerApplication], "{start}");
        }
        for script in
            ["[CmdletBinding()]\nparam()\nSet-AuthConfig -x 1", "[string]$a = 'b'\nSet-AuthConfig -x $a"]
        {
            assert_eq!(read(script.as_bytes(), "a.txt").unwrap().form, "script", "{script}");
        }
    }

    #[test]
    fn an_export_that_was_cut_says_so() {
        let one = |name: &str| {
            format!(
                "<Obj RefId=\"0\"><MS><S N=\"Name\">{name}</S><S N=\"ApplicationIdentifier\">x</S><S N=\"LinkedAccount\">y</S></MS></Obj>"
            )
        };
        let text = format!("<Objs>{}{}</Objs>", one("a"), one("b"));
        let loose = |text: &str| {
            let file = read(text.as_bytes(), "a.xml").unwrap();
            (file.objects.len(), file.loose.len())
        };
        assert_eq!(loose(&text), (2, 0));
        assert_eq!(loose(text.trim_end_matches("</Objs>")), (2, 1));
        assert_eq!(loose(&text[..text.len() - 40]), (1, 1));
    }

    #[test]
    fn damaged_data_is_no_script() {
        for cut in [
            "[{\"Name\": \"x\", \"Note\": \"Set-AuthConfig\"",
            "{\"a\":\n Set-AuthConfig",
            "<Objs><Obj>Set-AuthConfig ",
        ] {
            assert!(read(cut.as_bytes(), "state.txt").is_err(), "{cut}");
        }
    }

    #[test]
    fn text_without_commands_of_the_procedure_is_no_script() {
        let read = |text: &str, path: &str| read(text.as_bytes(), path).map(|file| file.form);
        for other in [
            "I will Set-Something later and test things.",
            "Get-Foo",
            "Remove-Item C:\\ -Recurse\nGet-Content x",
            "Test-Connection AuthConfig",
        ] {
            assert!(read(other, "a.txt").unwrap_err().contains("no cmdlet output found"), "{other}");
            assert_eq!(read(other, "a.ps1"), Ok("script"), "{other}");
        }
        for own in ["Get-AuthConfig | fl", "Set\u{2013}AuthConfig -x 1", "New-ManagementRole x"] {
            assert_eq!(read(own, "a.txt"), Ok("script"), "{own}");
        }
        assert!(read(" \n", "a.ps1").is_err());
    }

    #[test]
    fn only_what_a_known_cmdlet_prints_is_a_state() {
        for other in [
            "hello world\nfoo : bar\n",
            r#"{"log":{"version":"1.2","entries":[{"request":{"url":"https://a/"}}]}}"#,
            "[1,2]",
            "\"a\",\"b\"\n\"1\",\"2\"\n",
            "<Objs><Obj RefId=\"0\"><MS><S N=\"a\">b</S></MS></Obj></Objs>",
        ] {
            let error = read(other.as_bytes(), "state.txt").unwrap_err();
            assert!(error.contains("no cmdlet output found"), "{other}: {error}");
        }
        for own in [
            "Realm :\nCurrentCertificateThumbprint : A\n",
            r#"{"Get-AuthServer":[]}"#,
            "[PS] C:\\>Get-PartnerApplication",
            "Get-AuthConfig | Format-List",
        ] {
            assert!(read(own.as_bytes(), "state.txt").is_ok(), "{own}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = load(&bytes, "x");
        }

        #[test]
        fn no_table_makes_it_panic(parts in proptest::collection::vec("(Name|Id|----|--| |  |\n|\n\n|…|\\.\\.\\.|\\{a, |True|é|WARNING: |\\[PS\\] C:\\\\>Get-AuthServer)", 0..60)) {
            let _ = load(parts.concat().as_bytes(), "x");
        }

        #[test]
        fn no_text_makes_it_panic(text in "[<>/A-Za-z:{}\", \n=.]{0,300}") {
            let _ = load(text.as_bytes(), "x");
            let _ = load(format!("<Objs><Obj>{text}").as_bytes(), "x");
        }
    }
}
