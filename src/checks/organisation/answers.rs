//! Takes what the files of an organisation hold of a cmdlet's output, tells whether what is not in it is not there.

use super::StateCase;
use crate::state::object::{Kind, Object};

/// Objects that are looked through for the same one, so that a hostile state cannot make every one be compared with all.
const COMPARED: usize = 1000;

impl<'a> StateCase<'a> {
    /// Whether the cmdlet was asked, so that what it does not show is not there: its objects are here and say
    /// which they are, or the file says that it gave none.
    pub fn asked(&self, kind: Kind) -> bool {
        self.files.iter().any(|file| {
            let mut own = file.objects.iter().filter(|object| object.kind == kind).peekable();
            let unread = file.unread.iter().any(|unread| unread.kind == kind);
            let answered = file.asked.contains(&kind) && !Object::is_everywhere(kind);
            // One that could not be read may have been asked again.
            let read = !unread || file.loose.iter().any(|(own, _)| *own == kind);
            (answered || (own.peek().is_some() && read))
                && own.filter(|object| !object.is_identified()).enumerate().all(|(count, object)| {
                    count < COMPARED && self.again(object, Object::is_identified).is_some()
                })
        })
    }

    /// The same object where it was printed once more, and as it is asked for: people paste a table, and then the list.
    pub fn again(&self, object: &Object, wanted: impl Fn(&Object) -> bool) -> Option<&'a Object> {
        let same = |other: &&Object, name: &str| {
            let text = |object: &Object| {
                object.text(name).map(|text| text.trim().to_ascii_lowercase()).filter(|text| !text.is_empty())
            };
            Some(text(object)? == text(other)?)
        };
        // Virtual directories have the same name on every server.
        let named: &[&str] = match object.kind {
            Kind::WebServices | Kind::Autodiscover => &["Identity"],
            _ => &["Identity", "Name", "Thumbprint", "KeyId", "AppId"],
        };
        let is = |other: &&Object| {
            named.iter().any(|name| same(other, name) == Some(true))
                && ["Identity", "Server", "DistinguishedName"]
                    .iter()
                    .all(|name| same(other, name) != Some(false))
        };
        self.of(object.kind).take(COMPARED).find(|other| wanted(other) && is(other))
    }

    /// What is missing when an object is not among the output of a cmdlet that was asked for a part only, and not for
    /// one that these words name, or of whose output nothing tells that it is whole; `None` when the object is certainly
    /// not there.
    pub fn left_open(&self, kind: Kind, words: &[&str]) -> Option<String> {
        let commands = || {
            let all = self.files.iter().flat_map(|file| &file.partial);
            all.filter(|(own, _)| *own == kind).map(|(_, command)| command)
        };
        let of_kind = |list: &[(Kind, String)]| list.iter().filter(|(own, _)| *own == kind).count();
        let whole = self.files.iter().any(|file| {
            let asked = file.asked.iter().filter(|own| **own == kind).count();
            let there = file.objects.iter().any(|object| object.kind == kind);
            asked > of_kind(&file.partial) || (asked == 0 && there && of_kind(&file.loose) == 0)
        });
        let named = |command: &String| words.iter().any(|word| command.contains(&word.to_ascii_lowercase()));
        if whole || commands().any(named) {
            return None;
        }
        let cmdlet = kind.cmdlet();
        let what = words.first().copied().unwrap_or_default();
        if commands().next().is_some() {
            return Some(format!(
                "only a part of what {cmdlet} gives was printed, and {what} is not in it: print all with `{cmdlet} | Format-List *`"
            ));
        }
        let loose = self.files.iter().flat_map(|file| &file.loose).find(|(own, _)| *own == kind)?;
        Some(format!(
            "{what} is not in what was given of {cmdlet} ({}), and nothing tells that this is all: give it from the prompt where \
             `{cmdlet} | Format-List *` was typed to the next prompt, or what `oauthtrace provision collect` writes",
            loose.1
        ))
    }

    /// Whether that service principal was asked for, by its id or with all that there are, and is not there.
    pub fn has_no_principal(&self, application: &str) -> bool {
        self.principal(application).is_none()
            && self.keys_of(application).is_none_or(|keys| keys.is_empty())
            && self.files.iter().any(|file| file.asked.contains(&Kind::ServicePrincipal))
            && self.asked(Kind::ServicePrincipal)
            && self.left_open(Kind::ServicePrincipal, &[application]).is_none()
    }

    /// Why the output of a cmdlet that was given tells nothing of what is missing, and how to print it.
    pub fn unreadable(&self, kind: Kind) -> Option<String> {
        if self.asked(kind) {
            return None;
        }
        let cmdlet = kind.cmdlet();
        let again = format!(
            "print it again with `{cmdlet} | Format-List *`, best with the script of `oauthtrace provision collect`"
        );
        let unread = self.files.iter().flat_map(|file| &file.unread).find(|unread| unread.kind == kind);
        match unread {
            Some(unread) if unread.failed => Some(format!(
                "{cmdlet} reported an error ({}): in a session that may run it, {again}",
                unread.place
            )),
            Some(unread) => {
                Some(format!("the output of {cmdlet} could not be read ({}): {again}", unread.place))
            }
            None if self.of(kind).next().is_none() => {
                let file = self.files.iter().find(|file| file.asked.contains(&kind))?;
                Some(format!(
                    "{cmdlet} gave nothing ({}), although every organisation has such an object: in a session of a member of \
                     Organization Management, {again}",
                    file.path
                ))
            }
            None => self
                .of(kind)
                .find(|object| !object.is_identified() && self.again(object, Object::is_identified).is_none())
                .map(|object| {
                    let names = Object::identifying(kind).first().copied().unwrap_or_default();
                    format!("{cmdlet} was printed without {names} ({}): {again}", object.place)
                }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Instant;

    const CONNECTOR: &str = "Name                 : HybridIOC\nTargetAddressDomains : {b}\nDiscoveryEndpoint    : https://a/\nEnabled              : True\n";

    fn left_open(texts: &[String], words: &[&str]) -> Option<String> {
        let files: Vec<_> =
            texts.iter().map(|text| crate::state::read(text.as_bytes(), "a.txt").unwrap()).collect();
        StateCase::new(&files, Instant::from_seconds(0)).left_open(Kind::Connector, words)
    }

    #[test]
    fn what_is_not_in_a_part_or_in_a_list_without_a_prompt_may_be_there() {
        let asked = |command: &str| format!("[PS] C:\\>{command}\n\n{CONNECTOR}\n\n[PS] C:\\>\n");
        let whole = asked("Get-IntraOrganizationConnector | Format-List");
        let part = asked("Get-IntraOrganizationConnector -Identity HybridIOC | Format-List");
        let loose = CONNECTOR.to_owned();
        assert_eq!(left_open(std::slice::from_ref(&whole), &["Other"]), None);
        let told = left_open(std::slice::from_ref(&part), &["Other"]).unwrap();
        assert!(told.contains("only a part") && told.contains("Other"), "{told}");
        assert_eq!(left_open(std::slice::from_ref(&part), &["Other", "hybridioc"]), None);
        let told = left_open(std::slice::from_ref(&loose), &["Other"]).unwrap();
        assert!(told.contains("nothing tells that this is all"), "{told}");
        for first in [part, loose] {
            assert_eq!(left_open(&[first, whole.clone()], &["Other"]), None);
        }
    }
}
