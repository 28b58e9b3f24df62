{{ head }}
$domains = @({{ v.verified_domain }})
$endpoint = {{ v.on_premises_autodiscover }}
Assert-Value 'domain' $domains[0]
Assert-Value 'DiscoveryEndpoint' $endpoint
$known = @(Get-IntraOrganizationConnector | Where-Object { $_.Name -eq 'ExchangeHybridOnlineToOnPremises' -or $_.TargetAddressDomains -contains $domains[0] })
if ($known.Count -gt 0) {
    Write-Found "intra-organisation connector '$($known[0].Name)', enabled: $($known[0].Enabled)"
    if (-not $known[0].Enabled -and $PSCmdlet.ShouldProcess($known[0].Name, 'Set-IntraOrganizationConnector -Enabled $true')) {
        Set-IntraOrganizationConnector -Identity $known[0].Identity -Enabled $true
        Write-Done "enabled '$($known[0].Name)'"
    }
} elseif ($PSCmdlet.ShouldProcess('ExchangeHybridOnlineToOnPremises', 'New-IntraOrganizationConnector')) {
    New-IntraOrganizationConnector -Name 'ExchangeHybridOnlineToOnPremises' -DiscoveryEndpoint $endpoint -TargetAddressDomains $domains | Out-Null
    Write-Done 'created connector ExchangeHybridOnlineToOnPremises'
}
