{{ head }}
# Takes back steps 2 and 3. Uploaded keys stay: other servers may use them.
$DomainController = {{ v.domain_controller }}
Assert-Value 'DomainController' $DomainController
foreach ($ApplicationIdentifier in @({% for app in v.applications %}{{ app.id }}{% if !loop.last %}, {% endif %}{% endfor %})) {
    $known = @(Get-PartnerApplication | Where-Object { $_.ApplicationIdentifier -eq $ApplicationIdentifier })
    Write-Found "$($known.Count) partner applications $ApplicationIdentifier"
    foreach ($one in $known) {
        if ($PSCmdlet.ShouldProcess($one.Name, 'Remove-PartnerApplication')) {
            Remove-PartnerApplication -Identity $one.Identity -Confirm:$false
            Write-Done "removed partner application '$($one.Name)'"
        }
    }
}
foreach ($Name in @({% for account in v.accounts %}{{ account }}{% if !loop.last %}, {% endif %}{% endfor %})) {
    $user = Get-MailUser -Identity $Name -DomainController $DomainController -ErrorAction SilentlyContinue
    if ($null -eq $user) { Write-Found "no mail user $Name"; continue }
    foreach ($assignment in @(Get-ManagementRoleAssignment -RoleAssignee $user.Identity -DomainController $DomainController)) {
        if ($PSCmdlet.ShouldProcess($assignment.Name, 'Remove-ManagementRoleAssignment')) {
            Remove-ManagementRoleAssignment -Identity $assignment.Identity -DomainController $DomainController -Confirm:$false
            Write-Done "removed assignment $($assignment.Name)"
        }
    }
    if ($PSCmdlet.ShouldProcess($Name, 'Remove-MailUser')) {
        Remove-MailUser -Identity $user.Identity -DomainController $DomainController -Confirm:$false
        Write-Done "removed mail user $Name"
    }
}
{% for role in v.made_roles %}
$RoleName = {{ role }}
if ($null -eq (Get-ManagementRole -Identity $RoleName -DomainController $DomainController -ErrorAction SilentlyContinue)) {
    Write-Found "no role $RoleName"
} elseif ($PSCmdlet.ShouldProcess($RoleName, 'Remove-ManagementRole')) {
    Remove-ManagementRole -Identity $RoleName -DomainController $DomainController -Confirm:$false
    Write-Done "removed role $RoleName"
}
{% endfor %}
