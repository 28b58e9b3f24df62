//! Takes what is wrong in an organisation, gives the commands that repair it, one line each, as they are typed.

use super::{StateCase, hex, quoted};
use crate::state::cloud::Cloud;

/// The command that shows the keys of an application. The bytes of keys come back only where one object is asked
/// for by its id (Microsoft Graph: keyCredential), never from a list.
pub fn show_keys(application: &str) -> String {
    format!(
        "Get-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipal -Filter \"AppId eq '{application}'\").Id \
         -Property id,appId,accountEnabled,keyCredentials,servicePrincipalNames"
    )
}

/// The same, printed so that nothing is left out or cut: what is shown by itself is a table without the keys.
pub fn print_keys(application: &str) -> String {
    format!(
        "{} | Select-Object Id,AppId,AccountEnabled,KeyCredentials,ServicePrincipalNames | ConvertTo-Json -Depth 4",
        show_keys(application)
    )
}

/// The commands that put the current auth certificate on an application: the export on an Exchange server, and the
/// upload with Microsoft Graph PowerShell, existing keys kept.
pub fn upload(case: &StateCase<'_>, application: &str) -> String {
    upload_of(case, case.auth_thumbprint("Current"), application)
}

/// The same for the certificate with this thumbprint; without one, for the one that Exchange uses now.
pub fn upload_of(case: &StateCase<'_>, thumbprint: Option<[u8; 20]>, application: &str) -> String {
    let which = thumbprint.map_or_else(|| "$((Get-AuthConfig).CurrentCertificateThumbprint)".to_owned(), hex);
    let environment = match case.cloud() {
        Cloud::Worldwide => String::new(),
        other => format!(" -Environment {}", other.graph_environment()),
    };
    format!(
        "$null = New-Item -ItemType Directory -Force \"$env:SYSTEMDRIVE\\OAuthConfig\"; \
         [System.IO.File]::WriteAllBytes(\"$env:SYSTEMDRIVE\\OAuthConfig\\OAuthCert.cer\", (Get-Item \
         \"Cert:\\LocalMachine\\My\\{which}\").Export('Cert')) # on an Exchange server; also 40-ExportAuthCert.ps1\n\
         $p = {}; $keys = @($p.KeyCredentials | Where-Object {{ $_.EndDateTime -gt (Get-Date) }} | ForEach-Object {{ \
         @{{ key = $_.Key; type = $_.Type; usage = $_.Usage }} }}); $keys += @{{ key = \
         [System.Text.Encoding]::ASCII.GetBytes([System.Convert]::ToBase64String([System.IO.File]::ReadAllBytes(\
         \"$env:SYSTEMDRIVE\\OAuthConfig\\OAuthCert.cer\"))); type = 'AsymmetricX509Cert'; usage = 'Verify' }}; \
         Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $keys # after Connect-MgGraph{environment} -Scopes \
         Application.ReadWrite.All; also 50-UploadAuthCert.ps1 of oauthtrace provision script",
        show_keys(application)
    )
}

/// The commands that make a new auth certificate take the place of the current one.
pub fn renew() -> String {
    "$new = New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName 'cn=Microsoft Exchange Server \
     Auth Certificate' -FriendlyName 'Microsoft Exchange Server Auth Certificate' -DomainName @() # decline to replace \
     the SMTP certificate\n\
     Set-AuthConfig -NewCertificateThumbprint $new.Thumbprint -NewCertificateEffectiveDate (Get-Date) # also \
     80-RolloverPrepare.ps1\n\
     # upload it to the service principals (50-UploadAuthCert.ps1 of oauthtrace provision script), then\n\
     Set-AuthConfig -PublishCertificate; Set-AuthConfig -ClearPreviousCertificate # also 81-RolloverPublish.ps1"
        .to_owned()
}

/// The command that carries a certificate with its private key from one server to another.
pub fn carry(thumbprint: [u8; 20], from: &str, to: &str) -> String {
    format!(
        "$pfx = Export-ExchangeCertificate -Server {} -Thumbprint {} -BinaryEncoded -Password (Read-Host -AsSecureString); \
         Import-ExchangeCertificate -Server {} -FileData $pfx.FileData -Password (Read-Host -AsSecureString) \
         -PrivateKeyExportable $true",
        quoted(from),
        hex(thumbprint),
        quoted(to)
    )
}
