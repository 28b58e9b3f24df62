//! Takes the lines below a command that prints names and nothing else, gives the object that they belong to:
//! `(Get-MsolServicePrincipal -ServicePrincipalName "00000002-0000-0ff1-ce00-000000000000").ServicePrincipalNames` (KB 3090197).

use super::object::{Kind, Object, Value};
use crate::base::is_guid;

/// Names of one service principal.
const NAMES: usize = 1000;

/// Whether a command prints the names of a service principal, one a line.
pub(super) fn asks_for_names(command: &str) -> bool {
    let command = command.trim().to_ascii_lowercase();
    command.ends_with(".serviceprincipalnames") || command.ends_with("-expandproperty serviceprincipalnames")
}

/// Takes a line that is such a name.
pub(super) fn take(line: &str, names: &mut Vec<String>) -> bool {
    let name = line.trim();
    let known = is_guid(name.split('/').next().unwrap_or_default()) || name.starts_with("http");
    let plain = known && !name.contains(char::is_whitespace) && names.len() < NAMES;
    if plain {
        names.push(name.to_owned());
    }
    plain
}

/// The service principal, whose own id is always among its names. Where nothing stands behind them there may be more.
pub(super) fn object(place: &str, names: Vec<String>, ended: bool) -> Option<Object> {
    let own = names.iter().find(|name| is_guid(name))?.to_ascii_lowercase();
    let mut object = Object::new(place.to_owned());
    object.kind = Kind::ServicePrincipal;
    object.properties.push(("AppPrincipalId".into(), Value::Text(own)));
    let names = names.into_iter().map(Value::Text).collect();
    object.properties.push(("ServicePrincipalNames".into(), Value::List(names, !ended)));
    Some(object)
}

#[cfg(test)]
mod tests {
    use crate::state::format_list::read_asked;
    use crate::state::object::Kind;

    #[test]
    fn names_below_a_command_are_a_service_principal() {
        for command in [
            "(Get-MsolServicePrincipal -ServicePrincipalName \"00000002-0000-0ff1-ce00-000000000000\").ServicePrincipalNames",
            "$x.ServicePrincipalnames",
            "Get-MgServicePrincipal -Filter \"AppId eq '0'\" | Select-Object -ExpandProperty ServicePrincipalNames",
        ] {
            let text = format!(
                "PS C:\\> {command}\nhttps://mail.contoso.com/\n00000002-0000-0ff1-ce00-000000000000/outlook.com\n00000002-0000-0ff1-ce00-000000000000\nPS C:\\> exit\n"
            );
            let output = read_asked(&text, "a");
            let [object] = &output.objects[..] else { panic!("{command}") };
            assert_eq!(object.kind, Kind::ServicePrincipal);
            assert_eq!(object.text("AppPrincipalId"), Some("00000002-0000-0ff1-ce00-000000000000"));
            assert_eq!(object.get("ServicePrincipalNames").unwrap().texts().len(), 3);
            assert!(output.unread.is_empty());
        }
    }

    #[test]
    fn nothing_or_an_error_below_it_tells_nothing() {
        for below in
            ["", "https://mail.contoso.com/\n", "You cannot call a method\n    + FullyQualifiedErrorId : x\n"]
        {
            let output = read_asked(&format!("PS C:\\> $x.ServicePrincipalNames\n{below}"), "a");
            assert!(output.objects.is_empty() && output.asked.is_empty(), "{below}");
        }
    }
}
