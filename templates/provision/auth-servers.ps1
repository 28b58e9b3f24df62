{{ head }}
$AcsMetadata = {{ v.acs_metadata }}
$EvoMetadata = {{ v.evo_metadata }}
$AcsIssuer = {{ v.acs_issuer }}
Assert-Value 'AcsMetadata' $AcsMetadata
Assert-Value 'EvoMetadata' $EvoMetadata

# The wizard names these objects differently, so they are found by what they are.
$acs = @(Get-AuthServer | Where-Object { $_.IssuerIdentifier -eq $AcsIssuer })
if ($acs.Count -gt 0) {
    Write-Found "ACS auth server '$($acs[0].Name)', enabled: $($acs[0].Enabled)"
    if (-not $acs[0].Enabled -and $PSCmdlet.ShouldProcess($acs[0].Name, 'Set-AuthServer -Enabled $true')) {
        Set-AuthServer -Identity $acs[0].Identity -Enabled $true
        Write-Done "enabled '$($acs[0].Name)'"
    }
} elseif ($PSCmdlet.ShouldProcess('WindowsAzureACS', 'New-AuthServer')) {
    New-AuthServer -Name 'WindowsAzureACS' -AuthMetadataUrl $AcsMetadata | Out-Null
    Write-Done 'created auth server WindowsAzureACS'
}

$evo = @(Get-AuthServer | Where-Object { $_.Type -eq 'AzureAD' })
if ($evo.Count -gt 0) {
    Write-Found "Entra auth server '$($evo[0].Name)', enabled: $($evo[0].Enabled)"
    if (-not $evo[0].Enabled -and $PSCmdlet.ShouldProcess($evo[0].Name, 'Set-AuthServer -Enabled $true')) {
        Set-AuthServer -Identity $evo[0].Identity -Enabled $true
        Write-Done "enabled '$($evo[0].Name)'"
    }
} elseif ($PSCmdlet.ShouldProcess('evoSTS', 'New-AuthServer')) {
    New-AuthServer -Name 'evoSTS' -Type AzureAD -AuthMetadataUrl $EvoMetadata | Out-Null
    Write-Done 'created auth server evoSTS'
}
