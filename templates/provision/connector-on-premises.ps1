{{ head }}
# The coexistence domain of the tenant: the one that this organisation accepts mail for, else as it usually is.
$domains = @(Get-AcceptedDomain | ForEach-Object { "$($_.DomainName)" } | Where-Object { $_ -like {{ v.coexistence_pattern }} })
if ($domains.Count -eq 0) {
    $domains = @({{ v.coexistence_domain }})
    Write-Host "missing: an accepted domain {{ v.coexistence_pattern.text() }}; assuming $($domains[0])"
}
Assert-Value 'coexistence domain' $domains[0]
Write-Found "coexistence domain $($domains -join ', ')"
$endpoint = {{ v.online_autodiscover }}
$known = @(Get-IntraOrganizationConnector | Where-Object { $_.DiscoveryEndpoint -like "*$(([uri]$endpoint).Host)*" -or $_.Name -eq 'ExchangeHybridOnPremisesToOnline' })
if ($known.Count -gt 0) {
    Write-Found "intra-organisation connector '$($known[0].Name)', enabled: $($known[0].Enabled)"
    if (-not $known[0].Enabled -and $PSCmdlet.ShouldProcess($known[0].Name, 'Set-IntraOrganizationConnector -Enabled $true')) {
        Set-IntraOrganizationConnector -Identity $known[0].Identity -Enabled $true
        Write-Done "enabled '$($known[0].Name)'"
    }
} elseif ($PSCmdlet.ShouldProcess('ExchangeHybridOnPremisesToOnline', 'New-IntraOrganizationConnector')) {
    New-IntraOrganizationConnector -Name 'ExchangeHybridOnPremisesToOnline' -DiscoveryEndpoint $endpoint -TargetAddressDomains $domains | Out-Null
    Write-Done 'created connector ExchangeHybridOnPremisesToOnline'
}
