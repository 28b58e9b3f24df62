{{ head }}
Import-Module MSOnline
Connect-MsolService
$cer = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList "$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"
$credValue = [System.Convert]::ToBase64String($cer.GetRawCertData())
$keys = @(Get-MsolServicePrincipalCredential -AppPrincipalId {{ v.service_name.text() }} -ReturnKeyValues $true)
foreach ($key in $keys) { Write-Found "key $($key.KeyId), $($key.StartDate.ToString('u')) to $($key.EndDate.ToString('u')), $($key.Usage)" }
$same = @($keys | Where-Object { $_.Value -eq $credValue })
if ($same.Count -eq 0) { throw "none of the $($keys.Count) keys is certificate $($cer.Thumbprint): run script 50" }
if ([math]::Abs(($same[0].EndDate.ToUniversalTime() - $cer.NotAfter.ToUniversalTime()).TotalHours) -gt 24) { throw 'the end of the uploaded key is not the end of the certificate' }
Write-Done "certificate $($cer.Thumbprint) is on the principal, valid to $($cer.NotAfter.ToUniversalTime().ToString('u'))"
