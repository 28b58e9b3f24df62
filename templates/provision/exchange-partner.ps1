{{ head }}
$ApplicationIdentifier = {{ v.exchange }}

$partner = @(Get-PartnerApplication | Where-Object { $_.ApplicationIdentifier -eq $ApplicationIdentifier -and "$($_.Realm)" -eq '' })
if ($partner.Count -eq 0) {
    throw "no partner application $ApplicationIdentifier with an empty realm: Exchange creates it at set-up; run setup /PrepareAD"
}
foreach ($one in $partner) {
    Write-Found "partner application '$($one.Name)', enabled: $($one.Enabled)"
    if (-not $one.Enabled -and $PSCmdlet.ShouldProcess($one.Name, 'Set-PartnerApplication -Enabled $true')) {
        Set-PartnerApplication -Identity $one.Identity -Enabled $true
        Write-Done "enabled '$($one.Name)'"
    }
}
