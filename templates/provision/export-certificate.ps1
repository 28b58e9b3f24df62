{{ head }}
$folder = "$env:SYSTEMDRIVE\OAuthConfig"
$CertFile = "$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"

$thumbprint = (Get-AuthConfig).CurrentCertificateThumbprint
# An empty thumbprint compared as a pattern would select every certificate of the machine.
if ([string]::IsNullOrWhiteSpace($thumbprint)) {
    throw 'AuthConfig names no current certificate: create one with New-ExchangeCertificate and publish it with Set-AuthConfig'
}
$oAuthCert = @(Get-ChildItem -Path Cert:\LocalMachine\My | Where-Object { $_.Thumbprint -eq $thumbprint })
if ($oAuthCert.Count -ne 1) {
    throw "certificate $thumbprint is not in LocalMachine\My of this server ($($oAuthCert.Count) found): run this on a server that has it"
}
Write-Found "auth certificate $thumbprint, valid to $($oAuthCert[0].NotAfter.ToUniversalTime().ToString('u'))"
if ($oAuthCert[0].NotAfter -lt (Get-Date)) { throw "certificate $thumbprint has expired: renew it before it is uploaded" }

if ((Test-Path -Path $folder) -eq $false -and $PSCmdlet.ShouldProcess($folder, 'create folder')) {
    New-Item -ItemType Directory -Path $folder | Out-Null
}
# Content type Cert is the public part only.
$certType = [System.Security.Cryptography.X509Certificates.X509ContentType]::Cert
if ($PSCmdlet.ShouldProcess($CertFile, 'export the public certificate')) {
    $certBytes = $oAuthCert[0].Export($certType)
    [System.IO.File]::WriteAllBytes($CertFile, $certBytes)
    Write-Done "wrote $CertFile"
    Set-Location -Path $folder
}
