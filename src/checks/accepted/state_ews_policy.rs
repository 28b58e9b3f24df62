//! Takes the state of the organisation, gives findings of `state-ews-policy`: the EWS application policy shuts Teams out.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::StateCase;
use crate::checks::organisation::quoted;
use crate::checks::rule::{Out, Rule, Scope};
use crate::state::object::{Kind, Object, Value};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "state-ews-policy",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["N21"],
    title: "the EWS application policy shuts Teams out",
    looks_at: "EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList and EwsEnabled of \
               Get-OrganizationConfig; EwsEnabled of Get-CASMailbox, which is a warning. What Exchange Online prints, \
               which alone has EwsAllowedAppIDs, is not about mailboxes of Exchange Server: there it is told, and leaves \
               the question open.",
    matters: "With an allow list only named user agents may use EWS; when the agents of Teams are not in \
              it, its calls are refused; so are they when a block list names them.",
    bad: "EnforceAllowList without *SchedulingService*",
    good: "no policy, or a list that holds the agents of Teams",
    repair: "Set-OrganizationConfig -EwsAllowList \
             @{Add='*SchedulingService*','MicrosoftNinja/*','*Teams/*','SkypeSpaces/*'}",
    sources: &[
        "Microsoft Learn: How Exchange and Teams interact",
        "Microsoft Learn: Set-OrganizationConfig, EwsAllowedAppIDs",
    ],
    scope: Scope::State(examine),
};

const AGENTS: [&str; 4] = ["*SchedulingService*", "MicrosoftNinja/*", "*Teams/*", "SkypeSpaces/*"];

fn examine(case: &StateCase<'_>, out: &mut Out<'_>) {
    for mailbox in case.of(Kind::CasMailbox).filter(|mailbox| mailbox.flag("EwsEnabled") == Some(false)) {
        out.say("EWS is off for a mailbox")
            .severity(Severity::Warning)
            .location(&mailbox.place)
            .claim("EwsEnabled")
            .observed("EwsEnabled: False")
            .expected("True")
            .help("Set-CASMailbox <user> -EwsEnabled $true");
    }
    for config in case.of(Kind::OrganizationConfig) {
        // EWS in the cloud is being switched off; what answers the calls of Teams here is the server.
        if config.get("EwsAllowedAppIDs").is_some() {
            let server = |other: &Object| other.get("EwsAllowedAppIDs").is_none();
            online(config, case.of(Kind::OrganizationConfig).any(server), out);
            continue;
        }
        if config.flag("EwsEnabled") == Some(false) {
            out.say("EWS is off for the organisation")
                .location(&config.place)
                .claim("EwsEnabled")
                .observed("EwsEnabled: False")
                .expected("True, or empty")
                .help("Set-OrganizationConfig -EwsEnabled $true");
        }
        let policy =
            config.text("EwsApplicationAccessPolicy").unwrap_or_default().trim().to_ascii_lowercase();
        match policy.as_str() {
            "" => continue,
            "enforceallowlist" => {}
            "enforceblocklist" => {
                blocked(config, out);
                continue;
            }
            // `ConvertTo-Json` on a server prints the number of an enumeration.
            _ => {
                out.missing(format!(
                    "EwsApplicationAccessPolicy of Get-OrganizationConfig is not told by its name ({}): print it with \
                     `Get-OrganizationConfig | Format-List Ews*`",
                    config.place
                ));
                continue;
            }
        }
        let list = config.get("EwsAllowList");
        if list.is_none() {
            out.missing(unprinted(config, "EwsAllowList"));
            continue;
        }
        let own: Vec<&str> = list.map(Value::texts).unwrap_or_default();
        let lacking: Vec<&str> = AGENTS
            .into_iter()
            .filter(|agent| !own.iter().any(|known| known.eq_ignore_ascii_case(agent) || *known == "*"))
            .collect();
        if lacking.is_empty() {
            continue;
        }
        if list.is_some_and(Value::is_cut) {
            out.missing(
                "EwsAllowList was cut by the output: set $FormatEnumerationLimit = -1 and print it again",
            );
            continue;
        }
        out.say("the list of allowed EWS applications shuts Teams out")
            .location(&config.place)
            .claim("EwsAllowList")
            .observed(if own.is_empty() { "EwsAllowList: (empty)".to_owned() } else { own.join(", ") })
            .expected(format!("also {}", lacking.join(", ")))
            .help(format!(
                "Set-OrganizationConfig -EwsAllowList @{{Add={}}}",
                lacking.iter().map(|agent| quoted(agent)).collect::<Vec<_>>().join(",")
            ));
    }
}

/// The settings of Exchange Online: they tell nothing of the server, whose own may be there too.
fn online(config: &Object, server: bool, out: &mut Out<'_>) {
    if !server {
        out.missing(format!(
            "Get-OrganizationConfig ({}) was printed by Exchange Online, which alone has EwsAllowedAppIDs: run it in the \
             Exchange Management Shell of the server, too",
            config.place
        ));
    }
    if config.flag("EwsEnabled") == Some(false) {
        out.say("EWS is off in Exchange Online, which concerns calls to it and none to Exchange Server")
            .severity(Severity::Info)
            .location(&config.place)
            .claim("EwsEnabled")
            .observed("EwsEnabled: False, beside EwsAllowedAppIDs")
            .help("Nothing to repair for calls that go to Exchange Server.");
    }
}

/// The policy goes by a list that was not printed, or not whole.
fn unprinted(config: &Object, name: &str) -> String {
    format!(
        "Get-OrganizationConfig does not show the whole of {name} ({}), which its EwsApplicationAccessPolicy goes by: set \
         $FormatEnumerationLimit = -1 and print it again with `Get-OrganizationConfig | Format-List Ews*`",
        config.place
    )
}

/// A list of blocked applications names what Teams calls itself.
fn blocked(config: &Object, out: &mut Out<'_>) {
    let shown = config.get("EwsBlockList");
    if shown.is_none_or(Value::is_cut) {
        out.missing(unprinted(config, "EwsBlockList"));
    }
    let list = shown.map(Value::texts).unwrap_or_default();
    let ours = |entry: &&str| *entry == "*" || AGENTS.iter().any(|agent| agent.eq_ignore_ascii_case(entry));
    let blocked: Vec<&str> = list.into_iter().filter(ours).collect();
    if blocked.is_empty() {
        return;
    }
    let entries: Vec<String> = blocked.iter().map(|agent| quoted(agent)).collect();
    out.say("the list of blocked EWS applications shuts Teams out")
        .location(&config.place)
        .claim("EwsBlockList")
        .observed(blocked.join(", "))
        .expected("a list without the names of Teams")
        .help(format!("Set-OrganizationConfig -EwsBlockList @{{Remove={}}}", entries.join(",")));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Val;
    use crate::checks::testing_state::{Scene, list};

    #[test]
    fn leaves_it_open_without_the_list_that_the_policy_goes_by() {
        let policy = |name: &str| {
            Scene::healthy().set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", name)
        };
        // The list of allowed applications is there, and empty; that of blocked ones was not printed.
        assert!(policy("EnforceAllowList").fires(&RULE));
        let block = policy("EnforceBlockList");
        assert!(!block.fires(&RULE) && block.misses(&RULE));
        let number = policy("1");
        assert!(!number.fires(&RULE) && number.misses(&RULE));
    }

    #[test]
    fn fires_on_a_block_list_with_an_agent() {
        let policy = |blocked: &[&str]| {
            Scene::healthy()
                .set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", "EnforceBlockList")
                .set("Get-OrganizationConfig", "", "EwsBlockList", list(blocked))
                .fires(&RULE)
        };
        assert!(policy(&["Outlook/*", "*teams/*"]));
        assert!(!policy(&["Outlook/*"]));
    }

    #[test]
    fn fires_on_a_list_without_the_agents() {
        assert!(
            Scene::healthy()
                .set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", "EnforceAllowList")
                .set("Get-OrganizationConfig", "", "EwsAllowList", list(&["Outlook/*"]))
                .fires(&RULE)
        );
    }

    #[test]
    fn what_exchange_online_prints_tells_nothing_of_the_server() {
        let said = |more: &str, enabled: &str| {
            let text = format!(
                "PS C:\\>Get-OrganizationConfig | Format-List\n\nName : contoso\nEwsEnabled : {enabled}\nEwsApplicationAccessPolicy : \
                 EnforceAllowList\nEwsAllowedAppIDs :\nEwsAllowList : {{a}}\n{more}"
            );
            let files = [crate::state::read(text.as_bytes(), "a").unwrap()];
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let case = StateCase::new(&files, crate::base::Instant::from_seconds(0));
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.into_iter().map(|hit| hit.severity).collect::<Vec<_>>(), missing.len())
        };
        assert_eq!(said("", "True"), (vec![], 1));
        assert_eq!(said("", "False"), (vec![Severity::Info], 1));
        let server = "\nPS C:\\>Get-OrganizationConfig | Format-List\n\nName : contoso\nEwsEnabled :\nEwsApplicationAccessPolicy :\n";
        assert_eq!(said(server, "False"), (vec![Severity::Info], 0));
        assert_eq!(
            said(&server.replace("EwsEnabled :", "EwsEnabled : False"), "True"),
            (vec![Severity::Error], 0)
        );
    }

    #[test]
    fn fires_when_ews_is_off() {
        assert!(Scene::healthy().set("Get-OrganizationConfig", "", "EwsEnabled", false).fires(&RULE));
    }

    #[test]
    fn fires_on_a_mailbox_without_ews_as_a_warning() {
        let mailbox = |enabled: bool| {
            Scene::healthy().add(
                "Get-CASMailbox",
                vec![
                    ("Name".into(), "a".into()),
                    ("EwsEnabled".into(), enabled.into()),
                    ("OWAEnabled".into(), true.into()),
                    ("EwsApplicationAccessPolicy".into(), "".into()),
                ],
            )
        };
        let hits = mailbox(false).hits(&RULE);
        assert!(
            hits.len() == 1
                && hits[0].severity == Severity::Warning
                && hits[0].help.contains("Set-CASMailbox")
        );
        assert!(!mailbox(true).fires(&RULE));
    }

    #[test]
    fn stays_silent_without_a_policy() {
        assert!(!Scene::healthy().fires(&RULE));
    }

    #[test]
    fn stays_silent_on_a_list_with_all() {
        assert!(
            !Scene::healthy()
                .set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", "EnforceAllowList")
                .set("Get-OrganizationConfig", "", "EwsAllowList", list(&AGENTS))
                .fires(&RULE)
        );
    }

    #[test]
    fn a_star_names_all_and_a_list_that_was_cut_leaves_it_open() {
        let policy = |name: &str, list_name: &str, list: Val| {
            let scene =
                Scene::healthy().set("Get-OrganizationConfig", "", "EwsApplicationAccessPolicy", name);
            scene.set("Get-OrganizationConfig", "", list_name, list)
        };
        assert!(!policy("EnforceAllowList", "EwsAllowList", list(&["*"])).fires(&RULE));
        assert!(policy("EnforceBlockList", "EwsBlockList", list(&["*"])).fires(&RULE));
        let whole = policy("EnforceBlockList", "EwsBlockList", list(&["Outlook/*"]));
        assert!(!whole.fires(&RULE) && !whole.misses(&RULE));
        let observed =
            |list: Val| policy("EnforceAllowList", "EwsAllowList", list).hits(&RULE)[0].observed.to_string();
        assert!(observed(list(&[])).contains("(empty)"));
        assert_eq!(observed(list(&["Outlook/*"])), "Outlook/*");
    }

    #[test]
    fn lists_that_the_console_cut_leave_it_open() {
        let said = |policy: &str, name: &str| {
            let text = format!(
                "[PS] C:\\>Get-OrganizationConfig | Format-List\n\nName : contoso\nEwsEnabled :\nEwsApplicationAccessPolicy : {policy}\n{name} : {{Outlook/*, Mac/*, a/*, b/*...}}\n"
            );
            let files = [crate::state::read(text.as_bytes(), "a").unwrap()];
            let (mut hits, mut missing) = (Vec::new(), Vec::new());
            let case = StateCase::new(&files, crate::base::Instant::from_seconds(0));
            examine(&case, &mut Out::new(&RULE, &mut hits, &mut missing));
            (hits.len(), missing.len())
        };
        assert_eq!(said("EnforceAllowList", "EwsAllowList"), (0, 1));
        assert_eq!(said("EnforceBlockList", "EwsBlockList"), (0, 1));
    }
}
