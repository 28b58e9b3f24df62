//! Everything in `corpus/h-exchange` is read as its truth says.

#[path = "support/corpus.rs"]
mod corpus;
/// What each cmdlet prints, as text.
#[path = "state/samples.rs"]
mod samples;

use std::fs;

use corpus::corpus;
use oauthtrace::keys::certificate::Certificate;
use oauthtrace::state::{self, Object, Value};

fn equals(value: Option<&Value>, truth: &serde_json::Value) -> bool {
    match truth {
        serde_json::Value::Null => value.is_none_or(|value| matches!(value, Value::Nothing)),
        serde_json::Value::String(text) => match value {
            Some(Value::Bool(flag)) => text == &flag.to_string(),
            Some(Value::Nothing) | None => text.is_empty(),
            Some(value) => value.as_text() == Some(text),
        },
        serde_json::Value::Array(values) => match value {
            Some(Value::List(own, false)) => {
                own.len() == values.len()
                    && own.iter().zip(values).all(|(own, truth)| equals(Some(own), truth))
            }
            _ => false,
        },
        other => panic!("truth holds {other}"),
    }
}

#[test]
fn clixml_of_exchange_is_read_as_truth_has_it() {
    let Some(corpus) = corpus("") else { return };
    let (mut files, mut properties, mut certificates) = (0, 0, 0);
    for entry in fs::read_dir(corpus.join("truth/h-exchange/css-exchange")).unwrap() {
        let path = entry.unwrap().path();
        let truth: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(corpus.join("h-exchange/css-exchange").join(&name)).unwrap();
        let objects: Vec<Object> = state::load(&bytes, &name).unwrap();
        let expected = truth["objects"].as_array().unwrap();
        assert_eq!(objects.len(), expected.len(), "{name}");
        for (object, expected) in objects.iter().zip(expected) {
            for (property, value) in expected.as_object().unwrap() {
                assert!(
                    equals(object.get(property), value),
                    "{name}: {property}: {:?} is not {value}",
                    object.get(property)
                );
                properties += 1;
            }
        }
        for (object, expected) in
            objects.iter().zip(truth["rawdata_certificates"].as_array().into_iter().flatten())
        {
            let Some(Value::Bytes(der)) = object.get("RawData") else { panic!("{name}: no RawData") };
            let certificate = Certificate::from_der(der, &name).unwrap();
            assert_eq!(certificate.thumbprint_hex(), expected["thumbprint"].as_str().unwrap());
            assert_eq!(certificate.x5t(), expected["x5t"].as_str().unwrap());
            certificates += 1;
        }
        files += 1;
    }
    eprintln!("{files} files, {properties} properties, {certificates} certificates");
    assert!(files >= 11 && properties >= 60 && certificates >= 25);
}
