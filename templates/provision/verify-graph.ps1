{{ head }}
Assert-Value 'TenantId' {{ v.tenant }}
Import-Module Microsoft.Graph.Applications
Connect-MgGraph -Environment {{ v.environment }} -TenantId {{ v.tenant }} -Scopes 'Application.Read.All' -NoWelcome
$cer = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList "$env:SYSTEMDRIVE\OAuthConfig\OAuthCert.cer"
$bad = 0
foreach ($ServiceName in @({% for name in v.service_names %}{{ name }}{% if !loop.last %}, {% endif %}{% endfor %})) {
    # The tenant may lack the principal, and the principal may lack keys.
    $keys = @(Get-MgServicePrincipal -Filter "AppId eq '$ServiceName'" -Property 'keyCredentials' | ForEach-Object { $_.KeyCredentials } | Where-Object { $null -ne $_ })
    $keys | Format-List *
    $same = @($keys | Where-Object { $_.Type -eq 'AsymmetricX509Cert' -and $_.Usage -eq 'Verify' -and [math]::Abs(($_.EndDateTime.ToUniversalTime() - $cer.NotAfter.ToUniversalTime()).TotalHours) -lt 24 })
    if ($same.Count -eq 0) {
        $bad++
        Write-Warning "no key of $ServiceName ends when certificate $($cer.Thumbprint) does ($($cer.NotAfter.ToUniversalTime().ToString('u'))): run script 50"
    } else {
        Write-Done "$ServiceName has a key that ends with certificate $($cer.Thumbprint)"
    }
}
if ($bad -gt 0) { throw "$bad service principals lack the certificate" }
