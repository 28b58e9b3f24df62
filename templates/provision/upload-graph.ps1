{{ head }}
Assert-Value 'TenantId' {{ v.tenant }}
Import-Module Microsoft.Graph.Applications
Connect-MgGraph -Environment {{ v.environment }} -TenantId {{ v.tenant }} -Scopes 'Application.ReadWrite.All' -NoWelcome
$CertFile = "$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"
$cer = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList $CertFile
$credValue = [System.Convert]::ToBase64String($cer.GetRawCertData())
# Graph PowerShell takes the ASCII bytes of the base64 text.
$keyBytes = [System.Text.Encoding]::ASCII.GetBytes($credValue)
$ServiceNames = @({% for name in v.service_names %}{{ name }}{% if !loop.last %}, {% endif %}{% endfor %})

foreach ($ServiceName in $ServiceNames) {
    $found = Get-MgServicePrincipal -Filter "AppId eq '$ServiceName'"
    if ($null -eq $found) {
        Write-Host "missing: service principal $ServiceName"
        if (-not $PSCmdlet.ShouldProcess($ServiceName, 'New-MgServicePrincipal')) { continue }
        $found = New-MgServicePrincipal -AppId $ServiceName
        Write-Done "created service principal $ServiceName"
    }
    # The bytes of keys come back only where one object is asked for by its id.
    $p = Get-MgServicePrincipal -ServicePrincipalId $found.Id -Property 'id,appId,displayName,keyCredentials'
    $old = @($p.KeyCredentials | Where-Object { $null -ne $_ })
    Write-Found "service principal '$($p.DisplayName)' with $($old.Count) keys"
    $present = @($old | Where-Object { $null -ne $_.Key -and [System.Convert]::ToBase64String($_.Key) -in @($credValue, [System.Convert]::ToBase64String($keyBytes)) })
    if ($present.Count -gt 0) {
        Write-Found "this certificate is already there, key $($present[0].KeyId)"
        continue
    }
    # The collection is written whole: what is not sent again is deleted. Only these three fields of a kept key are accepted.
    $kept = @($old | Where-Object { $_.EndDateTime -gt (Get-Date) })
    $unread = @($kept | Where-Object { $null -eq $_.Key })
    if ($unread.Count -gt 0) {
        throw "key $($unread[0].KeyId) of $ServiceName came back without its bytes and would be lost: nothing was written"
    }
    $keys = @($kept | ForEach-Object { @{ key = $_.Key; type = $_.Type; usage = $_.Usage } })
    $keys += @{ key = $keyBytes; type = 'AsymmetricX509Cert'; usage = 'Verify' }
    if ($PSCmdlet.ShouldProcess($ServiceName, "Update-MgServicePrincipal with $($keys.Count) keys")) {
        Update-MgServicePrincipal -ServicePrincipalId $p.Id -KeyCredentials $keys
        Write-Done "uploaded the certificate that ends $($cer.NotAfter.ToUniversalTime().ToString('u')) to $ServiceName"
    }
}
