{{ head }}
$domains = @({{ v.coexistence_domain }})
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
