{{ head }}
# Certificate rollover, first half: the next certificate exists and is exported, nothing is published yet.
$config = Get-AuthConfig
if (-not [string]::IsNullOrWhiteSpace($config.NextCertificateThumbprint)) {
    Write-Found "next certificate $($config.NextCertificateThumbprint), effective $($config.NextCertificateEffectiveDate)"
    $thumbprint = $config.NextCertificateThumbprint
} elseif ($PSCmdlet.ShouldProcess('next auth certificate', 'New-ExchangeCertificate and Set-AuthConfig')) {
    $subject = 'cn=Microsoft Exchange Server Auth Certificate'
    # Without -Force, and decline the question whether the default SMTP certificate shall be replaced.
    $new = New-ExchangeCertificate -KeySize 2048 -PrivateKeyExportable $true -SubjectName $subject -FriendlyName 'Microsoft Exchange Server Auth Certificate' -DomainName @()
    Set-AuthConfig -NewCertificateThumbprint $new.Thumbprint -NewCertificateEffectiveDate (Get-Date).AddDays(30)
    Write-Done "next certificate is $($new.Thumbprint), effective in 30 days"
    $thumbprint = $new.Thumbprint
} else {
    return
}
$certificate = @(Get-ChildItem -Path Cert:\LocalMachine\My | Where-Object { $_.Thumbprint -eq $thumbprint })
if ($certificate.Count -ne 1) { throw "certificate $thumbprint is not in LocalMachine\My of this server" }
$folder = "$env:SYSTEMDRIVE\OAuthConfig"
if ((Test-Path -Path $folder) -eq $false) { New-Item -ItemType Directory -Path $folder | Out-Null }
if ($PSCmdlet.ShouldProcess("$folder\OAuthCert.cer", 'export the next public certificate')) {
    [System.IO.File]::WriteAllBytes("$folder\OAuthCert.cer", $certificate[0].Export([System.Security.Cryptography.X509Certificates.X509ContentType]::Cert))
    Write-Done "wrote $folder\OAuthCert.cer: upload it now (script 50, and script 14 for the Exchange principal), verify (script 60), then publish (script 81)"
}
