//! Takes the command behind a prompt, gives what it asks for, and what the output below it tells of that.

use super::Output;
use crate::base::is_guid;
use crate::state::object::{Kind, Unread};
use crate::state::plain;

/// What the prompt in front of an output says, and what the output below it looks like.
#[derive(Default)]
pub(super) struct Asked {
    /// The cmdlet.
    pub(super) kind: Option<Kind>,
    /// Whose keys were asked for.
    pub(super) owner: Option<(&'static str, String)>,
    /// Where it was typed.
    place: String,
    /// Objects before it.
    pub(super) before: usize,
    /// Whether the command printed all that the cmdlet gave: a filter or a file may have taken the rest.
    whole: bool,
    /// The command, in lower case, where it asks for a part.
    part: Option<String>,
    /// Whether text stands below it that is no object: a table, an error, a property without a value.
    pub(super) odd: bool,
    /// Whether an error record stands below it.
    failed: bool,
    /// The names below it, where it asks for those of a service principal alone.
    names: Option<Vec<String>>,
    /// Whether the text ends inside an object: it has fewer of the properties than the one before it.
    pub(super) cut: bool,
}

impl Asked {
    /// What a command asks for.
    pub(super) fn by(command: &str, place: String, before: usize) -> Self {
        let names = plain::asks_for_names(command).then(Vec::new);
        Self {
            kind: kind_of_command(command).or(names.as_ref().map(|_| Kind::ServicePrincipal)),
            owner: owner_in(command),
            place,
            before,
            whole: names.is_none() && prints_all(command),
            names,
            part: (!asks_for_all(command)).then(|| command.to_ascii_lowercase()),
            ..Self::default()
        }
    }

    /// A line that belongs to no object. Words of an error are localised, the names in its record are not.
    pub(super) fn odd(&mut self, line: &str) {
        if line.trim_start().starts_with(">>") {
            // The command goes on: what it does with the output is not looked into.
            self.whole = false;
            return;
        }
        if self.names.as_mut().is_some_and(|names| plain::take(line, names)) {
            return;
        }
        self.odd = true;
        self.failed |= line.contains("CategoryInfo") || line.contains("FullyQualifiedErrorId");
    }

    /// The output of this command ends here. Only silence says that there is nothing: below a table or an error
    /// anything may be.
    pub(super) fn settle(self, output: &mut Output) {
        let last = output.objects.last().filter(|_| self.cut);
        let last = last.map(|last| (last.kind, last.place.clone()));
        let Some(kind) = self.kind.or(last.as_ref().map(|last| last.0)) else { return };
        let listed = self.names.filter(|_| !self.failed).and_then(|names| plain::object(&self.place, names));
        output.objects.extend(listed);
        let found = output.objects.len() > self.before;
        if self.cut {
            let place = last.map_or(self.place, |last| last.1);
            output.unread.push(Unread { kind, place, failed: false });
        } else if self.failed || (self.odd && !found) {
            output.unread.push(Unread { kind, place: self.place, failed: self.failed });
        } else if found || self.whole {
            output.asked.push(kind);
            output.partial.extend(self.part.map(|command| (kind, command)));
        }
    }
}

/// Whether a command prints all objects that there are: no name, no parameter that chooses, and no filter behind it.
fn asks_for_all(command: &str) -> bool {
    const CHOOSING_NOTHING: [&str; 6] = [
        "-domaincontroller",
        "-resultsize",
        "-erroraction",
        "-warningaction",
        "-adpropertiesonly",
        "-verbose",
    ];
    let words = command.split('|').next().unwrap_or_default().split_whitespace().skip(1);
    let mut value_of_parameter = false;
    let mut all = prints_all(command);
    for word in words {
        let parameter = word.starts_with('-');
        all &= if parameter {
            CHOOSING_NOTHING.contains(&word.to_ascii_lowercase().as_str())
        } else {
            value_of_parameter
        };
        value_of_parameter = parameter;
    }
    all
}

/// Whether a command prints all that its cmdlet gives: behind it nothing but formatting.
fn prints_all(command: &str) -> bool {
    const FORMATTING: [&str; 8] = [
        "format-list",
        "fl",
        "select-object",
        "select",
        "sort-object",
        "sort",
        "out-string",
        "format-custom",
    ];
    let mut stages = command.split('|');
    let plain = |text: &str| !text.contains(['>', ';']) && !text.to_ascii_lowercase().contains("-filter");
    stages.next().is_some_and(plain)
        && stages.all(|stage| {
            let name = stage.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
            plain(stage) && FORMATTING.contains(&name.as_str())
        })
}

/// Whose keys a command asks for: the property that says so, and the GUID. One that stands behind another word than that
/// for an application (a tenant, a key) says nothing.
pub(super) fn owner_in(command: &str) -> Option<(&'static str, String)> {
    let lower = command.to_ascii_lowercase();
    let plain = |letter: char| !letter.is_ascii_hexdigit() && letter != '-';
    let mut object = None;
    let mut before = lower.as_str();
    for word in lower.split(plain).filter(|word| is_guid(word)) {
        let (front, rest) = before.split_once(word)?;
        before = rest;
        if front.contains("appid") || front.contains("appprincipalid") {
            return Some(("AppPrincipalId", word.to_owned()));
        }
        if object.is_none() && (front.contains("-serviceprincipalid") || front.contains("-objectid")) {
            object = Some(("ServicePrincipalId", word.to_owned()));
        }
    }
    object
}

/// Which cmdlet a command line runs first.
fn kind_of_command(command: &str) -> Option<Kind> {
    let name: String = command
        .trim_start_matches(['(', '@', '$'])
        .chars()
        .take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
        .collect();
    name.contains('-').then(|| Kind::of_cmdlet(&name)).flatten()
}
