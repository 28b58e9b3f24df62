{{ head }}
Assert-Value 'TenantId' {{ v.tenant }}
Import-Module Microsoft.Graph.Applications
Connect-MgGraph -Environment {{ v.environment }} -TenantId {{ v.tenant }} -Scopes 'Application.ReadWrite.All' -NoWelcome
$ServiceName = {{ v.exchange }}
$wanted = @({% for url in v.host_urls %}{{ url }}{% if !loop.last %}, {% endif %}{% endfor %})
foreach ($url in $wanted) { Assert-Value 'host name' $url }
$p = Get-MgServicePrincipal -Filter "AppId eq '$ServiceName'" -Property 'id,servicePrincipalNames'
if ($null -eq $p) { throw "the tenant has no service principal $ServiceName" }
$missing = @($wanted | Where-Object { $p.ServicePrincipalNames -notcontains $_ })
Write-Found "$($wanted.Count - $missing.Count) of $($wanted.Count) host names registered"
if ($missing.Count -gt 0 -and $PSCmdlet.ShouldProcess($ServiceName, "add $($missing -join ', ')")) {
    Update-MgServicePrincipal -ServicePrincipalId $p.Id -ServicePrincipalNames @($p.ServicePrincipalNames + $missing)
    Write-Done "registered $($missing -join ', ')"
}
