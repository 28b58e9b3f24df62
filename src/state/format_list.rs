//! Takes `Format-List` text and tables, gives objects.
//!
//! `Name : value`, names padded to one width in an object, blank lines between objects. Long values wrap at the
//! console's width: at a blank, which is lost, or inside a word that is wider. The continuation is indented to the
//! value's column. Names are never localised, values are. Copied text may hold typographic dashes, quotes and no-break spaces.

/// What a prompt asks for.
mod asked;
/// Tables among the lists.
mod tables;

use std::borrow::Cow;

use self::asked::Asked;
use super::object::{Kind, Object, Unread, Value};
use super::{layout, table};

/// Lines of one value, so that a hostile text cannot make one property of everything.
const VALUE_LINES: usize = 5000;

/// Letters of a label in front of a prompt: names of hosts have at most 255.
const PROMPT_LABEL: usize = 256;

/// What a text holds.
#[derive(Default, Debug)]
pub struct Output {
    /// The objects.
    pub objects: Vec<Object>,
    /// Cmdlets that a prompt shows to have been asked, and whose output was read, or is certainly empty.
    pub asked: Vec<Kind>,
    /// Cmdlets that a prompt shows to have been asked, and whose output tells nothing.
    pub unread: Vec<Unread>,
    /// Those of `asked` that were asked for a part only, each with the command in lower case.
    pub partial: Vec<(Kind, String)>,
    /// Cmdlets of which objects were read and nothing tells that these are all, each with the place: no prompt stands in
    /// front of them, or none behind them.
    pub loose: Vec<(Kind, String)>,
}

/// Reads all objects of a text.
pub fn read(text: &str, path: &str) -> Vec<Object> {
    read_asked(text, path).objects
}

/// The same, with the cmdlets that a prompt shows to have been asked.
pub fn read_asked(text: &str, path: &str) -> Output {
    let mut output = Output::default();
    let mut current: Option<Open> = None;
    let mut asked_by = Asked::default();
    let mut indent = 0;
    let lines = layout::lines(text);
    let count = lines.len();
    let ended = text.is_empty() || text.ends_with(['\n', '\r']);
    let mut rows: Vec<usize> = Vec::new();
    let mut cells = table::CELLS;
    let mut behind = 0;
    for (at, &(number, raw)) in lines.iter().enumerate() {
        if at < behind {
            continue;
        }
        let raw = &*uncoloured(raw);
        let line = raw.trim_end().replace('\u{a0}', " ");
        let outside = |open: &Open| open.blank || layout::indent(&line) < open.column;
        if let Some(found) =
            tables::at(&lines, at, ended, &mut cells).filter(|_| current.as_ref().is_none_or(outside))
        {
            close(&mut current, &mut asked_by, &mut output.objects);
            behind = found.behind;
            asked_by.table(&found);
            for (number, cells) in found.rows {
                let mut object = Object::new(format!("{path}:{}", number + 1));
                object.properties = cells;
                rows.push(output.objects.len());
                output.objects.push(known(object, &asked_by));
            }
            continue;
        }
        // An object that is indented as a whole, as in a document.
        let begins = |open: &Open| open.blank && layout::indent(&line) < open.column;
        if current.as_ref().is_none_or(begins) && property(line.trim_start()).is_some() {
            if layout::indent(&line) != indent {
                close(&mut current, &mut asked_by, &mut output.objects);
            }
            indent = layout::indent(&line);
        }
        let line = layout::dedented(&line, indent);
        if line.trim().is_empty() {
            if let Some(open) = &mut current {
                open.empty_line(raw);
            }
            continue;
        }
        if let Some(command) = prompt(line) {
            close(&mut current, &mut asked_by, &mut output.objects);
            std::mem::take(&mut asked_by).settle(&mut output, true);
            asked_by = Asked::by(command, format!("{path}:{}", number + 1), output.objects.len());
            continue;
        }
        // What stands around a transcript is no output.
        if line.starts_with("**********") {
            close(&mut current, &mut asked_by, &mut output.objects);
            std::mem::take(&mut asked_by).settle(&mut output, true);
            continue;
        }
        match property(line) {
            Some((name, value, column)) => {
                if current.as_ref().is_some_and(|open| open.ends_before(name)) {
                    close(&mut current, &mut asked_by, &mut output.objects);
                }
                let open = current.get_or_insert_with(|| Open {
                    object: Object::new(format!("{path}:{}", number + 1)),
                    column,
                    values: Vec::new(),
                    blank: false,
                    unended: false,
                });
                open.column = column;
                open.blank = false;
                open.object.properties.push((name.to_owned(), Value::Nothing));
                open.values.push(vec![Line::new(raw, column, value)]);
            }
            None => {
                let Some(open) = &mut current else {
                    asked_by.odd(line, output.objects.len(), ended || at + 1 < count);
                    continue;
                };
                let indented = line.len() - line.trim_start().len();
                let (column, blank) = (open.column, open.blank);
                let lines = open.values.last_mut().filter(|lines| lines.len() < VALUE_LINES);
                if let Some(lines) = lines.filter(|_| indented >= column) {
                    if blank {
                        // A blank line inside a multi-line value, as Test-OAuthConnectivity prints them.
                        lines.push(Line::default());
                        open.blank = false;
                    }
                    lines.push(Line::new(raw, column, line.get(column..).unwrap_or_default()));
                } else {
                    // Mails break lines without indenting what follows: it may belong to the value.
                    open.unended |=
                        !open.blank && line.starts_with(char::is_alphanumeric) | line.starts_with(['{', '(']);
                    close(&mut current, &mut asked_by, &mut output.objects);
                    asked_by.odd(line, output.objects.len(), ended || at + 1 < count);
                }
            }
        }
    }
    if let Some(open) = &mut current {
        open.unended = !ended && !open.blank;
        asked_by.cut =
            output.objects.last().filter(|_| output.objects.len() > asked_by.before).is_some_and(|before| {
                let names = |object: &Object| -> Vec<String> {
                    object.properties.iter().map(|(name, _)| name.clone()).collect()
                };
                let (whole, last) = (names(before), names(&open.object));
                last.len() < whole.len() && whole.starts_with(&last)
            });
    }
    close(&mut current, &mut asked_by, &mut output.objects);
    asked_by.settle(&mut output, false);
    tables::leave_out_repeated(&mut output.objects, &rows);
    output
}

/// A line without the escape sequences (`ESC [ … m`) that newer shells colour names with.
fn uncoloured(line: &str) -> Cow<'_, str> {
    if !line.contains('\u{1b}') {
        return Cow::Borrowed(line);
    }
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let sequence = after.strip_prefix('[').map(|inner| {
            inner.trim_start_matches(|letter: char| letter.is_ascii_digit() || ";?:".contains(letter))
        });
        // The letter behind the numbers ends it.
        rest =
            sequence.map_or(after, |end| end.strip_prefix(|letter: char| letter.is_ascii()).unwrap_or(end));
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

struct Open {
    object: Object,
    /// Where values begin.
    column: usize,
    /// Lines of each value so far.
    values: Vec<Vec<Line>>,
    blank: bool,
    /// Whether the text ends inside its last line.
    unended: bool,
}

/// A line of a value.
#[derive(Default)]
struct Line {
    text: String,
    /// Columns that the whole line took.
    width: usize,
    /// Whether blanks stood at its end.
    blank_end: bool,
}

impl Line {
    fn new(raw: &str, column: usize, text: &str) -> Self {
        let width = column + text.chars().count();
        Self { text: text.to_owned(), width, blank_end: raw.ends_with([' ', '\u{a0}']) }
    }
}

impl Open {
    /// A line without anything. Objects are parted by such; blanks up to where values begin are an empty line of a
    /// detail.
    fn empty_line(&mut self, raw: &str) {
        let inside = self.in_detail() && raw.chars().count() >= self.column && !self.blank;
        match self.values.last_mut().filter(|lines| inside && lines.len() < VALUE_LINES) {
            Some(lines) => lines.push(Line::default()),
            None => self.blank = true,
        }
    }

    /// Whether a property of this name begins another object: after a blank line, or where it is there already.
    fn ends_before(&self, name: &str) -> bool {
        // An editor takes away the blanks of an empty line at the end of a detail.
        let result = name == "ResultType" && self.in_detail();
        !result && (self.blank || self.object.properties.iter().any(|(own, _)| own == name))
    }

    fn in_detail(&self) -> bool {
        self.object.properties.last().is_some_and(|(own, _)| own == "Detail")
    }

    /// Values are read when all are there: the widest line tells where the console ended.
    fn finish_values(&mut self) {
        let width = self.values.iter().flatten().map(|line| line.width).max().unwrap_or_default();
        for ((name, value), lines) in self.object.properties.iter_mut().zip(&self.values) {
            *value = parse_value(name, lines, width);
        }
        let closed = |line: &Line| line.text.trim_end().ends_with('}');
        let is_closed = self.values.last().and_then(|lines| lines.last()).is_some_and(closed);
        match self.object.properties.last_mut().filter(|_| self.unended) {
            // Nothing stands behind a list that is closed.
            Some((_, Value::List(..))) if is_closed => {}
            Some((_, last)) => last.shorten(),
            None => {}
        }
    }
}

fn close(current: &mut Option<Open>, asked: &mut Asked, objects: &mut Vec<Object>) {
    let Some(mut open) = current.take() else { return };
    open.finish_values();
    let object = open.object;
    if object.properties.len() < 2 && object.properties.iter().all(|(_, value)| value.is_empty()) {
        asked.odd = true;
        return;
    }
    objects.push(known(object, asked));
}

/// The object with what the command tells of it.
fn known(mut object: Object, asked: &Asked) -> Object {
    object.kind = match Kind::of_properties(&object) {
        Kind::Other => asked.kind.unwrap_or(Kind::Other),
        // The same settings for one mailbox: only the command tells.
        Kind::OrganizationConfig if asked.kind == Some(Kind::CasMailbox) => Kind::CasMailbox,
        kind => kind,
    };
    // The keys themselves do not say whose they are; the command that was typed does.
    if let (Kind::MsolCredential | Kind::KeyCredential, Some((name, id))) = (object.kind, &asked.owner)
        && object.get("AppPrincipalId").is_none()
    {
        object.properties.push(((*name).into(), Value::Text(id.clone())));
    }
    // Nor does a service principal of which something else was chosen.
    if let (Kind::ServicePrincipal, Some((name @ "AppPrincipalId", id))) = (object.kind, &asked.owner)
        && ["AppId", "AppPrincipalId"].iter().all(|name| object.get(name).is_none())
    {
        object.properties.push(((*name).into(), Value::Text(id.clone())));
    }
    // Roles alone do not say whose they are.
    if let (Kind::RoleAssignment, Some(account)) = (object.kind, &asked.assignee)
        && ["Name", "RoleAssigneeName", "RoleAssignee", "User"].iter().all(|name| object.get(name).is_none())
    {
        object.properties.push(("RoleAssignee".into(), Value::Text(account.clone())));
    }
    object
}

/// `[PS] C:\>Get-AuthConfig | fl`, `PS> …`, `PS C:\Windows> …`: the command behind a prompt. Remote sessions put the
/// server in front (`[EX01]: PS C:\> …`), debuggers `[DBG]:`, profiles the time or an environment.
fn prompt(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    let shell = loop {
        if let Some(behind) = rest.strip_prefix("[PS]") {
            break behind;
        }
        if let Some(behind) = rest.strip_prefix("PS").filter(|behind| behind.starts_with([' ', '>'])) {
            break behind;
        }
        let closing = match rest.chars().next()? {
            '[' => ']',
            '(' => ')',
            _ => return None,
        };
        let (label, behind) = rest.split_once(closing)?;
        if label.len() > PROMPT_LABEL {
            return None;
        }
        rest = behind.strip_prefix(':').unwrap_or(behind).trim_start();
    };
    let (place, command) = shell.split_once('>')?;
    // Each level of a nested prompt adds one `>`.
    (place.len() < 120 && !place.contains(" : ")).then(|| command.trim_start_matches('>').trim())
}

/// `Name : value`: the name, the value and the column (in bytes) that values begin at.
fn property(line: &str) -> Option<(&str, &str, usize)> {
    let (left, right) = line.split_once(':')?;
    let name = left.trim_end();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    if name.is_empty()
        || !name.chars().all(plain)
        || !name.starts_with(|letter: char| letter.is_ascii_alphabetic())
    {
        return None;
    }
    // `Name:` without a blank in front of the colon is prose (`Information:`), not Format-List.
    if left.len() == name.len() {
        return None;
    }
    if !right.is_empty() && !right.starts_with(' ') {
        return None;
    }
    Some((name, right.strip_prefix(' ').unwrap_or(right), left.len() + 2))
}

fn parse_value(name: &str, lines: &[Line], width: usize) -> Value {
    let multi_line = matches!(name, "Detail" | "Task") && lines.len() > 1;
    let text = if multi_line {
        lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
    } else {
        joined(lines, width)
    };
    let text = text.trim();
    if multi_line && !text.starts_with('{') && !text.is_empty() {
        return Value::Text(straighten(text));
    }
    value(text)
}

/// What a value on one line is.
fn value(text: &str) -> Value {
    if text.is_empty() {
        return Value::Nothing;
    }
    if let Some(inner) = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        return list(inner);
    }
    // What stood behind it was lost with the end of the list, or of the column of a table; so may be the end of the last
    // element.
    if let Some(inner) = text.strip_prefix('{').filter(|inner| !inner.contains('}')) {
        return list(&format!("{}…", inner.rsplit_once(", ").map_or("", |(whole, _)| whole)));
    }
    if text.ends_with(['…']) || text.ends_with("...") && !text.contains(' ') {
        return Value::List(Vec::new(), true);
    }
    match text {
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        _ => Value::Text(straighten(text)),
    }
}

/// The lines of a wrapped value. One that was broken at a blank is shorter than the console is wide; one that is as
/// wide was cut inside a word, or broken at a blank behind its last column: that cannot be known, and whoever
/// compares leaves blanks out.
fn joined(lines: &[Line], width: usize) -> String {
    let mut text = String::new();
    let mut rest = lines.iter().peekable();
    while let Some(line) = rest.next() {
        text.push_str(&line.text);
        if rest.peek().is_some() {
            let between = text.starts_with('{') && line.text.ends_with(',');
            // Addresses, thumbprints and GUIDs hold no blank.
            let whole =
                text.starts_with("http") || text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
            if line.blank_end || between || (line.width < width && !whole) {
                text.push(' ');
            }
        }
    }
    text
}

/// The elements of `{a, b, c...}`.
fn list(inner: &str) -> Value {
    let (inner, cut) = match inner.strip_suffix("...").or_else(|| inner.strip_suffix('…')) {
        Some(kept) => (kept.trim_end().trim_end_matches(','), true),
        None => (inner, false),
    };
    let elements: Vec<Value> = inner
        .split(", ")
        .map(str::trim)
        .filter(|element| !element.is_empty())
        .map(|element| Value::Text(straighten(element)))
        .collect();
    Value::List(elements, cut)
}

/// Typographic dashes and quotes that copying made become what the cmdlet printed.
fn straighten(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{2010}'..='\u{2015}' => '-',
            '\u{2018}' | '\u{2019}' => '\'',
            '\u{201c}' | '\u{201d}' => '"',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrapped_values_are_joined_even_inside_a_guid() {
        let text = "Name                  : ACS - 5e3a\nAuthMetadataUrl       : https://accounts.accesscontrol.windows.net/5e3a1c52-7d0b-4f\n                        1e-9c55-2b1f0a6d9e11/metadata/json/1\nIssuerIdentifier      : 00000001-0000-0000-c000-000000000000\nEnabled               : True\n";
        let [object] = &read(text, "a.txt")[..] else { panic!() };
        assert_eq!(object.kind, Kind::AuthServer);
        assert_eq!(
            object.text("AuthMetadataUrl"),
            Some(
                "https://accounts.accesscontrol.windows.net/5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11/metadata/json/1"
            )
        );
        assert_eq!(object.flag("Enabled"), Some(true));
    }

    #[test]
    fn an_empty_line_at_the_end_of_a_detail_does_not_end_the_object() {
        for empty in ["             ", ""] {
            let text = format!(
                "\nTask       : x\nDetail     : HTTP response message:\n             Exception:\n{empty}\nResultType : Error\nIsValid    : True\n\n\nTask       : y\nDetail     : z\nResultType : Success\n"
            );
            let objects = read(&text, "a");
            let results: Vec<_> = objects.iter().map(|object| object.text("ResultType").unwrap()).collect();
            assert_eq!(results, ["Error", "Success"], "{empty:?}");
            assert!(objects[0].text("Detail").unwrap().contains("Exception:"));
        }
    }

    #[test]
    fn blank_lines_part_objects_and_prompts_name_the_cmdlet() {
        let text = "[PS] C:\\>Get-ManagementRoleAssignment -RoleAssignee x | fl Role\n\n\nRole : UserApplication\n\nRole : ArchiveApplication\n\n";
        let objects = read(text, "a.txt");
        assert_eq!(objects.len(), 2);
        assert!(objects.iter().all(|object| object.kind == Kind::RoleAssignment));
        assert_eq!(objects[1].text("Role"), Some("ArchiveApplication"));
        assert_eq!(objects[1].place, "a.txt:6");
    }

    #[test]
    fn cut_lists_say_that_they_are_cut() {
        let text =
            "Name                  : x\nServicePrincipalNames : {a, b, c...}\nEmpty                 : {}\n";
        let [object] = &read(text, "a.txt")[..] else { panic!() };
        let names = object.get("ServicePrincipalNames").unwrap();
        assert_eq!(names.texts(), ["a", "b", "c"]);
        assert!(names.is_cut());
        assert!(object.get("Empty").unwrap().is_empty());
    }

    #[test]
    fn two_credentials_of_the_page_are_two_objects() {
        let text = "Type      : Asymmetric\nValue     : \nKeyId     : bc2795f3-2387-4543-a95d-f92c85c7a1b0\nStartDate : 6/1/2012 8:00:00 AM\nEndDate   : 5/31/2013 8:00:00 AM\nUsage     : Verify\n\nType      : Asymmetric\nValue     :\nKeyId     : d3\nStartDate : x\nEndDate   : y\nUsage     : Verify\n";
        let objects = read(text, "a.txt");
        assert_eq!(objects.len(), 2);
        assert_eq!(objects[0].kind, Kind::MsolCredential);
        assert_eq!(objects[0].get("Value"), Some(&Value::Nothing));
        assert_eq!(objects[0].text("EndDate"), Some("5/31/2013 8:00:00 AM"));
    }

    #[test]
    fn a_list_that_is_wrapped_between_its_elements_keeps_them_apart() {
        let text = "Name                  : x\nServicePrincipalNames : {https://mail.contoso.example/,\n                        https://autodiscover.contoso.example/,\n                        00000002-0000-0ff1-ce00-000000000000}\n";
        let [object] = &read(text, "a.txt")[..] else { panic!() };
        let names = object.get("ServicePrincipalNames").unwrap();
        assert_eq!(
            names.texts(),
            [
                "https://mail.contoso.example/",
                "https://autodiscover.contoso.example/",
                "00000002-0000-0ff1-ce00-000000000000"
            ]
        );
    }

    #[test]
    fn a_value_that_is_wrapped_at_a_blank_gets_it_back() {
        let text = "Subject    : CN=Microsoft Exchange\n             Server Auth Certificate\nThumbprint : 9C02DD06D0DC5DF9D2F8D0D\n             D5FDA06E1D1A0D7B1\n";
        let [object] = &read(text, "a.txt")[..] else { panic!() };
        assert_eq!(object.text("Subject"), Some("CN=Microsoft Exchange Server Auth Certificate"));
        assert_eq!(object.text("Thumbprint"), Some("9C02DD06D0DC5DF9D2F8D0DD5FDA06E1D1A0D7B1"));
    }

    #[test]
    fn typographic_dashes_become_plain() {
        let text =
            "ApplicationIdentifier : 00000004–0000–0ff1–ce00–000000000000\nLinkedAccount         : x\n";
        assert_eq!(
            read(text, "a")[0].text("ApplicationIdentifier"),
            Some("00000004-0000-0ff1-ce00-000000000000")
        );
    }

    #[test]
    fn a_command_that_asks_for_a_part_is_known() {
        for (command, part) in [
            ("Get-PartnerApplication | fl", false),
            ("Get-MailUser -ResultSize Unlimited -DomainController dc1 | Format-List *", false),
            ("Get-PartnerApplication SfBOnline | fl", true),
            ("Get-PartnerApplication -Identity SfBOnline | fl", true),
            ("Get-PartnerApplication | ?{$_.Enabled} | fl", true),
            ("Get-PartnerApplication | select -First 1 | fl", true),
            ("Get-PartnerApplication | select Name,Role | ft -a", false),
            ("Get-ExchangeCertificate -Server EX01 | ft", false),
            ("Get-WebServicesVirtualDirectory -Server EX01 | ft", true),
            ("Get-MgServicePrincipal | ft", true),
            ("Get-MgServicePrincipal -All | ft", false),
            ("Get-ManagementRoleAssignment -RoleAssignee x | fl Role", true),
        ] {
            let output = read_asked(&format!("[PS] C:\\>{command}\nName : a\nRole : b\n\n[PS] C:\\>"), "a");
            assert_eq!(output.partial.len(), usize::from(part), "{command}");
            assert_eq!(output.asked.len(), 1, "{command}");
        }
    }

    #[test]
    fn the_command_tells_the_settings_of_a_mailbox_from_those_of_the_organisation() {
        let kind = |command: &str| {
            read(&format!("[PS] C:\\>{command} | fl Ews*\n\nEwsEnabled                 : False\nEwsApplicationAccessPolicy :\n"), "a")[0].kind
        };
        assert_eq!(
            (kind("Get-CASMailbox a"), kind("Get-OrganizationConfig")),
            (Kind::CasMailbox, Kind::OrganizationConfig)
        );
    }

    #[test]
    fn prompts_of_remote_sessions_are_known() {
        for shown in [
            "[EX01]: PS C:\\Users\\a\\Documents> ",
            "[ex01.contoso.example]: PS>",
            "[DBG]: PS C:\\>> ",
            "[DBG]: [EX01]: PS C:\\> ",
            "[12:00:00] PS C:\\> ",
            "(base) PS C:\\> ",
            "PS EX01:\\> ",
            "[PS] D:\\x y>",
        ] {
            assert_eq!(
                prompt(&format!("{shown}Get-AuthConfig | fl")),
                Some("Get-AuthConfig | fl"),
                "{shown}"
            );
        }
        for other in [
            "[Output of EX01]",
            "[EX01]: Get-AuthConfig > x",
            "PSComputerName : a>b",
            "[string]$x > y",
            "[",
            "(PS",
            "[PS]",
        ] {
            assert_eq!(prompt(other), None, "{other}");
        }
    }

    #[test]
    fn commands_tell_whose_keys_they_print() {
        const APPLICATION: &str = "00000004-0000-0ff1-ce00-000000000000";
        const OBJECT: &str = "3f1e5b2a-1111-4222-8333-444455556666";
        for (command, owner) in [
            (
                format!("Get-MsolServicePrincipalCredential -AppPrincipalId {APPLICATION}"),
                Some("AppPrincipalId"),
            ),
            (
                format!("(Get-MgServicePrincipal -Filter \"AppId eq '{APPLICATION}'\").K"),
                Some("AppPrincipalId"),
            ),
            (
                format!("Get-MgServicePrincipal -ServicePrincipalId {OBJECT} | ? AppId -eq {APPLICATION}"),
                Some("AppPrincipalId"),
            ),
            (format!("(Get-MgServicePrincipal -ServicePrincipalId {OBJECT}).K"), Some("ServicePrincipalId")),
            (
                format!("Get-AzureADServicePrincipalKeyCredential -ObjectId {OBJECT}"),
                Some("ServicePrincipalId"),
            ),
            (format!("Get-Key -TenantId {OBJECT}"), None),
            (
                format!("Get-MgServicePrincipal -Filter \"AppId eq '{APPLICATION}' or AppId eq '{OBJECT}'\""),
                None,
            ),
            ("$p.KeyCredentials | fl *".to_owned(), None),
        ] {
            let id = if owner == Some("AppPrincipalId") { APPLICATION } else { OBJECT };
            assert_eq!(asked::owner_in(&command), owner.map(|name| (name, id.to_owned())), "{command}");
        }
    }

    #[test]
    fn colours_of_newer_shells_are_left_out() {
        let text = "\u{1b}[32;1mName  : \u{1b}[0mx\n\u{1b}[32;1mRole  : \u{1b}[0m a\u{1b}[0m b\u{1b}[\n";
        let [object] = &read(text, "a")[..] else { panic!() };
        assert_eq!((object.text("Name"), object.text("Role")), (Some("x"), Some("a b")));
    }

    #[test]
    fn only_silence_below_a_prompt_says_that_there_is_nothing() {
        let said = |text: &str| {
            let output = read_asked(text, "a");
            (output.asked.contains(&Kind::PartnerApplication), output.unread)
        };
        for silent in [
            "[PS] C:\\>Get-PartnerApplication | fl\n[PS] C:\\>",
            "[PS] C:\\>Get-PartnerApplication | Format-List *\n\n[PS] C:\\>Get-AuthConfig | fl\nRealm : x\nName : y",
            "**********************\nPS>Get-PartnerApplication | fl\n**********************\nEnd time: 1",
        ] {
            assert_eq!(said(silent), (true, vec![]), "{silent}");
        }
        let unread = |failed| Unread { kind: Kind::PartnerApplication, place: "a:1".into(), failed };
        for (told, failed) in [
            // The text ends behind the command: what it printed was lost.
            ("Get-PartnerApplication | fl", false),
            ("Get-PartnerApplication\n\nName      Id\nSfBOnline 00000004", false),
            ("Get-PartnerApplication\n\nName      Id\n----      --", false),
            ("Get-PartnerApplication | fl Realm\n\nRealm :\n\nRealm :\n", false),
            ("Get-PartnerApplication | fl\nAcceso denegado", false),
            (
                "Get-PartnerApplication | fl\nGet-PartnerApplication : no\n    + CategoryInfo          : NotSpecified: (:) []",
                true,
            ),
            ("Get-PartnerApplication | fl\nName : x\nRealm :\n\n    + FullyQualifiedErrorId : x", true),
        ] {
            assert_eq!(said(&format!("[PS] C:\\>{told}\n")), (false, vec![unread(failed)]), "{told}");
        }
        // A filter, a file or another cmdlet took the output.
        for taken in ["| ?{$_.Enabled} | fl", "> x.txt", "| Export-Clixml x.xml", "|\n>> Out-File x", "; x"] {
            let text = format!("PS C:\\> Get-PartnerApplication {taken}\nPS C:\\> exit");
            assert_eq!(said(&text), (false, vec![]), "{taken}");
        }
    }

    #[test]
    fn a_line_that_a_mail_broke_leaves_its_value_open() {
        let text = "Name           : a\nKeyCredentials :\n{Microsoft.Graph.PowerShell.Models.MicrosoftGraphKeyCredential}\n\nName     : b\nIdentity : contoso.example/Users/SfBOnline-\nApplicationAccount\n\nName : c\nRole : d\n\nand more\n";
        let objects = read(text, "a");
        assert!(objects[0].get("KeyCredentials").unwrap().is_cut());
        assert!(objects[1].get("Identity").unwrap().is_cut());
        assert_eq!(objects[2].text("Role"), Some("d"));
    }

    #[test]
    fn a_service_principal_is_that_of_the_id_that_was_asked_for() {
        let id = "00000004-0000-0ff1-ce00-000000000000";
        let text = format!(
            "PS C:\\> Get-MgServicePrincipal -Filter \"AppId eq '{id}'\" | fl DisplayName,AccountEnabled\n\nDisplayName : x\nAccountEnabled : True\n"
        );
        let [object] = &read(&text, "a")[..] else { panic!() };
        assert_eq!((object.kind, object.text("AppPrincipalId")), (Kind::ServicePrincipal, Some(id)));
    }
}
