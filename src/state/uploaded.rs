//! Takes objects, gives the keys of service principals in one form, whatever module and format they came from.
//!
//! MSOnline prints `Value` as base64 of the DER certificate, and only when asked. Microsoft Graph gives `Key` as the
//! same text in ASCII bytes, or as DER, and `CustomKeyIdentifier` as the thumbprint: in hex over REST, as the bytes
//! whose base64 is that hex through PowerShell.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::object::{Kind, Object, Value};
use crate::keys::certificate::Certificate;

/// One key.
#[derive(Clone, PartialEq, Debug)]
pub struct UploadedKey {
    /// The application, where the source says it.
    pub application: Option<String>,
    /// Where it stands.
    pub place: String,
    /// Its own id.
    pub id: String,
    /// Asymmetric and for verification, as Exchange's certificate has to be.
    pub verifies: bool,
    /// `Type/Usage`, as printed.
    pub kind: String,
    /// SHA-1 of the certificate.
    pub thumbprint: Option<[u8; 20]>,
    /// The certificate itself.
    pub certificate: Option<Arc<Certificate>>,
    /// Start of its validity, as printed.
    pub start: Value,
    /// End of its validity, as printed.
    pub end: Value,
}

/// All keys of these objects.
pub fn uploaded<'o>(objects: impl IntoIterator<Item = &'o Object>) -> Vec<UploadedKey> {
    let objects: Vec<&Object> = objects.into_iter().collect();
    let mut keys: Vec<UploadedKey> = Vec::new();
    for object in &objects {
        match object.kind {
            Kind::MsolCredential | Kind::KeyCredential => {
                let owner = application(object).or_else(|| of_object(&objects, object));
                keys.push(key(object, &object.place, owner));
            }
            Kind::ServicePrincipal => {
                let Some(Value::List(values, _)) = object.get("KeyCredentials") else { continue };
                for value in values {
                    if let Value::Object(inner) = value
                        && !inner.properties.is_empty()
                    {
                        keys.push(key(inner, &object.place, application(object)));
                    }
                }
            }
            _ => {}
        }
    }
    // Graph and MSOnline outputs in one call show the same key twice.
    let mut seen = std::collections::HashSet::new();
    keys.retain(|key| {
        key.id.is_empty() || seen.insert((key.application.clone(), key.id.to_ascii_lowercase()))
    });
    keys
}

/// The application of the service principal that a key names by its object id.
fn of_object(objects: &[&Object], key: &Object) -> Option<String> {
    let id = key.text("ServicePrincipalId")?;
    let is = |object: &&&Object| {
        let own = ["Id", "ObjectId"].iter().find_map(|name| object.text(name));
        object.kind == Kind::ServicePrincipal && own.is_some_and(|own| own.trim().eq_ignore_ascii_case(id))
    };
    objects.iter().find(is).and_then(|object| application(object))
}

/// How many keys a service principal has of which nothing but the type was printed, as `Format-List` does.
pub fn unshown(object: &Object) -> usize {
    match object.get("KeyCredentials") {
        Some(Value::List(values, true)) if values.is_empty() => 1,
        Some(Value::List(values, _)) => {
            values.iter().filter(|value| !matches!(value, Value::Object(_))).count()
        }
        Some(Value::Text(text)) if !text.trim().is_empty() => 1,
        _ => 0,
    }
}

/// Whether a service principal shows its keys, or that it has none. Graph leaves out what it was not asked for, which is
/// printed as nothing at all: an empty list is `{}`, in JSON `[]`.
pub fn lists_keys(object: &Object) -> bool {
    object.get("KeyCredentials").is_some_and(|value| !value.is_empty() || matches!(value, Value::List(..)))
}

/// The application id of a service principal or of a key that names one.
pub fn application(object: &Object) -> Option<String> {
    ["AppId", "AppPrincipalId"]
        .iter()
        .find_map(|name| object.text(name))
        .filter(|text| !text.trim().is_empty())
        .map(|text| text.trim().to_ascii_lowercase())
}

fn key(object: &Object, place: &str, application: Option<String>) -> UploadedKey {
    let text = |name: &str| object.text(name).unwrap_or_default().trim().to_owned();
    let (kind, usage) = (text("Type"), text("Usage"));
    let lower = kind.to_ascii_lowercase();
    let certificate = ["Key", "Value"]
        .iter()
        .find_map(|name| der(object.get(name)?))
        .and_then(|der| Certificate::from_der(&der, place).ok())
        .map(Arc::new);
    let named = object.get("CustomKeyIdentifier").and_then(thumbprint);
    let date =
        |names: [&str; 2]| names.iter().find_map(|name| object.get(name)).cloned().unwrap_or(Value::Nothing);
    UploadedKey {
        application,
        place: place.to_owned(),
        id: text("KeyId"),
        verifies: (lower.is_empty() || lower == "asymmetric" || lower == "asymmetricx509cert")
            && (usage.is_empty() || usage.eq_ignore_ascii_case("verify")),
        kind: format!("{kind}/{usage}"),
        thumbprint: certificate.as_ref().map(|certificate| certificate.thumbprint).or(named),
        certificate,
        start: date(["StartDateTime", "StartDate"]),
        end: date(["EndDateTime", "EndDate"]),
    }
}

/// The bytes of a value: of an array, or of base64 text.
fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Some(bytes.clone()),
        Value::List(values, false) if !values.is_empty() => {
            values.iter().map(|value| value.as_text()?.trim().parse::<u8>().ok()).collect()
        }
        other => {
            let text: String = other.as_text()?.chars().filter(|letter| !letter.is_whitespace()).collect();
            STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())
        }
    }
}

/// DER of a key, or DER whose base64 text is the key.
fn der(value: &Value) -> Option<Vec<u8>> {
    let bytes = bytes(value)?;
    if bytes.first() == Some(&0x30) {
        return Some(bytes);
    }
    STANDARD.decode(bytes.trim_ascii()).ok().filter(|der| der.first() == Some(&0x30))
}

/// 40 hex digits.
pub fn hex_thumbprint(text: &str) -> Option<[u8; 20]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != ':' && *letter != '\u{200e}')
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| high << 4 | low).collect::<Vec<u8>>().try_into().ok()
}

/// A thumbprint in any of its spellings.
fn thumbprint(value: &Value) -> Option<[u8; 20]> {
    if let Some(found) = value.as_text().and_then(hex_thumbprint) {
        return Some(found);
    }
    let bytes = bytes(value)?;
    match bytes.len() {
        20 => bytes.try_into().ok(),
        30 => hex_thumbprint(&STANDARD.encode(&bytes)),
        40 => hex_thumbprint(std::str::from_utf8(&bytes).ok()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "0123456789ABCDEF0123456789ABCDEF01234567";

    #[test]
    fn a_thumbprint_is_read_in_all_its_spellings() {
        let bytes = hex_thumbprint(PRINT).unwrap();
        let through_powershell = STANDARD.decode(PRINT).unwrap();
        let numbers = through_powershell.iter().map(|byte| Value::Text(byte.to_string())).collect::<Vec<_>>();
        for value in [
            Value::Text(PRINT.into()),
            Value::Text(STANDARD.encode(bytes)),
            Value::Bytes(bytes.to_vec()),
            Value::Bytes(through_powershell),
            Value::Bytes(PRINT.into()),
            Value::List(numbers.clone(), false),
        ] {
            assert_eq!(thumbprint(&value), Some(bytes), "{value:?}");
        }
        assert_eq!(thumbprint(&Value::List(numbers, true)), None, "a cut list is no thumbprint");
        assert_eq!(thumbprint(&Value::Text("0123".into())), None);
    }

    #[test]
    fn an_object_id_leads_to_the_application() {
        let object = |kind, properties: &[(&str, &str)]| {
            let mut object = Object::new("a:1".into());
            object.kind = kind;
            let text = |(name, value): &(&str, &str)| ((*name).to_owned(), Value::Text((*value).into()));
            object.properties = properties.iter().map(text).collect();
            object
        };
        let key = object(Kind::KeyCredential, &[("KeyId", "k"), ("ServicePrincipalId", "3f1e")]);
        let own = object(Kind::ServicePrincipal, &[("AppId", "A"), ("Id", "3F1E")]);
        let other = object(Kind::ServicePrincipal, &[("AppId", "b"), ("Id", "4444")]);
        assert_eq!(uploaded([&key, &other, &own])[0].application.as_deref(), Some("a"));
        assert_eq!(uploaded([&key, &other])[0].application, None);
    }

    #[test]
    fn keys_of_which_only_the_type_is_printed_are_unshown() {
        let shown = |value: Value| {
            let mut object = Object::new("a:1".into());
            object.properties.push(("KeyCredentials".into(), value));
            unshown(&object)
        };
        let name = || Value::Text("Microsoft.Graph.PowerShell.Models.MicrosoftGraphKeyCredential".into());
        assert_eq!(shown(Value::List(vec![name(), name()], false)), 2);
        assert_eq!(shown(Value::List(vec![], false)), 0);
        assert_eq!(shown(Value::List(vec![Value::Object(Box::new(Object::new("a:1".into())))], false)), 0);
        assert_eq!(shown(Value::Nothing), 0);
    }

    #[test]
    fn keys_of_both_modules_have_one_form() {
        let mut object = Object::new("a:1".into());
        object.kind = Kind::MsolCredential;
        for (name, value) in [("Type", "Asymmetric"), ("KeyId", "k"), ("Usage", "Verify"), ("EndDate", "x")] {
            object.properties.push((name.into(), Value::Text(value.into())));
        }
        let [key] = &uploaded([&object])[..] else { panic!() };
        assert!(key.verifies && key.thumbprint.is_none() && key.application.is_none());
        assert_eq!(key.end, Value::Text("x".into()));
    }
}
