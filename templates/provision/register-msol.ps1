{{ head }}
Import-Module MSOnline
Connect-MsolService
$ServiceName = {{ v.exchange }}
$wanted = @({% for url in v.host_urls %}{{ url }}{% if !loop.last %}, {% endif %}{% endfor %})
foreach ($url in $wanted) { Assert-Value 'host name' $url }
$x = Get-MsolServicePrincipal -AppPrincipalId $ServiceName
$missing = @($wanted | Where-Object { $x.ServicePrincipalNames -notcontains $_ })
Write-Found "$($wanted.Count - $missing.Count) of $($wanted.Count) host names registered"
if ($missing.Count -gt 0 -and $PSCmdlet.ShouldProcess($ServiceName, "add $($missing -join ', ')")) {
    foreach ($name in $missing) { $x.ServicePrincipalNames.Add($name) }
    Set-MSOLServicePrincipal -AppPrincipalId $ServiceName -ServicePrincipalNames $x.ServicePrincipalNames
    Write-Done "registered $($missing -join ', ')"
}
