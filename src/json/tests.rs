use proptest::prelude::*;

use super::*;

fn fails(text: &str) -> JsonError {
    parse(text.as_bytes()).unwrap_err()
}

/// The same value as serde_json's, with the last of duplicate members, for comparison.
fn plain(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Number(text) => serde_json::from_str(text).unwrap(),
        Value::String(text) => text.clone().into(),
        Value::Array(elements) => elements.iter().map(plain).collect(),
        Value::Object(members) => {
            serde_json::Value::Object(members.iter().map(|m| (m.name.clone(), plain(&m.value))).collect())
        }
    }
}

#[test]
fn members_keep_order_duplicates_and_spans() {
    let text = br#" {"iss":"a","iss" : "b","n":1e3,"x":[true,null,{}]} "#;
    let node = parse(text).unwrap();
    assert_eq!(node.duplicates(), ["iss"]);
    assert_eq!(node.get("iss").and_then(Node::as_str), Some("a"));
    assert_eq!(node.get("n").and_then(Node::number), Some("1e3"));
    let spans: Vec<_> =
        node.members().iter().map(|m| (&text[m.span.clone()], &text[m.value.span.clone()])).collect();
    assert_eq!(spans[1], (&br#""iss""#[..], &br#""b""#[..]));
    assert_eq!(spans[3], (&br#""x""#[..], &b"[true,null,{}]"[..]));
}

#[test]
fn escapes_and_surrogate_pairs_are_read() {
    let node = parse(br#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00z""#).unwrap();
    assert_eq!(node.as_str(), Some("a\"\\/\u{8}\u{c}\n\r\t\u{e9}\u{1f600}z"));
}

#[test]
fn half_a_surrogate_pair_is_in_the_grammar() {
    for text in [r#""\ud83d x""#, r#""\ude00 x""#] {
        assert_eq!(parse(text.as_bytes()).unwrap().as_str(), Some("\u{fffd} x"), "{text}");
    }
    let node = parse(br#"{"a":"\ud83d\ud83d\ude00","b":"\ud83d"}"#).unwrap();
    assert_eq!(node.get("a").and_then(Node::as_str), Some("\u{fffd}\u{1f600}"));
    assert_eq!(node.get("b").and_then(Node::as_str), Some("\u{fffd}"));
    fails(r#""\ud83d\u12""#);
}

#[test]
fn what_is_not_json_is_refused_with_its_place() {
    assert_eq!(fails("").at, 0);
    assert_eq!(fails("{} x"), JsonError { at: 3, what: "end of the text" });
    assert_eq!(fails(r#"{"a":1,}"#).at, 7);
    assert_eq!(fails("[1,]").at, 3);
    assert_eq!(fails("01").at, 1);
    assert_eq!(fails("\"a\u{1}\"").what, "no control character in a string");
    for bad in
        ["nul", "-", "1.", "1e", "{1:2}", "{\"a\" 1}", "'a'", "\"", "\"\\", "\"\\u12", "[", "{", "\u{feff}{}"]
    {
        fails(bad);
    }
    assert_eq!(parse(b"\"\xff\"").unwrap_err(), JsonError { at: 1, what: "UTF-8" });
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parse(nested(limits::JSON_DEPTH).as_bytes()).is_ok());
    assert_eq!(fails(&nested(limits::JSON_DEPTH + 1)).what, "less nesting");
    let long = format!("[{}0]", "0,".repeat(limits::JSON_NODES));
    assert_eq!(fails(&long).what, "fewer members and elements");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn names_that_repeat_are_told_once_each(names in prop::collection::vec("[a-c]{0,2}", 0..24)) {
        let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":1")).collect();
        let mut twice: Vec<&String> = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) && !twice.contains(&name) {
                twice.push(name);
            }
        }
        let node = parse(format!("{{{}}}", members.join(",")).as_bytes()).unwrap();
        prop_assert_eq!(node.duplicates(), twice);
    }


    #[test]
    fn no_bytes_make_it_panic(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        fuzz(&data);
    }

    #[test]
    fn it_accepts_what_serde_json_accepts(text in r#"[\[\]{}",:\\u0-9a-f.eE+ -]{0,24}"#) {
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match parse(text.as_bytes()) {
            Ok(node) => {
                // Numbers out of f64's range are an error there and text here.
                if let Ok(theirs) = theirs { prop_assert_eq!(plain(&node), theirs) }
            }
            Err(error) => prop_assert!(theirs.is_err(), "{} {}", text, error),
        }
    }
}
