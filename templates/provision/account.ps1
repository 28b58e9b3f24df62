{{ head }}
$Name = {{ v.account }}
$ExternalEmailAddress = {{ v.account_address }}
$DomainController = {{ v.domain_controller }}
Assert-Value 'ExternalEmailAddress' $ExternalEmailAddress
Assert-Value 'DomainController' $DomainController

$user = Get-MailUser -Identity $Name -DomainController $DomainController -ErrorAction SilentlyContinue
if ($null -ne $user) {
    Write-Found "mail user '$($user.Identity)', $($user.ExternalEmailAddress)"
} elseif ($PSCmdlet.ShouldProcess($ExternalEmailAddress, 'New-MailUser')) {
    $user = New-MailUser -Name {{ v.account.text() }} -ExternalEmailAddress {{ v.account_address }} -DomainController {{ v.domain_controller }}
    Write-Done "created mail user '$($user.Identity)'"
} else {
    return
}

if ($user.HiddenFromAddressListsEnabled) {
    Write-Found 'hidden from address lists'
} elseif ($PSCmdlet.ShouldProcess($Name, 'Set-MailUser -HiddenFromAddressListsEnabled $True')) {
    Set-MailUser -Identity $user.Identity -HiddenFromAddressListsEnabled $True -DomainController {{ v.domain_controller }}
    Write-Done 'hid it from address lists'
}
{% if v.scheduler %}
# Least privilege: a role of its own in which only GetDelegate is left.
$RoleName = 'TeamsSchedulerRole'
if ($null -eq (Get-ManagementRole -Identity $RoleName -DomainController $DomainController -ErrorAction SilentlyContinue)) {
    if ($PSCmdlet.ShouldProcess($RoleName, 'New-ManagementRole -Parent UserApplication')) {
        New-ManagementRole -Name $RoleName -Parent UserApplication -DomainController $DomainController | Out-Null
        Write-Done "created role $RoleName"
    } else {
        return
    }
}
$extra = @(Get-ManagementRoleEntry -Identity "$RoleName\*" -DomainController $DomainController | Where-Object { $_.Name -ne 'GetDelegate' })
foreach ($entry in $extra) {
    if ($PSCmdlet.ShouldProcess("$RoleName\$($entry.Name)", 'Remove-ManagementRoleEntry')) {
        Remove-ManagementRoleEntry -Identity "$RoleName\$($entry.Name)" -DomainController $DomainController -Confirm:$false
    }
}
{% endif %}
$assigned = @(Get-ManagementRoleAssignment -RoleAssignee $user.Identity -DomainController $DomainController | ForEach-Object { "$($_.Role)" })
{% for role in v.roles %}if ($assigned -contains {{ role }}) {
    Write-Found 'role {{ role.text() }} is assigned'
} elseif ($PSCmdlet.ShouldProcess($Name, 'New-ManagementRoleAssignment -Role {{ role.text() }}')) {
    New-ManagementRoleAssignment -Role {{ role.text() }} -User $user.Identity -DomainController {{ v.domain_controller }} | Out-Null
    Write-Done 'assigned role {{ role.text() }}'
}
{% endfor %}