//! Takes a case and an application, tells whether the current auth certificate is among its keys.

use super::{StateCase, hex, same_moment};
use crate::base::Instant;
use crate::state::uploaded::UploadedKey;

/// Whether it is.
#[derive(Clone, PartialEq, Debug)]
pub enum Fit<'k> {
    /// This key is it, by its bytes, or by its end date where bytes are not shown.
    Found(&'k UploadedKey),
    /// A key has its end date, but other bytes.
    Another,
    /// Certainly not there.
    Missing {
        /// The keys that are there.
        observed: String,
        /// What was looked for.
        expected: String,
        /// Where the keys stand.
        place: String,
    },
    /// What was given does not suffice to tell.
    Unknown,
}

/// See the module.
pub fn fit<'k>(case: &'k StateCase<'_>, application: &str) -> Fit<'k> {
    let Some(current) = case.auth_thumbprint("Current") else { return Fit::Unknown };
    let Some(keys) = case.keys_of(application) else { return Fit::Unknown };
    let end = case.validity(current, true).known();
    let usable: Vec<&UploadedKey> = keys.iter().copied().filter(|key| key.verifies).collect();
    let ends = |key: &UploadedKey| case.date(&key.end).known();
    let same_end = |key: &UploadedKey| match (ends(key), end) {
        (Some(own), Some(end)) => Some(same_moment(own, end)),
        _ => None,
    };
    // The end date is compared strictly: a key that ends otherwise stops, or goes on, at another time.
    if let Some(key) =
        usable.iter().find(|key| key.thumbprint == Some(current) && same_end(key) != Some(false))
    {
        return Fit::Found(key);
    }
    if let Some(key) = usable.iter().find(|key| key.thumbprint.is_none() && same_end(key) == Some(true)) {
        return Fit::Found(key);
    }
    if usable.iter().any(|key| key.thumbprint != Some(current) && same_end(key) == Some(true)) {
        return Fit::Another;
    }
    let open = |key: &&UploadedKey| key.thumbprint.is_none() && same_end(key).is_none();
    if case.keys_cut(application) || usable.iter().any(open) {
        return Fit::Unknown;
    }
    let place = keys.first().map(|key| key.place.clone());
    let place = place.or_else(|| case.principal(application).map(|object| object.place.clone()));
    Fit::Missing {
        observed: described(case, &keys),
        expected: format!("certificate {}{}", hex(current), until(end)),
        place: place.unwrap_or_default(),
    }
}

fn described(case: &StateCase<'_>, keys: &[&UploadedKey]) -> String {
    if keys.is_empty() {
        return "no key".to_owned();
    }
    let line = |key: &&UploadedKey| {
        let print = key.thumbprint.map_or_else(String::new, |print| format!(", certificate {}", hex(print)));
        let kind = if key.verifies { String::new() } else { format!(", {}", key.kind) };
        format!("key {}{}{print}{kind}", key.id, until(case.date(&key.end).known()))
    };
    keys.iter().map(line).collect::<Vec<_>>().join("; ")
}

fn until(end: Option<Instant>) -> String {
    end.map_or_else(String::new, |end| format!(", ends {end}"))
}
