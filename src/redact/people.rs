//! Takes text, gives it with the names of people replaced by pseudonyms: the same person has the same one
//! everywhere in a file. The domain stays, since what is wrong is often wrong with it.

use std::collections::HashMap;
use std::ops::Range;

use super::vault;
use crate::base::is_guid;

/// Pseudonyms given so far.
#[derive(Default)]
pub(super) struct People {
    /// By the part before the `@`, in lower case.
    users: HashMap<String, usize>,
    /// By the SID.
    sids: HashMap<String, usize>,
    /// By the number of the account in the cloud (PUID).
    puids: HashMap<String, usize>,
    /// By the display name.
    names: HashMap<String, usize>,
    /// How many names were replaced.
    pub(super) count: u64,
}

/// Members and elements that hold the name of a person.
const NAMES: [&str; 29] = [
    "displayname",
    "displaynamefirstlast",
    "displaynamelastfirst",
    "userdisplayname",
    "displayto",
    "displaycc",
    "fileas",
    "fullname",
    "nickname",
    "middlename",
    "unresolvedentry",
    "ntaccount",
    "authenticateduser",
    "given_name",
    "givenname",
    "family_name",
    "familyname",
    "surname",
    "unique_name",
    "preferred_username",
    "mailnickname",
    "cn",
    "commonname",
    "username",
    "user_name",
    "owner",
    "winaccountname",
    "samaccountname",
    "onprem_sam_account_name",
];

/// Whether a member or element of this name holds the name of a person.
pub(super) fn is_name(name: &[u8]) -> bool {
    name.len() <= 24 && NAMES.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

/// Objects of the REST API whose member `name` is that of a person; and what Entra says of a user.
const HOLDERS: [&str; 5] = ["emailaddress", "mailbox", "organizer", "attendee", "claims"];

/// Whether the member `name` of an object of this name is that of a person.
pub(super) fn is_holder(object: &[u8]) -> bool {
    object.len() <= 16 && HOLDERS.iter().any(|known| object.eq_ignore_ascii_case(known.as_bytes()))
}

/// Where the name of a mailbox stands in a legacy distinguished name ([MS-OXOABK] 2.2.1.1).
const RECIPIENT: &[u8] = b"/cn=recipients/cn=";

/// Claims that may hold the number of an account.
const ACCOUNTS: [&[u8]; 3] = [b"nameid", b"puid", b"netid"];

/// Local parts that are no persons.
const SERVICES: [&str; 4] = ["system", "postmaster", "noreply", "no-reply"];

/// The number of a name: a new one gets the next.
fn number(known: &mut HashMap<String, usize>, name: String) -> usize {
    let next = known.len() + 1;
    *known.entry(name).or_insert(next)
}

impl People {
    /// Between two passes over one file.
    pub(super) fn recount(&mut self) {
        self.count = 0;
    }

    /// The pseudonym of a person who is named without an address. The domain of an account stays.
    pub(super) fn name(&mut self, name: &[u8]) -> Vec<u8> {
        if let Some(slash) = memchr::memrchr(b'\\', name)
            && let (domain, Some(user)) = (name.get(..slash).unwrap_or_default(), name.get(slash + 1..))
            && is_netbios(domain)
        {
            let new = self.user(user, 0..user.len());
            self.count += u64::from(new.is_some());
            return [domain, b"\\", new.as_ref().map_or(user, |(_, new)| new)].concat();
        }
        if name.len() < 2 || name.starts_with(b"Person ") || vault::is_mark(name) {
            return name.to_vec();
        }
        let number = number(&mut self.names, String::from_utf8_lossy(name).into_owned());
        self.count += 1;
        format!("Person {number}").into_bytes()
    }

    /// Whether it is the name of a person who was met already.
    pub(super) fn knows(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.names.contains_key(name))
    }

    /// Addresses of mail, UPNs, SIP addresses and SIDs in a text, with what replaces them.
    pub(super) fn edits(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = self.addresses(text);
        edits.extend(self.sids(text));
        edits.extend(self.puids(text));
        edits.extend(self.recipients(text));
        edits.extend(self.elements(text));
        edits.extend(self.fields(text));
        edits.sort_by_key(|(range, _)| range.start);
        // What is no address: `CONTOSO\anna@contoso.com` is one.
        let mut accounts = self.accounts(text);
        accounts.retain(|(range, _)| {
            let next = edits.partition_point(|(other, _)| other.end <= range.start);
            edits.get(next).is_none_or(|(other, _)| other.start >= range.end)
        });
        edits.extend(accounts);
        edits.sort_by_key(|(range, _)| range.start);
        self.count += edits.len() as u64;
        edits
    }

    fn addresses(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for at in memchr::memchr2_iter(b'@', b'%', text) {
            let sign = if text.get(at) == Some(&b'@') {
                1
            } else if text.get(at..at + 3) == Some(b"%40") {
                3
            } else {
                continue;
            };
            let before = text.get(..at).unwrap_or_default();
            let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-+'".contains(byte) || **byte >= 0x80;
            let length = before.iter().rev().take(64).take_while(part).count();
            let local = before.get(at - length..).unwrap_or_default();
            // `application/host@realm` and `application@realm` name no person.
            if let Some(user) = user_information(before, at - length) {
                edits.extend(self.user(text, user));
                continue;
            }
            let slash = before.get(..at - length).and_then(<[u8]>::last) == Some(&b'/');
            let realm = slash && !before.ends_with(b"//") && !is_path_to_mailbox(before);
            let domain = domain(text.get(at + sign..).unwrap_or_default());
            if local.is_empty() || is_guid(local) || realm || domain == 0 {
                continue;
            }
            let name = String::from_utf8_lossy(local).to_ascii_lowercase();
            let own = name.strip_prefix("user").is_some_and(|rest| rest.parse::<usize>().is_ok());
            if own || SERVICES.contains(&name.as_str()) {
                continue;
            }
            let number = number(&mut self.users, name);
            edits.push((at - length..at, format!("user{number}").into_bytes()));
        }
        edits
    }

    /// The pseudonym of somebody who signs in, where that is new.
    pub(super) fn account(&mut self, name: &[u8]) -> Option<Vec<u8>> {
        let (_, new) = self.user(name, 0..name.len())?;
        self.count += 1;
        Some(new)
    }

    /// A name that stands alone, with its pseudonym.
    fn user(&mut self, text: &[u8], range: Range<usize>) -> Option<(Range<usize>, Vec<u8>)> {
        let name = String::from_utf8_lossy(text.get(range.clone())?).to_ascii_lowercase();
        let own = name.strip_prefix("user").is_some_and(|rest| rest.parse::<usize>().is_ok());
        if name.is_empty() || own || vault::is_mark(name.as_bytes()) {
            return None;
        }
        let number = number(&mut self.users, name);
        Some((range, format!("user{number}").into_bytes()))
    }

    /// `username=anna` in forms and queries. What holds an address is masked as one.
    fn fields(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for equals in memchr::memchr_iter(b'=', text) {
            let before = text.get(..equals).unwrap_or_default();
            let word = |byte: &&u8| byte.is_ascii_alphanumeric() || **byte == b'_';
            let length = before.iter().rev().take(24).take_while(word).count();
            let name = before.get(equals - length..).unwrap_or_default();
            let lead = before.get(..equals - length).and_then(<[u8]>::last);
            let begins = lead.is_none_or(|byte| b"&?\n\"'".contains(byte));
            if !begins || !signs_in(name) {
                continue;
            }
            let value = text.get(equals + 1..).unwrap_or_default();
            let part =
                |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-+%\\".contains(byte) || **byte >= 0x80;
            let length = value.iter().take(128).take_while(part).count();
            let next = value.get(length);
            let address =
                next == Some(&b'@') || value.get(..length).is_some_and(|value| holds(value, b"%40"));
            if !address {
                edits.extend(self.user(text, equals + 1..equals + 1 + length));
            }
        }
        edits
    }

    /// Mailboxes in legacy distinguished names: `/o=…/cn=Recipients/cn=anna.smith`.
    fn recipients(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for equals in memchr::memchr_iter(b'=', text) {
            let start = equals + 1;
            let before = text.get(start.saturating_sub(RECIPIENT.len())..start).unwrap_or_default();
            let rest = text.get(start..).unwrap_or_default();
            let part =
                |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-+' ".contains(byte) || **byte >= 0x80;
            let length = rest.iter().take(256).take_while(part).count();
            let name = rest.get(..length).unwrap_or_default();
            let own = name.strip_prefix(b"user").is_some_and(|rest| rest.iter().all(u8::is_ascii_digit));
            if !before.eq_ignore_ascii_case(RECIPIENT) || name.is_empty() || own {
                continue;
            }
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let number = number(&mut self.users, name);
            edits.push((start..start + length, format!("user{number}").into_bytes()));
        }
        edits
    }

    /// `CONTOSO\anna`. Paths of files, escapes and accounts of machines and services are no people.
    fn accounts(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        let mut from = 0;
        let escaped =
            memchr::memmem::find(text, b"\":").is_some() || memchr::memmem::find(text, b"\\\"").is_some();
        for slash in memchr::memchr_iter(b'\\', text) {
            if slash < from {
                continue;
            }
            let rest = text.get(slash..).unwrap_or_default();
            let slashes = rest.iter().take_while(|byte| **byte == b'\\').count();
            let start = slash + slashes;
            from = start;
            let before = text.get(..slash).unwrap_or_default();
            let length = before.iter().rev().take(16).take_while(|byte| is_netbios(&[**byte])).count();
            let (lead, domain) = before.split_at(before.len() - length);
            let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-$".contains(byte) || **byte >= 0x80;
            let user = text.get(start..).unwrap_or_default();
            let length = user.iter().take(64).take_while(part).count();
            let (user, behind) = user.split_at(length);
            let user = user.strip_suffix(b".").unwrap_or(user);
            // In JSON of which this is a part, one backslash begins an escape.
            let escape =
                escaped && slashes == 1 && user.first().is_some_and(|first| b"nrtbfu".contains(first));
            let path =
                behind.first() == Some(&b'\\') || lead.last().is_some_and(|last| b"\\/:.%".contains(last));
            let capital = domain.first().is_some_and(u8::is_ascii_uppercase)
                && domain.iter().all(|byte| !byte.is_ascii_lowercase());
            // A field of a log, a header field, a member.
            let alone = match (lead.last(), behind.first()) {
                (None, None) => true,
                (before, after) => before == Some(&b',') && after == Some(&b','),
            };
            let person = (capital || alone)
                && domain.len() >= 2
                && !user.is_empty()
                && !ROOTS.iter().any(|root| domain == root.as_bytes())
                && !user.ends_with(b"$")
                && !VIRTUAL.iter().any(|name| user.eq_ignore_ascii_case(name.as_bytes()));
            if person && !path && !escape {
                edits.extend(self.user(text, start..start + user.len()));
            }
        }
        edits
    }

    /// The user in the credentials of Digest (RFC 7616 3.4).
    pub(super) fn digest(&mut self, text: &[u8]) -> Vec<u8> {
        let mut edits = Vec::new();
        for name in [&b"username=\""[..], b"username*=UTF-8''"] {
            let Some(at) = memchr::memmem::find(text, name) else { continue };
            let start = at + name.len();
            let rest = text.get(start..).unwrap_or_default();
            let length = rest.iter().take_while(|byte| !b"\", ".contains(byte)).count();
            let value = rest.get(..length).unwrap_or_default();
            // The domain stays, before the user or behind.
            let domain = memchr::memrchr(b'\\', value).map_or(0, |slash| slash + 1);
            let end = memchr::memchr(b'@', value).unwrap_or(length);
            edits.extend(self.user(text, start + domain.min(end)..start + end));
        }
        self.count += edits.len() as u64;
        super::text::splice(text, &edits)
    }

    fn sids(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for at in memchr::memmem::find_iter(text, b"S-1-5-21-") {
            let rest = text.get(at..).unwrap_or_default();
            let length =
                rest.iter().skip(2).take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count() + 2;
            let sid = rest.get(..length).unwrap_or_default();
            let sid = sid.strip_suffix(b"-").unwrap_or(sid);
            if sid.starts_with(b"S-1-5-21-0-0-0-") {
                continue;
            }
            let number = number(&mut self.sids, String::from_utf8_lossy(sid).into_owned());
            edits.push((at..at + sid.len(), format!("S-1-5-21-0-0-0-{}", 1000 + number).into_bytes()));
        }
        edits
    }

    /// `"nameid":"100320001234abcd"`: a token issued online names its user so.
    fn puids(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for end in memchr::memmem::find_iter(text, b"id").map(|at| at + 2) {
            let before = text.get(..end).unwrap_or_default();
            if !ACCOUNTS.iter().any(|name| before.ends_with(name)) {
                continue;
            }
            let rest = text.get(end..).unwrap_or_default();
            let between = rest.iter().take(16).take_while(|byte| b"\"\\:= ".contains(byte)).count();
            let start = end + between;
            let value = text.get(start..).unwrap_or_default();
            let length = value.iter().take(17).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let puid = value.get(..length).unwrap_or_default();
            if between > 0
                && let Some(new) = self.pseudonym(puid)
            {
                edits.push((start..start + length, new));
            }
        }
        edits
    }

    /// The pseudonym of a number of an account, where it is one and new.
    fn pseudonym(&mut self, puid: &[u8]) -> Option<Vec<u8>> {
        let is_puid = puid.len() == 16 && puid.iter().all(u8::is_ascii_hexdigit);
        if !is_puid || puid.starts_with(b"0000000000") {
            return None;
        }
        let number = number(&mut self.puids, String::from_utf8_lossy(puid).to_ascii_lowercase());
        Some(format!("{number:016}").into_bytes())
    }

    /// The value of a claim of this name, if that is the number of an account.
    pub(super) fn puid(&mut self, name: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        let new = ACCOUNTS.contains(&name).then(|| self.pseudonym(value)).flatten()?;
        self.count += 1;
        Some(new)
    }

    /// `<t:Name>Bob</t:Name>`, `<DisplayName>…`
    fn elements(&mut self, text: &[u8]) -> Vec<(Range<usize>, Vec<u8>)> {
        let mut edits = Vec::new();
        for at in memchr::memchr_iter(b'<', text) {
            let rest = text.get(at + 1..).unwrap_or_default();
            let Some(close) = memchr::memchr(b'>', rest.get(..rest.len().min(128)).unwrap_or_default())
            else {
                continue;
            };
            let tag = rest.get(..close).unwrap_or_default();
            let word = tag.split(|byte| byte.is_ascii_whitespace()).next().unwrap_or_default();
            let local = word.rsplit(|byte| *byte == b':').next().unwrap_or_default();
            // EWS names mailboxes so; elsewhere a name may be that of anything.
            let mailbox = local == b"Name" && word.len() > local.len();
            if !(mailbox || is_name(local)) || tag.ends_with(b"/") {
                continue;
            }
            let start = at + 1 + close + 1;
            let content = text.get(start..).unwrap_or_default();
            let length = memchr::memchr(b'<', content).unwrap_or(content.len());
            let name = content.get(..length).unwrap_or_default();
            if name.trim_ascii().is_empty() || name.contains(&b'@') || name.starts_with(b"S-1-5-") {
                continue;
            }
            let new = self.name(name);
            self.count = self.count.saturating_sub(1);
            edits.push((start..start + length, new));
        }
        edits
    }
}

/// Whether a text could be the short name of a domain.
fn is_netbios(text: &[u8]) -> bool {
    !text.is_empty()
        && text.len() <= 15
        && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What stands before a backslash and is no domain of people: the registry, and what Windows has of its own.
const ROOTS: [&str; 10] =
    ["HKLM", "HKCU", "HKCR", "HKU", "AUTHORITY", "BUILTIN", "APPPOOL", "SERVICE", "IIS", "WINDOWS"];

/// Virtual directories, which follow the name of a server: `EX01\EWS (Default Web Site)`.
const VIRTUAL: [&str; 10] = [
    "api",
    "autodiscover",
    "ecp",
    "ews",
    "mapi",
    "microsoft-server-activesync",
    "oab",
    "owa",
    "powershell",
    "rpc",
];

/// Fields of forms that hold the name of a person who signs in (RFC 6749 4.3.2).
const FIELDS: [&str; 4] = ["username", "user_name", "login_hint", "user"];

/// Whether a field of this name holds the name of somebody who signs in.
pub(super) fn signs_in(name: &[u8]) -> bool {
    FIELDS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()))
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

/// The user of `https://user:password@host`, where the password ends at the `@` and begins at `password`.
fn user_information(before: &[u8], password: usize) -> Option<Range<usize>> {
    let rest = before.get(..password)?.strip_suffix(b":")?;
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"._-+%".contains(byte);
    let length = rest.iter().rev().take(64).take_while(part).count();
    let start = rest.len() - length;
    (length > 0 && rest.get(..start)?.ends_with(b"//")).then_some(start..rest.len())
}

/// `/users/bob@contoso.com`: Graph and the photo service name mailboxes in paths.
fn is_path_to_mailbox(before: &[u8]) -> bool {
    !before.rsplit(|byte| *byte == b'/').nth(1).is_some_and(is_guid)
}

/// The length of a domain name with a dot at the start of a text; 0 where there is none.
fn domain(text: &[u8]) -> usize {
    let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let length = text.iter().take(255).take_while(part).count();
    let name = text.get(..length).unwrap_or_default();
    let name = name.strip_suffix(b".").unwrap_or(name);
    let last = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let letters = last.len() >= 2 && last.iter().all(u8::is_ascii_alphabetic);
    if letters && name.contains(&b'.') { name.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(people: &mut People, text: &str) -> String {
        let edits = people.edits(text.as_bytes());
        String::from_utf8(super::super::text::splice(text.as_bytes(), &edits)).unwrap()
    }

    #[test]
    fn one_person_has_one_pseudonym_everywhere() {
        let mut people = People::default();
        let text = "upn=Bob.Smith@contoso.com sip:bob.smith@contoso.com alice@x.org bob.smith%40contoso.com";
        let expected = "upn=user1@contoso.com sip:user1@contoso.com user2@x.org user1%40contoso.com";
        assert_eq!(masked(&mut people, text), expected);
        assert_eq!(masked(&mut people, expected), expected);
        assert_eq!(
            masked(&mut people, "S-1-5-21-1-2-3-1104, S-1-5-21-9-9-9-500, S-1-5-18"),
            "S-1-5-21-0-0-0-1001, S-1-5-21-0-0-0-1002, S-1-5-18"
        );
        assert_eq!(
            masked(&mut people, "<t:Mailbox><t:Name>Bob Smith</t:Name></t:Mailbox>"),
            "<t:Mailbox><t:Name>Person 1</t:Name></t:Mailbox>"
        );
    }

    #[test]
    fn who_signs_in_is_a_person() {
        let mut people = People::default();
        let text = "grant_type=password&username=svc-kim&password=x https://svc-kim:REDACTED_VALUE_1@mail.contoso.com/ews";
        let expected = "grant_type=password&username=user1&password=x https://user1:REDACTED_VALUE_1@mail.contoso.com/ews";
        assert_eq!(masked(&mut people, text), expected);
        assert_eq!(masked(&mut people, expected), expected);
        assert_eq!(
            masked(&mut people, "?login_hint=anna%40contoso.com&user=CONTOSO\\kim"),
            "?login_hint=user2%40contoso.com&user=user3"
        );
        for other in ["my_username=x", "username=", "username=&a=b", "CN=Microsoft", "superuser=1", "sip:5@x"]
        {
            assert_eq!(masked(&mut people, other), other);
        }
    }

    #[test]
    fn accounts_of_the_cloud_are_people() {
        let mut people = People::default();
        let text = r#"{"nameid":"100320001234ABCD","puid" : "100320001234abcd","x":"{\"nameid\":\"10030000DEADBEEF\"}"}"#;
        let expected = r#"{"nameid":"0000000000000001","puid" : "0000000000000001","x":"{\"nameid\":\"0000000000000002\"}"}"#;
        assert_eq!(masked(&mut people, text), expected);
        assert_eq!(masked(&mut people, expected), expected);
        for other in [r#""nameid":"00000004-0000-0ff1-ce00-000000000000@t""#, r#""etag":"100320001234abcd""#]
        {
            assert_eq!(masked(&mut people, other), other);
        }
    }

    #[test]
    fn mailboxes_in_legacy_names_are_people() {
        let mut people = People::default();
        let text = "/o=Contoso/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/CN=Anna.Smith anna.smith@x.org";
        let found = masked(&mut people, text);
        // The blank may belong to the name.
        assert!(!found.to_lowercase().contains("anna"), "{found}");
        assert_eq!(masked(&mut people, &found), found);
        assert!(found.starts_with(&text[..60]));
        let other = "/o=Contoso/cn=Configuration/cn=Servers/cn=EX01";
        assert_eq!(masked(&mut people, other), other);
    }

    #[test]
    fn applications_are_no_people() {
        let mut people = People::default();
        for text in [
            "00000002-0000-0ff1-ce00-000000000000@contoso.com",
            "00000002-0000-0ff1-ce00-000000000000/mail.contoso.com@contoso.com",
            "00000004-0000-0ff1-ce00-000000000000/@contoso.com",
            "a @ b.com, x@y, @media screen",
        ] {
            assert_eq!(masked(&mut people, text), text);
        }
    }
}
