//! What is read of scripts.

use super::*;

#[test]
fn steps_are_told_from_looks_and_from_other_cmdlets() {
    let told = |name: &str| {
        let command = Command { name: name.into(), arguments: Vec::new(), line: 1 };
        (command.is_of_procedure(), command.is_step())
    };
    for step in
        ["Set-AuthConfig", "new-partnerapplication", "Update-MgServicePrincipal", "Set\u{2013}AuthServer"]
    {
        assert_eq!(told(step), (true, true), "{step}");
    }
    for look in ["Get-AuthConfig", "Connect-MgGraph", "Test-OAuthConnectivity"] {
        assert_eq!(told(look), (true, false), "{look}");
    }
    for other in ["Set-Something", "Write-Host", "Frob-AuthConfig", "Get-", "AuthConfig"] {
        assert_eq!(told(other), (false, false), "{other}");
    }
}
use proptest::prelude::*;

#[test]
fn commands_of_the_page_are_seen_with_their_values() {
    let script = read(
        "Connect-MsolService\nImport-Module MSOnline # retired\n$ServiceName = \"00000004-0000-0ff1-ce00-000000000000\"\n$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName\nNew-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric `\n  -Usage Verify -Value $credValue\n",
    );
    let names: Vec<_> = script.commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "Connect-MsolService",
            "Import-Module",
            "Get-MsolServicePrincipal",
            "New-MsolServicePrincipalCredential"
        ]
    );
    assert_eq!(
        script.commands[2].value("ServicePrincipalName"),
        Some("00000004-0000-0ff1-ce00-000000000000")
    );
    assert_eq!(script.commands[3].value("usage"), Some("Verify"));
    assert_eq!(script.commands[3].line, 5);
}

#[test]
fn pipelines_blocks_and_sub_expressions_are_followed() {
    let script = read(
        "$oAuthCert = (dir Cert:\\LocalMachine\\My) | where {$_.Thumbprint -match $thumbprint}\nSet-MailUser -Identity (Get-MailUser x).Identity -HiddenFromAddressListsEnabled $True\n",
    );
    assert_eq!(script.matches, [(1, "thumbprint".to_owned())]);
    assert!(script.commands.iter().any(|command| command.is("Get-MailUser")));
    let set = script.commands.iter().find(|command| command.is("Set-MailUser")).unwrap();
    assert!(set.has("HiddenFromAddressListsEnabled"));
}

#[test]
fn typographic_characters_are_noticed_by_line() {
    let script = read("# it’s a comment\nNew–PartnerApplication –Name ‘x’\n");
    assert_eq!(script.typographic, [2]);
    assert!(script.commands[0].has("Name"));
}

#[test]
fn members_of_a_table_are_arguments_where_it_is_splatted() {
    let all = |text: &str| {
        let script = read(text);
        let mut commands = script.commands.iter();
        let last = commands.find(|command| command.is("New-PartnerApplication")).unwrap();
        (last.arguments.clone(), last.is_open())
    };
    let some = |pairs: &[(&str, &str)]| -> Vec<(String, Option<String>)> {
        pairs.iter().map(|(name, value)| ((*name).into(), Some((*value).into()))).collect()
    };
    let wanted = some(&[("Name", "a b"), ("Enabled", "$true"), ("LinkedAccount", "$user.Identity")]);
    for text in [
        "$p = @{ Name = 'a b'; Enabled = $true; LinkedAccount = $user.Identity }\nNew-PartnerApplication @p",
        "$p=@{\r\n  Name=\"a b\"  # that\r\n  'Enabled'=$true\r\n  LinkedAccount=$user.Identity\r\n}\r\nNew-PartnerApplication @p\r\n",
        "$n = 'b'\n[hashtable]$P = [ordered]@{ Name = \"a $n\"; Enabled = $true }\n$p.LinkedAccount = $user.Identity\nNew-PartnerApplication @P | Out-Null",
        "$p = @{ Name = 'a b' }\n$p['Enabled'] = $true\n$p.Add('LinkedAccount', $user.Identity)\nNew-PartnerApplication @p",
    ] {
        let (arguments, open) = all(text);
        let told: Vec<_> = arguments
            .into_iter()
            .map(|(name, value)| (name, value.map(|value| value.replace("$(…)", "$user.Identity"))))
            .collect();
        assert_eq!((told, open), (wanted.clone(), false), "{text}");
    }
    // What is more than one word is not known, and what it holds does not end the table.
    let text = "$p = @{ A = 'x' + $y; B = @{ C = 'D' }; E = (Get-MailUser z).Identity; F = 'g','h'; I = 'j' }\nNew-PartnerApplication @p";
    let unknown = "$(…)";
    assert_eq!(
        all(text),
        (some(&[("A", unknown), ("B", unknown), ("E", unknown), ("F", unknown), ("I", "j")]), false)
    );
    assert!(read(text).commands.iter().any(|command| command.is("Get-MailUser")));
    let off = all("$p = @{ Enabled = $true }\n$p.Enabled = $false\nNew-PartnerApplication @p");
    assert_eq!(off, (some(&[("Enabled", "$false")]), false));
    let (arguments, open) = all("New-PartnerApplication SfB @rest -Enabled $true");
    assert!(open && arguments.contains(&("Enabled".into(), Some("$true".into()))), "{arguments:?}");
    assert!(!all("New-PartnerApplication -Name a@b.example @($x)").1);
}

#[test]
fn strings_end_where_powershell_ends_them() {
    for text in [
        "$a = @'\nit's \"New-MailUser\" @' \n'@\nSet-AuthConfig -Realm ''\n",
        "$a = @\"\r\nsay \"it's\" $b\r\n\"@\r\nSet-AuthConfig -Realm ''\n",
        "$a = \"a `\" New-MailUser `\" b\"\nSet-AuthConfig -Realm ''\n",
    ] {
        let script = read(text);
        let names: Vec<_> = script.commands.iter().map(|command| command.name.as_str()).collect();
        assert_eq!(names, ["Set-AuthConfig"], "{text}");
        assert_eq!(script.commands[0].line, text.trim_end().lines().count(), "{text}");
    }
    // No here-string without a line of its own, and none without an end.
    assert_eq!(read("@'x'\nSet-AuthConfig -Realm ''\n").commands.len(), 1);
    let many = "@\"\n".repeat(200_000);
    assert!(read(&many).commands.is_empty());
}

#[test]
fn known_variables_in_double_quotes_are_replaced() {
    let script = read(
        "$d = '*.contoso.com'\nNew-MailUser -ExternalEmailAddress \"a@$d\" -Name \"${d}x$e\" -Alias 'a$d' -Note \"1$\"",
    );
    let value = |name| script.commands[0].value(name);
    assert_eq!(value("ExternalEmailAddress"), Some("a@*.contoso.com"));
    assert_eq!(value("Name"), Some("*.contoso.comx$e"));
    assert_eq!((value("Alias"), value("Note")), (Some("a$d"), Some("1$")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), more in "[-$(){}'\"`|;=\nA-z@ ]{0,200}") {
        let _ = read(&text);
        let _ = read(&more);
    }
}
