//! Takes the kinds of calls, gives what was done with the access, and whether it succeeded.
//!
//! Evidence in this order: application, SOAP operation, folder and item class, roles, path, user agent. One sign
//! alone is `possible`, two are `likely`; an operation or folder that serves nothing else is `certain`.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::checks::expectations::{CLOUD_VOICEMAIL, SKYPE, TEAMS_SCHEDULER};
use crate::checks::judge::facts::{Call, Credential, Facts, Seen};
use crate::exchange::ExchangeKey;
use crate::limits::EVIDENCE_LISTED;

use super::cause::Confidence;

/// What the access is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// Users change their voicemail greeting; out-of-office greetings are read.
    VoicemailGreeting,
    /// Conversations are saved to the mailbox.
    ConversationHistory,
    /// Chats and meetings are archived to Purges.
    Archive,
    /// Voicemail is played or its options are changed.
    Voicemail,
    /// Contacts are kept in the mailbox.
    UnifiedContacts,
    /// Photos.
    Photo,
    /// Free/busy.
    FreeBusy,
    /// Delegates schedule meetings.
    TeamsDelegation,
    /// Addresses of services are looked up.
    Autodiscover,
    /// Trust metadata is fetched.
    Metadata,
    /// A token is asked for.
    TokenRequest,
    /// A test of an administrator.
    TestConnectivity,
}

impl Kind {
    /// All, in the order of reports: the three success checks of Microsoft's page first.
    pub const ALL: [Self; 12] = [
        Self::VoicemailGreeting,
        Self::ConversationHistory,
        Self::Archive,
        Self::Voicemail,
        Self::UnifiedContacts,
        Self::Photo,
        Self::FreeBusy,
        Self::TeamsDelegation,
        Self::Autodiscover,
        Self::Metadata,
        Self::TokenRequest,
        Self::TestConnectivity,
    ];

    /// The id in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::VoicemailGreeting => "voicemail-greeting",
            Self::ConversationHistory => "conversation-history",
            Self::Archive => "archive",
            Self::Voicemail => "voicemail",
            Self::UnifiedContacts => "unified-contacts",
            Self::Photo => "photo",
            Self::FreeBusy => "freebusy",
            Self::TeamsDelegation => "teams-delegation",
            Self::Autodiscover => "autodiscover",
            Self::Metadata => "metadata",
            Self::TokenRequest => "token-request",
            Self::TestConnectivity => "test-connectivity",
        }
    }

    /// For people.
    pub const fn title(self) -> &'static str {
        match self {
            Self::VoicemailGreeting => "voicemail greetings are read or changed",
            Self::ConversationHistory => "conversations are saved to the Conversation History folder",
            Self::Archive => "chats are archived to the Purges folder",
            Self::Voicemail => "voicemail is played or its options changed",
            Self::UnifiedContacts => "contacts are kept in the mailbox",
            Self::Photo => "photos are read",
            Self::FreeBusy => "free/busy is looked up",
            Self::TeamsDelegation => "delegates of a mailbox are read for Teams",
            Self::Autodiscover => "service addresses are looked up",
            Self::Metadata => "trust metadata is fetched",
            Self::TokenRequest => "tokens are asked for",
            Self::TestConnectivity => "an administrator tests the connection",
        }
    }
}

/// Whether it was seen, and how it ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum State {
    /// At least once with success, and the last kind of call did not fail.
    Succeeded,
    /// Seen, and failed.
    Failed,
    /// Not seen.
    NotSeen,
}

impl State {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::NotSeen => "not-seen",
        }
    }
}

/// One scenario.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scenario {
    /// Which.
    pub kind: Kind,
    /// How it ended.
    pub state: State,
    /// How sure it is that the calls belong to it; `Possible` when not seen.
    pub strength: Confidence,
    /// What tells it.
    pub signs: Vec<String>,
    /// The first exchanges.
    pub exchanges: Vec<ExchangeKey>,
}

#[derive(Default)]
struct Tally {
    succeeded: u64,
    failed: u64,
    unanswered: u64,
    strength: Option<Confidence>,
    signs: BTreeSet<String>,
    exchanges: BTreeSet<ExchangeKey>,
}

impl Tally {
    fn add(&mut self, strength: Confidence, sign: String, ended: Option<bool>, seen: &Seen) {
        // What surer calls say is not blurred by less sure ones.
        if self.strength.is_some_and(|known| known > strength) {
            return;
        }
        if self.strength < Some(strength) {
            *self = Self { strength: Some(strength), ..Self::default() };
        }
        match ended {
            Some(true) => self.succeeded += seen.count,
            Some(false) => self.failed += seen.count,
            None => self.unanswered += seen.count,
        }
        self.signs.insert(sign);
        self.exchanges.extend(&seen.exchanges);
    }
}

/// Reads all scenarios.
pub fn read(facts: &Facts) -> Vec<Scenario> {
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    for (call, seen) in &facts.calls {
        // The challenge is asked for on behalf of anything, and a client that signs in with a password is
        // none of the service's.
        let asks = match call.credential {
            Credential::EmptyBearer => true,
            // Many callers ask by calling without credentials first.
            Credential::None => call.status == Some(401),
            _ => false,
        };
        if asks || call.logged {
            continue;
        }
        let ended = call.ended();
        for (kind, strength, sign) in of_call(call) {
            tallies.entry(kind).or_default().add(strength, sign, ended, seen);
        }
    }
    created_and_deleted(facts, &mut tallies);
    for (ask, seen) in &facts.asks {
        let ended = ask.status.map(|_| ask.granted());
        let sign = format!("request to {}", ask.host);
        tallies.entry(Kind::TokenRequest).or_default().add(Confidence::Certain, sign, ended, seen);
    }
    for (document, seen) in &facts.metadata {
        let ended = document.status.map(|status| (200..300).contains(&status));
        let sign = format!("path {}", document.path);
        tallies.entry(Kind::Metadata).or_default().add(Confidence::Certain, sign, ended, seen);
    }
    for (good, seen) in &facts.tests {
        let sign = "output of Test-OAuthConnectivity".to_owned();
        tallies.entry(Kind::TestConnectivity).or_default().add(Confidence::Certain, sign, Some(*good), seen);
    }
    Kind::ALL.into_iter().filter_map(|kind| finish(kind, tallies.remove(&kind))).collect()
}

/// Test-CsExStorageConnectivity writes an item to the history, the inbox or the dumpster, and may delete it.
fn created_and_deleted(facts: &Facts, tallies: &mut BTreeMap<Kind, Tally>) {
    const TARGETS: [&str; 3] = ["conversationhistory", "inbox", "recoverableitemspurges"];
    let by = |operation: &'static str| {
        facts.calls.iter().filter(move |(call, _)| {
            let ours = call.credential == Credential::Token && call.application.as_deref() == Some(SKYPE);
            ours && call.operation.as_deref() == Some(operation)
        })
    };
    let created = by("CreateItem")
        .any(|(call, _)| call.folders.iter().any(|folder| TARGETS.contains(&folder.as_str())));
    if !created {
        return;
    }
    for (call, seen) in by("DeleteItem") {
        let ended = call.ended();
        let sign = "an item is created and deleted".to_owned();
        tallies.entry(Kind::TestConnectivity).or_default().add(Confidence::Possible, sign, ended, seen);
    }
}

fn finish(kind: Kind, tally: Option<Tally>) -> Option<Scenario> {
    let always = matches!(kind, Kind::VoicemailGreeting | Kind::ConversationHistory | Kind::Archive);
    match tally {
        Some(tally) => Some(Scenario {
            kind,
            state: match (tally.succeeded, tally.failed) {
                (_, 1..) => State::Failed,
                (1.., 0) => State::Succeeded,
                // Asked, and the answer not seen: neither success nor failure was.
                (0, 0) => State::NotSeen,
            },
            strength: tally.strength.unwrap_or(Confidence::Possible),
            signs: tally.signs.into_iter().take(EVIDENCE_LISTED).collect(),
            exchanges: tally.exchanges.into_iter().take(EVIDENCE_LISTED).collect(),
        }),
        None => always.then_some(Scenario {
            kind,
            state: State::NotSeen,
            strength: Confidence::Possible,
            signs: Vec::new(),
            exchanges: Vec::new(),
        }),
    }
}

const CONTACTS: [&str; 11] = [
    "AddNewImContactToGroup",
    "AddImContactToGroup",
    "AddImGroup",
    "AddDistributionGroupToImList",
    "GetImItemList",
    "GetImItems",
    "RemoveContactFromImList",
    "RemoveImContactFromGroup",
    "RemoveDistributionGroupFromImList",
    "RemoveImGroup",
    "SetImGroup",
];

/// The scenarios that a call may belong to, each with its strength and the sign.
fn of_call(call: &Call) -> Vec<(Kind, Confidence, String)> {
    use Confidence::{Certain, Likely, Possible};
    let mut found = Vec::new();
    let operation = call.operation.as_deref().unwrap_or_default();
    let folder = |name: &str| call.folders.iter().any(|folder| folder == name);
    let by = |name: &str| call.application.as_deref() == Some(name);
    let role = |name: &str| call.roles.iter().any(|role| role.eq_ignore_ascii_case(name));
    let class = |prefix: &str| call.classes.iter().find(|class| class.starts_with(prefix));
    let ours = call.credential == Credential::Token;
    let mut say = |kind, strength, sign: String| found.push((kind, strength, sign));
    let conversation = match class("IPM.Note.Microsoft.Conversation") {
        _ if folder("conversationhistory") => Some("folder conversationhistory".to_owned()),
        class => class.map(|class| format!("item class {class}")),
    };
    if let Some(sign) = conversation {
        say(Kind::ConversationHistory, if ours { Certain } else { Likely }, sign);
    }
    if folder("recoverableitemspurges") {
        say(Kind::Archive, if ours { Certain } else { Likely }, "folder recoverableitemspurges".into());
    } else if ours && role("ArchiveApplication") {
        say(Kind::Archive, Likely, "role ArchiveApplication".into());
    }
    let oof = matches!(
        operation,
        "GetUserOofSettings"
            | "SetUserOofSettings"
            | "GetUserOofSettingsRequest"
            | "SetUserOofSettingsRequest"
            | "GetMailTips"
    );
    let umish = operation.contains("UMPropert")
        || operation.contains("Greeting")
        || operation.contains("UMPrompt")
        || operation.contains("OofStatus");
    if umish {
        say(Kind::VoicemailGreeting, if ours { Likely } else { Possible }, format!("operation {operation}"));
    } else if oof && ours && by(CLOUD_VOICEMAIL) {
        say(Kind::VoicemailGreeting, Likely, format!("operation {operation} of Cloud Voicemail"));
    } else if oof && ours && by(SKYPE) {
        say(Kind::VoicemailGreeting, Possible, format!("operation {operation}"));
    } else if ours && by(CLOUD_VOICEMAIL) && call.path.starts_with("/ews") {
        say(Kind::VoicemailGreeting, Possible, "a call of Cloud Voicemail".into());
    }
    let playing = matches!(
        operation,
        "PlayOnPhone" | "GetPhoneCallInformation" | "DisconnectPhoneCall" | "PlayOnPhoneGreeting"
    );
    if playing {
        say(Kind::Voicemail, Certain, format!("operation {operation}"));
    } else if let Some(class) = class("IPM.Note.Microsoft.Voicemail") {
        say(Kind::Voicemail, Certain, format!("item class {class}"));
    } else if folder("voicemail") {
        say(Kind::Voicemail, Likely, "folder voicemail".into());
    } else if ours && by(CLOUD_VOICEMAIL) {
        say(Kind::Voicemail, Possible, "a call of Cloud Voicemail".into());
    }
    if CONTACTS.contains(&operation) {
        say(Kind::UnifiedContacts, Certain, format!("operation {operation}"));
    } else if folder("quickcontacts") || folder("imcontactlist") {
        say(Kind::UnifiedContacts, Likely, "folder of contacts".into());
    }
    if operation.eq_ignore_ascii_case("GetUserPhoto") {
        say(Kind::Photo, Certain, "operation GetUserPhoto".into());
    }
    if operation.starts_with("GetUserAvailability") {
        say(Kind::FreeBusy, Certain, format!("operation {operation}"));
    }
    if operation == "GetDelegate" {
        let strength = if by(TEAMS_SCHEDULER) {
            Certain
        } else if ours {
            Likely
        } else {
            Possible
        };
        say(Kind::TeamsDelegation, strength, "operation GetDelegate".into());
    } else if ours && by(TEAMS_SCHEDULER) {
        say(Kind::TeamsDelegation, Possible, "a call of the Teams scheduler".into());
    } else if call.agent == Some("SchedulingService") {
        say(Kind::TeamsDelegation, Possible, "user agent SchedulingService".into());
    }
    if call.path.starts_with("/autodiscover") {
        say(Kind::Autodiscover, Certain, format!("path {}", call.path));
    }
    if call.agent == Some("ExchangeServicesClient") && operation == "GetFolder" && ours {
        say(Kind::TestConnectivity, Possible, "GetFolder of an Exchange client".into());
    }
    found
}
