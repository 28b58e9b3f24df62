#Requires -Version 3.0
<#
Gathers the state that OAuth between Exchange Server and Skype for Business Online / Teams depends on, into one file
for `oauthtrace provision check`. It only reads. No private key, password or token is read or written.
Run it in the Exchange Management Shell. With the modules ExchangeOnlineManagement or Microsoft.Graph.Applications
connected in the same session, it gathers their side too; what is not connected is said and left out.
#>
[CmdletBinding()]
param([string]$Path = 'oauth-state.xml', [string]$Mailbox, [string]$TargetUri = 'https://outlook.office365.com/ews/exchange.asmx')
$ErrorActionPreference = 'Stop'
$state = [ordered]@{}

function Read-State([string]$Name, [scriptblock]$Read) {
    if ($null -eq (Get-Command -Name $Name -ErrorAction SilentlyContinue)) {
        Write-Host "left out: $Name is not available in this session"
        return
    }
    try {
        $state[$Name] = @(& $Read)
        Write-Host "read:     $Name ($(@($state[$Name]).Count))"
    } catch {
        Write-Host "failed:   $Name ($($_.Exception.Message))"
    }
}

$apps = @('00000002-0000-0ff1-ce00-000000000000', '00000004-0000-0ff1-ce00-000000000000', '7557eb47-c689-4224-abcf-aef9bd7573df', 'db7de2b5-2149-435e-8043-e080dd50afae')

Read-State 'Get-AuthConfig' { Get-AuthConfig }
Read-State 'Get-AuthServer' { Get-AuthServer }
Read-State 'Get-PartnerApplication' { Get-PartnerApplication }
Read-State 'Get-MailUser' {
    # Accounts of other names, too, where an application acts as one. An account that is no mail user is left out.
    $linked = @(Get-PartnerApplication | Where-Object { $_.LinkedAccount -and $apps -contains $_.ApplicationIdentifier } | ForEach-Object { "$($_.LinkedAccount)" })
    $named = @(Get-MailUser -ResultSize Unlimited -Filter "Name -like '*ApplicationAccount*' -or Name -like 'TeamsScheduler*'")
    $others = @(foreach ($account in @($linked | Where-Object { @($named | ForEach-Object { "$($_.Identity)" }) -notcontains $_ })) {
        try { Get-MailUser -Identity $account } catch { Write-Verbose "$account is no mail user" }
    })
    $named + $others | Select-Object Name, Identity, ExternalEmailAddress, PrimarySmtpAddress, HiddenFromAddressListsEnabled, RecipientTypeDetails
}
Read-State 'Get-AcceptedDomain' { Get-AcceptedDomain }
Read-State 'Get-OrganizationConfig' { Get-OrganizationConfig | Select-Object Name, EwsEnabled, EwsApplicationAccessPolicy, EwsAllowList, EwsBlockList, OAuth2ClientProfileEnabled }
Read-State 'Get-ManagementRoleAssignment' {
    foreach ($linked in @(Get-PartnerApplication | Where-Object { $_.LinkedAccount -and $apps -contains $_.ApplicationIdentifier } | ForEach-Object { $_.LinkedAccount } | Select-Object -Unique)) {
        Get-ManagementRoleAssignment -RoleAssignee $linked | Select-Object Name, Role, RoleAssignee, RoleAssigneeName, Enabled
    }
}
Read-State 'Get-ExchangeCertificate' {
    foreach ($server in @(Get-ExchangeServer)) {
        Get-ExchangeCertificate -Server $server.Name | Select-Object Thumbprint, Subject, Issuer, NotBefore, NotAfter, HasPrivateKey, PublicKeySize, Status, Services, RawData, @{ Name = 'Server'; Expression = { $server.Name } }
    }
}
Read-State 'Get-IntraOrganizationConnector' { Get-IntraOrganizationConnector }
Read-State 'Get-WebServicesVirtualDirectory' { Get-WebServicesVirtualDirectory -ADPropertiesOnly | Select-Object Server, Name, Identity, InternalUrl, ExternalUrl, OAuthAuthentication, WSSecurityAuthentication, BasicAuthentication, InternalAuthenticationMethods, ExternalAuthenticationMethods }
Read-State 'Get-AutodiscoverVirtualDirectory' { Get-AutodiscoverVirtualDirectory -ADPropertiesOnly | Select-Object Server, Name, Identity, InternalUrl, ExternalUrl, OAuthAuthentication, WSSecurityAuthentication, BasicAuthentication, InternalAuthenticationMethods, ExternalAuthenticationMethods }
Read-State 'Get-SettingOverride' { Get-SettingOverride }
Read-State 'Get-MgServicePrincipal' { 
    foreach ($app in $apps) {
        # The bytes of keys come back only where one object is asked for by its id.
        foreach ($found in @(Get-MgServicePrincipal -Filter "AppId eq '$app'")) {
            Get-MgServicePrincipal -ServicePrincipalId $found.Id -Property 'id,appId,displayName,accountEnabled,keyCredentials,servicePrincipalNames' | Select-Object Id, AppId, DisplayName, AccountEnabled, KeyCredentials, ServicePrincipalNames
        }
    }
}
Read-State 'Get-MgApplication' {
    # A dedicated hybrid application holds its keys itself, not its service principal.
    foreach ($own in @($state['Get-AuthServer'] | Where-Object { $_.ApplicationIdentifier } | ForEach-Object { "$($_.ApplicationIdentifier)" } | Select-Object -Unique)) {
        foreach ($found in @(Get-MgApplication -Filter "AppId eq '$own'")) {
            Get-MgApplication -ApplicationId $found.Id -Property 'id,appId,displayName,keyCredentials' | Select-Object Id, AppId, DisplayName, KeyCredentials
        }
    }
}
Read-State 'Get-MsolServicePrincipalCredential' { foreach ($app in $apps) { Get-MsolServicePrincipalCredential -AppPrincipalId $app -ReturnKeyValues $true | Select-Object Type, Value, KeyId, StartDate, EndDate, Usage, @{ Name = 'AppPrincipalId'; Expression = { $app } } } }
if ($Mailbox) {
    Read-State 'Test-OAuthConnectivity' { Test-OAuthConnectivity -Service EWS -TargetUri $TargetUri -Mailbox $Mailbox -Verbose }
}

$state | Export-Clixml -Path $Path -Depth 4 -Encoding UTF8
Write-Host "wrote $((Resolve-Path -Path $Path).Path)"
