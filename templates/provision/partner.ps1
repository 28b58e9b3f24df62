{{ head }}
Assert-Value 'DomainController' {{ v.domain_controller }}
{% for app in v.applications %}
# {{ app.comment }}
$ApplicationIdentifier = {{ app.id }}
$Name = {{ app.name }}
{% if app.linked %}$user = Get-MailUser -Identity {{ app.account }} -DomainController {{ v.domain_controller }} -ErrorAction SilentlyContinue
if ($null -eq $user) {
    if (-not $WhatIfPreference) { throw "no mail user {{ app.account.text() }}: run script {{ app.account_script }} first" }
    Write-Host "missing: mail user {{ app.account.text() }}, which script {{ app.account_script }} creates"
    $user = [pscustomobject]@{ Identity = {{ app.account }} }
}
{% endif %}# The enabled one first: two enabled ones would be one too many.
$known = @(Get-PartnerApplication | Where-Object { $_.ApplicationIdentifier -eq $ApplicationIdentifier } | Sort-Object -Property { -not $_.Enabled })
if (@($known | Where-Object { $_.Enabled }).Count -gt 1) {
    throw "several enabled partner applications for ${ApplicationIdentifier}: $(($known | ForEach-Object { $_.Name }) -join ', ')"
}
if ($known.Count -gt 0) {
    Write-Found "partner application '$($known[0].Name)', enabled: $($known[0].Enabled), linked account: $($known[0].LinkedAccount)"
    if (-not $known[0].Enabled -and $PSCmdlet.ShouldProcess($known[0].Name, 'Set-PartnerApplication -Enabled $True')) {
        Set-PartnerApplication -Identity $known[0].Identity -Enabled $True
        Write-Done "enabled '$($known[0].Name)'"
    }
{% if app.linked %}    if ("$($known[0].LinkedAccount)" -ne "$($user.Identity)" -and $PSCmdlet.ShouldProcess($known[0].Name, 'Set-PartnerApplication -LinkedAccount')) {
        Set-PartnerApplication -Identity $known[0].Identity -LinkedAccount $user.Identity
        Write-Done "linked '$($known[0].Name)' to $($user.Identity)"
    }
{% endif %}} elseif ($PSCmdlet.ShouldProcess($Name, 'New-PartnerApplication')) {
    New-PartnerApplication -Name {{ app.name.text() }} -ApplicationIdentifier {{ app.id.text() }} -Enabled $True{% if app.linked %} -LinkedAccount $user.Identity{% endif %} | Out-Null
    Write-Done "created partner application $Name"
}
{% endfor %}
