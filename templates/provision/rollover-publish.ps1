{{ head }}
# Certificate rollover, second half: run it only after the next certificate was uploaded and verified.
$config = Get-AuthConfig
if ([string]::IsNullOrWhiteSpace($config.NextCertificateThumbprint)) { throw 'AuthConfig names no next certificate: run the first half' }
Write-Found "current $($config.CurrentCertificateThumbprint), next $($config.NextCertificateThumbprint)"
if ($PSCmdlet.ShouldProcess($config.NextCertificateThumbprint, 'Set-AuthConfig -PublishCertificate')) {
    Set-AuthConfig -PublishCertificate
    Write-Done "published $($config.NextCertificateThumbprint)"
    Write-Host 'Publication can take an hour. Afterwards: Restart-Service MSExchangeServiceHost; recycle MSExchangeOWAAppPool and MSExchangeECPAppPool.'
    Write-Host 'When everything works: Set-AuthConfig -ClearPreviousCertificate'
}
