//! Takes the command behind a prompt, gives what it asks for, and what the output below it tells of that.

use super::Output;
use super::tables::Found;
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
    /// Whose roles were asked for.
    pub(super) assignee: Option<String>,
    /// Whether text stands below it that is no object: an error, a property without a value.
    pub(super) odd: bool,
    /// How many objects stood in front of the last such text.
    closed: Option<usize>,
    /// Whether a table stands below it.
    table: bool,
    /// Whether a row of that may be lost.
    doubtful: bool,
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
            assignee: assignee_in(command),
            place,
            before,
            whole: names.is_none() && prints_all(command),
            names,
            part: (!asks_for_all(command)).then(|| command.to_ascii_lowercase()),
            ..Self::default()
        }
    }

    /// A line that belongs to no object. Words of an error are localised, the names in its record are not.
    pub(super) fn odd(&mut self, line: &str, objects: usize, whole: bool) {
        if line.trim_start().starts_with(">>") {
            // The command goes on: what it does with the output is not looked into.
            self.whole = false;
            return;
        }
        if self.names.as_mut().is_some_and(|names| plain::take(line, names)) {
            return;
        }
        // The text may end inside of a name.
        self.closed = Some(objects).filter(|_| whole);
        self.odd = true;
        self.doubtful |= self.table;
        self.failed |= line.contains("CategoryInfo") || line.contains("FullyQualifiedErrorId");
    }

    /// A table stands below it.
    pub(super) fn table(&mut self, found: &Found) {
        self.table = true;
        self.odd |= found.rows.is_empty();
        self.doubtful |= found.doubtful;
        self.failed |= found.failed;
    }

    /// The output of this command ends here, at the next prompt or with the text. Only silence says that there is
    /// nothing: below an error anything may be, and what stood behind the end of the text was lost.
    pub(super) fn settle(self, output: &mut Output, ended: bool) {
        // Where other text stands behind the last object, it ended there.
        let ended = ended || (self.closed == Some(output.objects.len()) && self.closed > Some(self.before));
        if self.kind.is_none() || !(ended || self.doubtful || self.cut || self.failed) {
            let mut kinds: Vec<Kind> = Vec::new();
            for object in output.objects.get(self.before..).unwrap_or_default() {
                if !kinds.contains(&object.kind) {
                    kinds.push(object.kind);
                    output.loose.push((object.kind, object.place.clone()));
                }
            }
        }
        let last = output.objects.last().filter(|_| self.cut);
        let last = last.map(|last| (last.kind, last.place.clone()));
        let Some(kind) = self.kind.or(last.as_ref().map(|last| last.0)) else { return };
        let alone = self.alone();
        let listed =
            self.names.filter(|_| !self.failed).and_then(|names| plain::object(&self.place, names, ended));
        output.objects.extend(listed);
        let found = output.objects.len() > self.before;
        if self.doubtful {
            output.unread.push(Unread { kind, place: self.place, failed: self.failed });
        } else if self.cut {
            let place = last.map_or(self.place, |last| last.1);
            output.unread.push(Unread { kind, place, failed: false });
        } else if self.failed || (!found && (self.odd || !ended)) {
            output.unread.push(Unread { kind, place: self.place, failed: self.failed });
        } else if ended && (found || self.whole || (kind == Kind::ServicePrincipal && alone)) {
            output.asked.push(kind);
            output.partial.extend(self.part.map(|command| (kind, command)));
        }
    }

    /// Whether it asks for one service principal by the id of its application and nothing else, so that silence says
    /// that there is none.
    fn alone(&self) -> bool {
        self.owner.as_ref().is_some_and(|(name, _)| *name == "AppPrincipalId")
            && self.part.as_ref().is_some_and(|command| {
                let (asks, behind) = command.split_once('|').unwrap_or((command, ""));
                !asks.contains(" and ") && !asks.contains(['(', ';', '>']) && only_formats(behind)
            })
    }
}

/// Whether a command prints all objects that there are: no name, no parameter that chooses, and no filter behind it.
fn asks_for_all(command: &str) -> bool {
    const CHOOSING_NOTHING: [&str; 9] = [
        "-all",
        "-property",
        "-consistencylevel",
        "-domaincontroller",
        "-resultsize",
        "-erroraction",
        "-warningaction",
        "-adpropertiesonly",
        "-verbose",
    ];
    // The certificates of one server are all that there are on it.
    let of_server = kind_of_command(command) == Some(Kind::ExchangeCertificate);
    let words = command.split('|').next().unwrap_or_default().split_whitespace().skip(1);
    let mut value_of_parameter = false;
    let mut all = prints_all(command);
    for word in words {
        let parameter = word.starts_with('-');
        all &= if parameter {
            let word = word.to_ascii_lowercase();
            CHOOSING_NOTHING.contains(&word.as_str()) || (of_server && word == "-server")
        } else {
            value_of_parameter
        };
        value_of_parameter = parameter;
    }
    // Microsoft Graph and MSOnline give a first page unless asked for all.
    let paged = kind_of_command(command) == Some(Kind::ServicePrincipal);
    all && (!paged || command.to_ascii_lowercase().split_whitespace().any(|word| word == "-all"))
}

/// Whether a command prints all that its cmdlet gives: behind it nothing but formatting.
fn prints_all(command: &str) -> bool {
    let (asks, behind) = command.split_once('|').unwrap_or((command, ""));
    !asks.contains(['>', ';']) && !asks.to_ascii_lowercase().contains("-filter") && only_formats(behind)
}

/// Whether the stages of a pipeline print all that goes into them.
fn only_formats(stages: &str) -> bool {
    const FORMATTING: [&str; 10] = [
        "format-list",
        "fl",
        "format-table",
        "ft",
        "select-object",
        "select",
        "sort-object",
        "sort",
        "out-string",
        "format-custom",
    ];
    // `Select-Object -First 1`, `Sort-Object -Unique`.
    const CHOOSING: [&str; 6] = ["-first", "-last", "-skip", "-index", "-unique", "-expand"];
    stages.trim().is_empty()
        || stages.split('|').all(|stage| {
            let stage = stage.to_ascii_lowercase();
            let mut words = stage.split_whitespace();
            !stage.contains(['>', ';'])
                && words.next().is_some_and(|name| FORMATTING.contains(&name))
                && !words.any(|word| CHOOSING.iter().any(|choosing| word.starts_with(choosing)))
        })
}

/// Whose roles a command asks for, where it names the account.
fn assignee_in(command: &str) -> Option<String> {
    let at = command.to_ascii_lowercase().find("-roleassignee ")?;
    let behind = command.get(at + "-roleassignee ".len()..)?.trim_start();
    let name = match behind.strip_prefix(['\'', '"']) {
        Some(quoted) => quoted.split(['\'', '"']).next()?,
        None => behind.split([' ', '|']).next()?,
    };
    (!name.is_empty() && !name.contains(['$', '('])).then(|| name.to_owned())
}

/// Whose keys a command asks for: the property that says so, and the GUID. One that stands behind another word than that
/// for an application (a tenant, a key) says nothing.
pub(super) fn owner_in(command: &str) -> Option<(&'static str, String)> {
    let lower = command.to_ascii_lowercase();
    let plain = |letter: char| !letter.is_ascii_hexdigit() && letter != '-';
    let (mut object, mut application) = (None, None);
    let mut before = lower.as_str();
    for word in lower.split(plain).filter(|word| is_guid(word)) {
        let (front, rest) = before.split_once(word)?;
        before = rest;
        if front.contains("appid") || front.contains("appprincipalid") {
            // One of several is not known to be the one.
            if application.get_or_insert(word) != &word {
                return None;
            }
            continue;
        }
        if object.is_none() && (front.contains("-serviceprincipalid") || front.contains("-objectid")) {
            object = Some(("ServicePrincipalId", word.to_owned()));
        }
    }
    application.map(|word| ("AppPrincipalId", word.to_owned())).or(object)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::format_list::read_asked;

    const ID: &str = "00000004-0000-0ff1-ce00-000000000000";
    const CONNECTOR: &str = "Name                 : HybridIOC\nTargetAddressDomains : {b}\nDiscoveryEndpoint    : https://a/\nEnabled              : True\n";

    const ERROR: &str = "Get-IntraOrganizationConnector : The term 'Get-IntraOrganizationConnector' is not recognized as the name of a cmdlet.\nAt line:1 char:1\n+ Get-IntraOrganizationConnector\n+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n    + CategoryInfo          : ObjectNotFound: (Get-IntraOrganizationConnector:String) [], CommandNotFoundException\n    + FullyQualifiedErrorId : CommandNotFoundException\n";

    fn open(command: &str, text: &str) -> Output {
        read_asked(&format!("[PS] C:\\>{command}\n\n{text}"), "a.txt")
    }

    fn below(command: &str, text: &str) -> Output {
        open(command, &format!("{text}\n\n[PS] C:\\>"))
    }

    #[test]
    fn silence_says_that_there_is_none_where_all_or_one_application_was_asked_for() {
        let by_id = format!("Get-MgServicePrincipal -Filter \"AppId eq '{ID}'\"");
        for command in [
            "Get-IntraOrganizationConnector",
            "Get-IntraOrganizationConnector | Format-List Name,Enabled",
            "Get-MgServicePrincipal -All",
            &by_id,
            &format!("{by_id} | Format-List *"),
        ] {
            assert_eq!(below(command, "").asked.len(), 1, "{command}");
            let cut = open(command, "");
            assert!(cut.asked.is_empty() && cut.unread.len() == 1, "{command}: the text ends there");
        }
        // A filter or a file may have taken what was there; of a part, its command tells what was asked for.
        for command in [
            "Get-IntraOrganizationConnector | Where-Object Enabled",
            "Get-IntraOrganizationConnector > a.txt",
            "Get-IntraOrganizationConnector | Format-List > a.txt",
            "Get-IntraOrganizationConnector | Select-Object -First 1",
            &format!("Get-MgServicePrincipal -Filter \"AppId eq '{ID}' and AccountEnabled eq false\""),
            &format!("{by_id} | Where-Object AccountEnabled"),
            &format!("{by_id} > a.txt"),
            &format!("({by_id}).KeyCredentials"),
        ] {
            assert!(below(command, "").asked.is_empty(), "{command}");
        }
        for command in [
            "Get-IntraOrganizationConnector HybridIOC",
            "Get-IntraOrganizationConnector -Identity HybridIOC",
            "Get-ExchangeCertificate -Thumbprint 9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1",
            "Get-MgServicePrincipal -Search \"DisplayName:Skype\"",
        ] {
            assert_eq!(below(command, "").partial.len(), 1, "{command}");
        }
    }

    #[test]
    fn an_error_and_text_that_is_no_object_leave_it_unread() {
        let unread = |text: &str| {
            let output = below("Get-IntraOrganizationConnector", text);
            assert!(output.asked.is_empty(), "{output:?}");
            output.unread.iter().map(|unread| unread.failed).collect::<Vec<_>>()
        };
        assert_eq!(unread(ERROR), [true]);
        assert_eq!(unread("WARNUNG: es gibt mehr\n"), [false]);
    }

    #[test]
    fn objects_of_a_command_that_is_not_known_or_does_not_end_are_not_all() {
        let whole = below("Get-IntraOrganizationConnector", CONNECTOR);
        assert_eq!((whole.asked.len(), whole.loose.len(), whole.partial.len()), (1, 0, 0));
        let twice = format!("{CONNECTOR}\n{}", CONNECTOR.replace("HybridIOC", "Other"));
        for output in [below("$all", &twice), open("Get-IntraOrganizationConnector", &twice)] {
            let loose: Vec<_> = output.loose.iter().map(|(kind, _)| *kind).collect();
            assert_eq!((output.objects.len(), loose), (2, vec![Kind::Connector]));
        }
        assert!(below("$all", &twice).asked.is_empty());
        assert!(open("Get-IntraOrganizationConnector", &twice).asked.is_empty());
        assert_eq!(below("Get-ExchangeCertificate -Server EX01", "").partial, []);
        // Other text behind the last one ends it, in front of the first one it does not.
        let closed =
            open("Get-IntraOrganizationConnector", &format!("{CONNECTOR}\n\nThat is what we see.\n\n"));
        assert_eq!((closed.asked.len(), closed.loose.len()), (1, 0), "{closed:?}");
    }

    #[test]
    fn a_part_is_told_with_its_command() {
        let command = "Get-IntraOrganizationConnector -Identity HybridIOC";
        let part = below(command, CONNECTOR);
        assert_eq!(part.partial, [(Kind::Connector, command.to_ascii_lowercase())]);
        assert_eq!(part.asked, [Kind::Connector]);
    }
}
