#Requires -Version {{ version }}
<#
{{ title }}
Step {{ step }} of profile {{ profile }}. Run in: {{ shell }}.
Permissions: {{ permissions }}.
Applies to Exchange Server 2013, 2016, 2019 and Subscription Edition.
Safe to run twice: it looks before it changes anything. -WhatIf shows what would be done.
#>
[CmdletBinding(SupportsShouldProcess = $true)]
param()
$ErrorActionPreference = 'Stop'
Set-StrictMode -Version 2.0
function Write-Found([string]$Text) { Write-Host "found:   $Text" }
function Write-Done([string]$Text) { Write-Host "done:    $Text" }
function Assert-Value([string]$Name, [string]$Value) {
    if ([string]::IsNullOrWhiteSpace($Value) -or $Value -like '*<*' -or $Value -like '*>*') {
        throw "$Name still holds a placeholder or nothing: '$Value'"
    }
}
