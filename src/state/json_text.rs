//! Takes `ConvertTo-Json` text, gives objects.

use serde_json::Value as Json;

use super::object::{Kind, Object, Value};
use crate::base::Instant;

/// Reads one object, an array, or a dictionary of cmdlet names; several of them one after the other, as appending to a
/// file leaves them.
///
/// # Errors
/// One line: where the text stops being JSON.
pub fn read(text: &str, path: &str) -> Result<Vec<Object>, String> {
    read_asked(text, path).map(|(objects, _)| objects)
}

/// The same, with the cmdlets that were asked, whatever they gave.
///
/// # Errors
/// Those of [`read`].
pub fn read_asked(text: &str, path: &str) -> Result<(Vec<Object>, Vec<Kind>), String> {
    let (mut objects, mut asked) = (Vec::new(), Vec::new());
    for json in serde_json::Deserializer::from_str(text).into_iter::<Json>() {
        let json = json.map_err(|error| format!("{path}: not JSON: {error}"))?;
        collect(&json, None, path, &mut objects, &mut asked);
    }
    Ok((objects, asked))
}

/// The list that Windows PowerShell 5.1 wraps as `{"value": […], "Count": 2}` where it was an object of its own.
fn wrapped(members: &serde_json::Map<String, Json>) -> Option<&Json> {
    let list = members.get("value").filter(|list| list.is_array())?;
    (members.len() == 2 && members.get("Count").is_some_and(Json::is_number)).then_some(list)
}

/// The name of an enumeration's member, which the same writes as `{"value": 1, "Value": "Valid"}`.
fn enumerated(members: &serde_json::Map<String, Json>) -> Option<&str> {
    let name = members.get("Value")?.as_str()?;
    let plain = members.get("value").is_some_and(|value| value.is_number() || value.is_string());
    (members.len() == 2 && plain).then_some(name)
}

fn collect(json: &Json, key: Option<&str>, path: &str, objects: &mut Vec<Object>, asked: &mut Vec<Kind>) {
    match json {
        Json::Array(values) => values.iter().for_each(|value| collect(value, key, path, objects, asked)),
        Json::Object(members) => {
            if let Some(list) = wrapped(members) {
                collect(list, key, path, objects, asked);
                return;
            }
            let nested = |value: &Json| value.is_object() || value.is_array();
            let named = Kind::of_cmdlet;
            let all = members.iter().all(|(name, value)| nested(value) && named(name).is_some());
            // No property is named like a cmdlet, so one such name tells what the others are: cmdlets that are not
            // looked at, or remarks.
            let one = |(name, value): (&String, &Json)| {
                name.contains('-') && (nested(value) || value.is_null()) && named(name).is_some()
            };
            if !members.is_empty() && all || members.iter().any(one) {
                for (name, value) in members {
                    // Nothing at all stands there when a cmdlet failed, too.
                    asked.extend(named(name).filter(|_| !value.is_null()));
                    collect(value, Some(name), path, objects, asked);
                }
                return;
            }
            // An answer of Microsoft Graph (OData): the list stands in `value`.
            if let Some(list @ Json::Array(values)) = members.get("value")
                && values.iter().all(Json::is_object)
                && members.keys().all(|name| name == "value" || name.starts_with('@'))
            {
                collect(list, key, path, objects, asked);
                return;
            }
            let mut object = Object::new(format!("{path}: object {}", objects.len() + 1));
            object.properties =
                members.iter().map(|(name, value)| (name.clone(), convert(name, value))).collect();
            object.kind = Kind::of_properties(&object);
            if object.kind == Kind::Other {
                object.kind = key.and_then(named).unwrap_or(Kind::Other);
            }
            objects.push(object);
        }
        _ => {}
    }
}

fn convert(name: &str, json: &Json) -> Value {
    match json {
        Json::Null => Value::Nothing,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => Value::Text(number.to_string()),
        Json::String(text) => date(name, text).map_or_else(|| Value::from(text.clone()), Value::Date),
        Json::Array(values) => Value::List(values.iter().map(|value| convert(name, value)).collect(), false),
        Json::Object(members) => {
            if let Some(list) = wrapped(members) {
                return convert(name, list);
            }
            if let Some(member) = enumerated(members) {
                return Value::Text(member.to_owned());
            }
            let mut object = Object::new(String::new());
            object.display = displayed(members);
            object.properties =
                members.iter().map(|(name, value)| (name.clone(), convert(name, value))).collect();
            object.kind = Kind::of_properties(&object);
            Value::Object(Box::new(object))
        }
    }
}

/// What an object inside of another one prints as: an address of mail, a URL, the place in the directory, a domain.
fn displayed(members: &serde_json::Map<String, Json>) -> Option<String> {
    let text = |name: &str| members.get(name).and_then(Json::as_str);
    if let (Some(local), Some(domain)) = (text("Local"), text("Domain")) {
        return Some(format!("{local}@{domain}"));
    }
    const NAMES: [&str; 7] = [
        "ProxyAddressString",
        "AbsoluteUri",
        "OriginalString",
        "DistinguishedName",
        "Name",
        "Domain",
        "Address",
    ];
    NAMES.iter().find_map(|name| text(name)).map(str::to_owned)
}

/// Windows PowerShell writes `/Date(1338537600000)/`, PowerShell 7 ISO 8601.
fn date(name: &str, text: &str) -> Option<Instant> {
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let millis: i64 = inner.split(['+', '-']).find(|part| !part.is_empty())?.parse().ok()?;
        let sign = if inner.starts_with('-') { -1 } else { 1 };
        return Some(Instant::from_nanos(millis.checked_mul(1_000_000)?.checked_mul(sign)?));
    }
    let dated = ["Date", "When", "NotAfter", "NotBefore"].iter().any(|part| name.contains(part));
    dated.then(|| super::dates::iso(text)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_dates_are_read() {
        let text = r#"[{"KeyId":"a","EndDateTime":"2029-06-09T10:00:00Z","Key":null},{"KeyId":"b","EndDateTime":"\/Date(1338537600000)\/"}]"#;
        let objects = read(text, "k.json").unwrap();
        assert!(objects.iter().all(|object| object.kind == Kind::KeyCredential));
        assert_eq!(objects[1].get("EndDateTime"), Some(&Value::Date(Instant::from_seconds(1_338_537_600))));
        assert!(matches!(objects[0].get("EndDateTime"), Some(Value::Date(_))));
        assert!(read("{", "k.json").is_err());
    }

    #[test]
    fn lists_and_enumerations_of_windows_powershell_are_read_like_those_of_others() {
        let plain = r#"{"Get-ExchangeCertificate":[{"Thumbprint":"A","NotAfter":null,"Status":"Invalid","CertificateDomains":["a","b"],"RawData":[48,1]}]}"#;
        let wrapped = r#"{"Get-ExchangeCertificate":{"value":[{"Thumbprint":"A","NotAfter":null,"Status":{"value":5,"Value":"Invalid"},"CertificateDomains":{"value":["a","b"],"Count":2},"RawData":{"value":[48,1],"Count":2}}],"Count":1}}"#;
        assert_eq!(read_asked(plain, "a").unwrap(), read_asked(wrapped, "a").unwrap());
        assert_eq!(read(r#"{"value":[],"Count":0}"#, "a").unwrap(), []);
        assert_eq!(
            read_asked(r#"{"Get-AuthServer":{"value":[],"Count":0}}"#, "a").unwrap().1,
            [Kind::AuthServer]
        );
    }

    #[test]
    fn objects_inside_of_others_print_as_the_shell_prints_them() {
        let shown = |inner: &str| {
            let text = format!("{{\"Name\":\"x\",\"Inner\":{inner}}}");
            read(&text, "a").unwrap()[0].text("Inner").map(str::to_owned)
        };
        for (inner, text) in [
            (r#"{"Length":9,"Local":"a","Domain":"b.example"}"#, Some("a@b.example")),
            (
                r#"{"ProxyAddressString":"SMTP:a@b.example","AddressString":"a@b.example"}"#,
                Some("SMTP:a@b.example"),
            ),
            (
                r#"{"AbsolutePath":"/EWS/","AbsoluteUri":"https://a.example/EWS/"}"#,
                Some("https://a.example/EWS/"),
            ),
            (
                r#"{"SmtpDomain":{"Domain":"b.example"},"Domain":"b.example","Address":"b.example"}"#,
                Some("b.example"),
            ),
            (r#"{"DistinguishedName":"CN=a","Name":"a"}"#, Some("CN=a")),
            (r#"{"value__":3}"#, None),
        ] {
            assert_eq!(shown(inner).as_deref(), text, "{inner}");
        }
    }

    #[test]
    fn other_members_beside_those_of_cmdlets_cost_only_themselves() {
        let text = r#"{"at":"2026-12-24","Get-AuthServer":[],"Get-MailUser":null,"Get-ExchangeServer":[{"Name":"EX01"}],"Get-AuthConfig":{"CurrentCertificateThumbprint":"A"},"Get-MgApplication":[{"AppId":"b","KeyCredentials":[]}]}"#;
        let (objects, asked) = read_asked(text, "a").unwrap();
        let kinds: Vec<Kind> = objects.iter().map(|object| object.kind).collect();
        assert_eq!(kinds, [Kind::AuthConfig, Kind::Other, Kind::ServicePrincipal]);
        assert_eq!(asked, [Kind::AuthConfig, Kind::AuthServer]);
    }

    #[test]
    fn documents_one_after_the_other_are_all_read() {
        let one = r#"{"KeyId":"a","EndDateTime":null}"#;
        assert_eq!(read(&format!("{one}\r\n[{one},{one}]\n{one}"), "a").unwrap().len(), 4);
        assert!(read(&format!("{one}\n{{"), "a").is_err());
    }
}
