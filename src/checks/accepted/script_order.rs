//! Takes the commands of scripts, gives findings of `script-order`: steps stand in the wrong order.

use crate::checks::CheckId;
use crate::checks::finding::Severity;
use crate::checks::organisation::script::CommandCase;
use crate::checks::rule::{Out, Rule, Scope};

/// See the text.
pub(crate) static RULE: Rule = Rule {
    id: "script-order",
    check: CheckId::Accepted,
    severity: Severity::Error,
    since: "0.1.0",
    candidates: &["M22"],
    title: "steps stand in the wrong order",
    looks_at: "The mail user before the partner application that is linked to it; the export before the \
               upload.",
    matters: "$user is empty when the partner application is made, or an older certificate is uploaded.",
    bad: "New-PartnerApplication above New-MailUser",
    good: "step 2, 3, 4, 5",
    repair: "Put the steps in the order of the page.",
    sources: &[
        "Microsoft: Configure Integration and OAuth between Skype for Business Online and Exchange Server",
    ],
    scope: Scope::Command(examine),
};

fn examine(case: &CommandCase<'_>, out: &mut Out<'_>) {
    let all: Vec<_> = case.commands().collect();
    let first = |name: &str| all.iter().position(|(_, command)| command.is(name));
    let partner = all
        .iter()
        .position(|(_, command)| command.is("New-PartnerApplication") && command.has("LinkedAccount"));
    if let (Some(user), Some(partner)) = (first("New-MailUser"), partner)
        && partner < user
        && let Some((file, command)) = all.get(partner)
    {
        out.say("the partner application is made before its account")
            .location(file.place(command.line))
            .observed("New-PartnerApplication before New-MailUser")
            .expected("New-MailUser first (step 2), New-PartnerApplication after it (step 3)");
    }
    let export =
        (0..).zip(&case.scripts).find_map(|(number, file)| Some((number, file.line_with(".Export(")?.0)));
    let upload = (0..).zip(&case.scripts).find_map(|(number, file)| Some((number, file.upload()?.line)));
    if let (Some(export), Some(upload)) = (export, upload)
        && upload < export
        && let Some(file) = case.scripts.get(upload.0)
    {
        out.say("the certificate is uploaded before it is exported")
            .location(file.place(upload.1))
            .observed("the upload stands before the export")
            .expected("the export first (step 4), the upload after it (step 5)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing_state::Scene;

    #[test]
    fn fires_on_the_partner_first() {
        assert!(Scene::script("New-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity\n$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\n").fires(&RULE));
    }

    #[test]
    fn fires_on_the_upload_first() {
        assert!(Scene::script("$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n$b = $cert.Export($certType)\n").fires(&RULE));
    }

    #[test]
    fn stays_silent_in_order() {
        assert!(!Scene::script("$user = New-MailUser -Name SfBOnline-ApplicationAccount -ExternalEmailAddress a@fabrikam.example -DomainController dc1.fabrikam.example\nNew-PartnerApplication -Name SfBOnline -ApplicationIdentifier 00000004-0000-0ff1-ce00-000000000000 -Enabled $True -LinkedAccount $user.Identity\n$b = $cert.Export($certType)\n$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue\n").fires(&RULE));
    }
}
