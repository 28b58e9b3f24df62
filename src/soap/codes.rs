//! What the codes of Exchange and of the token service mean in this setting, and the repair.
//!
//! `x-ms-diagnostics` numbers and categories, `AADSTS` codes, EWS response codes. Meanings are in our words;
//! the sources are named in the catalogue.

/// One code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code {
    /// As it is written: `2000003`, `AADSTS50012`, `ErrorAccessDenied`.
    pub code: &'static str,
    /// A second name: the category of a number.
    pub alias: &'static str,
    /// What it means here.
    pub meaning: &'static str,
    /// What to do.
    pub repair: &'static str,
}

const fn code(code: &'static str, alias: &'static str, meaning: &'static str, repair: &'static str) -> Code {
    Code { code, alias, meaning, repair }
}

/// Numbers of `x-ms-diagnostics` with their categories.
pub const DIAGNOSTICS: &[Code] = &[
    code(
        "2000000",
        "invalid_signature",
        "The signature does not verify with the keys that Exchange has of the issuer.",
        "Renew the keys: Get-AuthServer | Format-List Name,AuthMetadataUrl; Set-AuthServer <name> -RefreshAuthMetadata; wait 15 minutes or run iisreset.",
    ),
    code(
        "2000001",
        "invalid_token",
        "The token is malformed, of an unknown issuer, or of a kind that the path does not accept.",
        "Compare its issuer with Get-AuthServer | Format-List Name,IssuerIdentifier,Realm,Enabled and Get-PartnerApplication.",
    ),
    code(
        "2000002",
        "token_expired",
        "The token was not valid at that moment by Exchange's clock.",
        "Compare the clocks: w32tm /query /status; w32tm /resync",
    ),
    code(
        "2000003",
        "invalid_resource",
        "The audience is not this server: another host name, or http instead of https behind TLS offloading.",
        "Publish Exchange under the name in the audience, without TLS offloading: Get-WebServicesVirtualDirectory | Format-List InternalUrl,ExternalUrl; register the name among the service principal names of 00000002-0000-0ff1-ce00-000000000000.",
    ),
    code(
        "2000004",
        "invalid_tenant",
        "Exchange does not know the tenant in the token: a wrong realm, or a domain that only a wildcard accepted domain covers.",
        "Get-AcceptedDomain; add the domain itself: New-AcceptedDomain -Name <domain> -DomainName <domain>; Get-AuthServer | Format-List Name,Realm",
    ),
    code(
        "2000005",
        "invalid_user",
        "The user in the token was not found, or several objects have its addresses.",
        "Look for the user and for duplicates: Get-Recipient <address>; Get-User <upn>; then check directory synchronisation.",
    ),
    code(
        "2000006",
        "invalid_client",
        "Exchange does not know the calling application, or it is disabled.",
        "Get-PartnerApplication | Format-List Name,ApplicationIdentifier,Enabled; Set-PartnerApplication <name> -Enabled $true",
    ),
    code(
        "2000007",
        "internal_error",
        "Exchange could not read its own configuration or Active Directory.",
        "Look at the application event log, source MSExchange OAuth, at that moment; Test-ServiceHealth",
    ),
    code(
        "2000008",
        "invalid_grant",
        "The token or the application has not the permission for the call.",
        "Get-PartnerApplication | Format-List Name,LinkedAccount; New-ManagementRoleAssignment -Role UserApplication -User <linked account>; for Entra tokens grant the permission there.",
    ),
    code(
        "2000009",
        "invalid_certificate",
        "Exchange does not have the key that the token names.",
        "Renew the keys of the issuer: Set-AuthServer <name> -RefreshAuthMetadata; for partner applications Set-PartnerApplication <name> -RefreshAuthMetadata",
    ),
];

const UPLOAD: &str = "Compare (Get-AuthConfig).CurrentCertificateThumbprint with the keys of the service principal, and upload that certificate: oauthtrace provision script prints the commands.";

/// Codes of the token service.
pub const AADSTS: &[Code] = &[
    code(
        "AADSTS50001",
        "",
        "The resource is disabled or absent in the tenant.",
        "Check the service principal of the resource: Get-MgServicePrincipal -Filter \"appId eq '<application>'\"",
    ),
    code("AADSTS50003", "", "The application has no signing key.", UPLOAD),
    code(
        "AADSTS50012",
        "",
        "The certificate that signed the assertion is not among the keys of the service principal, or the signature is invalid.",
        UPLOAD,
    ),
    code(
        "AADSTS50013",
        "",
        "The assertion is invalid, or outside its validity.",
        "Compare the clocks: w32tm /query /status; w32tm /resync",
    ),
    code(
        "AADSTS500133",
        "",
        "The assertion is outside its validity.",
        "Compare the clocks: w32tm /query /status; w32tm /resync",
    ),
    code(
        "AADSTS50027",
        "",
        "The token is malformed, or issuer, audience or validity are wrong.",
        "Compare its claims with a token that works; check the clock.",
    ),
    code(
        "AADSTS50032",
        "",
        "The RSA key is too small.",
        "Make a certificate of 2048 bits: New-ExchangeCertificate -KeySize 2048 …",
    ),
    code(
        "AADSTS50048",
        "",
        "Subject and issuer of the client assertion differ.",
        "Find out what built the assertion.",
    ),
    code(
        "AADSTS50059",
        "",
        "The tenant could not be found out.",
        "Give the tenant in the address: Set-AuthServer <name> -AuthMetadataUrl https://accounts.accesscontrol.windows.net/<verified domain>/metadata/json/1",
    ),
    code(
        "AADSTS500011",
        "",
        "The resource is not registered in the tenant: the host is missing among the service principal names.",
        "Add https://<host> to the service principal names of 00000002-0000-0ff1-ce00-000000000000: Update-MgServicePrincipal -ServicePrincipalNames …",
    ),
    code(
        "AADSTS65002",
        "",
        "The Microsoft application may not call this Microsoft resource.",
        "Nothing can be configured for it; check the application id that is used.",
    ),
    code(
        "AADSTS67003",
        "",
        "The actor is no valid service identity.",
        "Check the service principal of the calling application.",
    ),
    code(
        "AADSTS70001",
        "",
        "The application is disabled or absent in the tenant.",
        "Get-MgServicePrincipal -Filter \"appId eq '<application>'\" | Format-List AccountEnabled",
    ),
    code("AADSTS70002", "", "The credentials were not accepted; a second code says why.", UPLOAD),
    code("AADSTS70003", "", "The grant type is not supported.", "Find out what built the request."),
    code(
        "AADSTS700011",
        "",
        "The application is not found in the directory.",
        "Check the tenant and the application id.",
    ),
    code(
        "AADSTS700016",
        "",
        "The application is not found in the directory of the tenant.",
        "Get-MgServicePrincipal -Filter \"appId eq '<application>'\"; New-MgServicePrincipal -AppId <application>",
    ),
    code(
        "AADSTS700024",
        "",
        "The client assertion is outside its validity.",
        "Compare the clocks: w32tm /query /status; w32tm /resync",
    ),
    code("AADSTS700027", "", "The signature of the client assertion did not verify.", UPLOAD),
    code("AADSTS700030", "", "The subject of the certificate is not authorised.", UPLOAD),
    code(
        "AADSTS7000112",
        "",
        "The application is disabled in the tenant.",
        "Enable it: Update-MgServicePrincipal -ServicePrincipalId <id> -AccountEnabled:$true",
    ),
    code(
        "AADSTS90002",
        "",
        "The tenant is unknown: a wrong realm, or the wrong cloud.",
        "Compare Get-AuthServer | Format-List Name,Realm,TokenIssuingEndpoint with the tenant and its cloud.",
    ),
    code(
        "AADSTS90019",
        "",
        "The tenant could not be found out.",
        "Give the tenant in the address of the authorization server.",
    ),
    code(
        "AADSTS90022",
        "",
        "A principal name is not of the form name[/host][@realm].",
        "Compare the field resource with <application>/<host>@<tenant>.",
    ),
    code("AADSTS900144", "", "A field of the form is missing.", "Find out what built the request."),
];

const ROLES: &str = "Get-PartnerApplication | Format-List Name,LinkedAccount; Get-ManagementRoleAssignment -RoleAssignee <linked account>; New-ManagementRoleAssignment -Role UserApplication -User <linked account>";

/// EWS response codes after authentication succeeded.
pub const EWS: &[Code] = &[
    code("ErrorAccessDenied", "", "The caller is known, but has no right on the target.", ROLES),
    code("ErrorCreateItemAccessDenied", "", "The caller may not create items there.", ROLES),
    code(
        "ErrorImpersonateUserDenied",
        "",
        "The caller may not impersonate this user.",
        "New-ManagementRoleAssignment -Role ApplicationImpersonation -User <linked account>",
    ),
    code(
        "ErrorImpersonationDenied",
        "",
        "The caller may not impersonate through this server.",
        "New-ManagementRoleAssignment -Role ApplicationImpersonation -User <linked account>",
    ),
    code(
        "ErrorImpersonationFailed",
        "",
        "Impersonation failed unexpectedly: service account, directory or trust.",
        "Look at the EWS log of that moment: %ExchangeInstallPath%Logging\\Ews",
    ),
    code(
        "ErrorInvalidExchangeImpersonationHeaderData",
        "",
        "The impersonation header is empty or incomplete.",
        "Find out what built the request.",
    ),
    code(
        "ErrorMoreThanOneAccessModeSpecified",
        "",
        "The request names two ways of access at once.",
        "Find out what built the request.",
    ),
    code(
        "ErrorNonExistentMailbox",
        "",
        "There is no mailbox of that address here.",
        "Get-Mailbox <address>; Get-RemoteMailbox <address>; check directory synchronisation.",
    ),
    code(
        "ErrorInvalidUserPrincipalName",
        "",
        "The user principal name is not known.",
        "Get-User <upn>; check directory synchronisation.",
    ),
    code(
        "ErrorInvalidUserSid",
        "",
        "The security identifier is not known.",
        "Get-User <sid>; check directory synchronisation.",
    ),
    code(
        "ErrorInvalidManagementRoleHeader",
        "",
        "The ManagementRole header names a role that does not exist or cannot be used so.",
        ROLES,
    ),
    code(
        "ErrorInvalidSerializedAccessToken",
        "",
        "A serialised access token cannot be read.",
        "Find out what built the request.",
    ),
    code(
        "ErrorTokenSerializationDenied",
        "",
        "The caller may not serialise tokens.",
        "Check the rights of the calling server.",
    ),
    code(
        "ErrorInvalidClientAccessTokenRequest",
        "",
        "GetClientAccessToken was asked wrongly.",
        "Find out what built the request.",
    ),
    code(
        "ErrorProxyRequestNotAllowed",
        "",
        "Availability requests may not be passed on between these servers.",
        "Get-AvailabilityAddressSpace; Get-IntraOrganizationConnector",
    ),
    code(
        "ErrorProxyRequestProcessingFailed",
        "",
        "Passing an availability request on failed.",
        "Test-OAuthConnectivity -Service EWS -TargetUri <url> -Mailbox <user> -Verbose",
    ),
    code(
        "ErrorUserNotUnifiedMessagingEnabled",
        "",
        "The user is not enabled for unified messaging.",
        "Get-UMMailbox <user>",
    ),
];

/// By number and category. Builds differ in the numbers: where the two disagree the category decides.
pub fn diagnostics(number: u32, category: Option<&str>) -> Option<&'static Code> {
    let by_category = category
        .and_then(|category| DIAGNOSTICS.iter().find(|code| code.alias.eq_ignore_ascii_case(category)));
    by_category.or_else(|| DIAGNOSTICS.iter().find(|code| code.code == number.to_string()))
}

/// By the text of a code; `ACS50012` is read as its successor.
pub fn aadsts(text: &str) -> Option<&'static Code> {
    let digits = text.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
    AADSTS.iter().find(|code| code.code.trim_start_matches("AADSTS") == digits)
}

/// By the name of an EWS response code.
pub fn ews(name: &str) -> Option<&'static Code> {
    EWS.iter().find(|code| code.code.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_category_decides_where_number_and_category_disagree() {
        assert_eq!(diagnostics(2_000_001, Some("invalid_user")).unwrap().code, "2000005");
        assert_eq!(diagnostics(2_000_001, None).unwrap().alias, "invalid_token");
        assert_eq!(diagnostics(2_000_002, Some("new_word")).unwrap().alias, "token_expired");
        assert_eq!(diagnostics(3_001_003, None), None);
    }

    #[test]
    fn codes_are_found_by_their_text() {
        assert!(aadsts("AADSTS50012").unwrap().meaning.contains("certificate"));
        assert_eq!(aadsts("ACS50012"), aadsts("AADSTS50012"));
        assert_eq!(aadsts("AADSTS1"), None);
        assert!(ews("erroraccessdenied").is_some());
    }
}
