{{ head }}
# MSOnline was retired in 2025: this is the procedure as the page gave it in 2022. The profile
# sfbo-2022-graph does the same with Microsoft Graph PowerShell.
Connect-MsolService
Import-Module MSOnline
$CertFile = "$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"
$objFSO = New-Object -ComObject Scripting.FileSystemObject
$CertFile = $objFSO.GetAbsolutePathName($CertFile)
$cer = New-Object System.Security.Cryptography.X509Certificates.X509Certificate
$cer.Import($CertFile)
$binCert = $cer.GetRawCertData()
$credValue = [System.Convert]::ToBase64String($binCert)
$ServiceName = {{ v.service_name }}
$p = Get-MsolServicePrincipal -ServicePrincipalName $ServiceName
if ($null -eq $p) { throw "the tenant has no service principal $ServiceName" }
Write-Found "service principal '$($p.DisplayName)'"

$ends = [datetime]::Parse($cer.GetExpirationDateString()).ToUniversalTime()
$known = @(Get-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -ReturnKeyValues $true |
    Where-Object { $_.Type -eq 'Asymmetric' -and $_.Value -eq $credValue })
if ($known.Count -gt 0) {
    Write-Found "this certificate is already there, key $($known[0].KeyId)"
} elseif ($PSCmdlet.ShouldProcess($ServiceName, 'New-MsolServicePrincipalCredential')) {
    New-MsolServicePrincipalCredential -AppPrincipalId $p.AppPrincipalId -Type asymmetric -Usage Verify -Value $credValue | Out-Null
    Write-Done "uploaded the certificate that ends $($ends.ToString('u'))"
}
