//! Takes the table of certificates, gives its cells in words: thumbprint, x5t and uploaded key side by side.

use super::escape::terminal;
use crate::checks::organisation::thumbprints::Row;

/// The columns.
pub const HEADER: [&str; 7] =
    ["thumbprint, x5t", "AuthConfig", "servers", "uploaded to", "given", "signs tokens", "ends"];

/// One row; a cell holds several lines where there are several values.
pub fn cells(row: &Row) -> [Vec<String>; 7] {
    let list = |texts: &[String]| texts.iter().map(|text| terminal(text).into_owned()).collect::<Vec<_>>();
    let servers = row.servers.iter().map(|name| match name.as_str() {
        "" => "yes".to_owned(),
        name => terminal(name).into_owned(),
    });
    [
        vec![row.thumbprint.clone(), row.x5t.clone()],
        vec![row.auth_config.unwrap_or("-").to_owned()],
        servers.collect(),
        list(&row.uploaded),
        list(&row.given),
        row.signs.then(|| "yes".to_owned()).into_iter().collect(),
        row.not_after.map(|at| at.to_string()).into_iter().collect(),
    ]
}
