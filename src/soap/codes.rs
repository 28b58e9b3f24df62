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

impl Code {
    /// What it means and what to do, in one line.
    pub fn advice(&self) -> String {
        format!("{} {}", self.meaning, self.repair)
    }
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
    // Microsoft Learn, "Universal tenant restrictions".
    code(
        "2000020",
        "insufficient_claims",
        "The token lacks a claim that the request asks for: tenant restrictions \
         (sec-Restrict-Tenant-Access-Policy) are put into the request on its way out, and the token was not \
         issued under them.",
        "Compare the tenant restrictions of Global Secure Access, or of the proxy, with the tenant of the \
         token; Exchange has nothing to be set for it.",
    ),
    // Microsoft Q&A 1792037; the Office 365 extension of Fiddler.
    code(
        "4000000",
        "oauth_not_available",
        "Exchange offers no modern authentication for this user, domain or protocol (\"Flighting is not \
         enabled for domain\"); it says so in answer to an empty Bearer, and speaks of clients of people \
         (Outlook, ActiveSync), not of calls of applications.",
        "For calls of Skype for Business, Teams and voicemail: nothing. Where clients of people are to use \
         it: Get-OrganizationConfig | Format-List OAuth2ClientProfileEnabled; Get-AuthServer | Format-List \
         Name,Enabled,IsDefaultAuthorizationEndpoint; Get-AuthenticationPolicy",
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
        "AADSTS7000215",
        "",
        "The client secret is wrong. Exchange signs with its certificate: something else asked.",
        "Find out what built the request.",
    ),
    code(
        "AADSTS7000222",
        "",
        "The client secret has expired. Exchange signs with its certificate: something else asked.",
        "Find out what built the request.",
    ),
    code(
        "AADSTS7000229",
        "",
        "The application has no service principal in the tenant.",
        "Get-MgServicePrincipal -Filter \"appId eq '<application>'\"; New-MgServicePrincipal -AppId <application>",
    ),
    code(
        "AADSTS500014",
        "",
        "The service principal of the resource is disabled in the tenant.",
        "Enable it: Update-MgServicePrincipal -ServicePrincipalId <id> -AccountEnabled:$true",
    ),
    code(
        "AADSTS90038",
        "",
        "The tenant lives in another cloud than the token service that was asked.",
        "Compare Get-AuthServer | Format-List Name,TokenIssuingEndpoint,AuthMetadataUrl with the cloud of the tenant.",
    ),
    code(
        "AADSTS901124",
        "",
        "The federation of organisation relationships (WS-Security, FYDIBOHF25SPDLT.<domain>) is not known \
         to Entra: it is not OAuth that fails.",
        "Get-IntraOrganizationConnector | Format-List Name,Enabled; where calls are to use OAuth: \
         Set-IntraOrganizationConnector <name> -Enabled $true; else make the federation trust anew: \
         Get-FederationTrust",
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

/// Errors of an OAuth answer (RFC 6749 5.2), which the AADSTS code behind makes precise.
pub const OAUTH: &[Code] = &[
    code(
        "invalid_request",
        "",
        "A field of the token request is missing, repeated or malformed.",
        "Compare the form with a working recording: oauthtrace inspect <recording>; then find out what built the request.",
    ),
    code(
        "invalid_client",
        "",
        "The token service does not accept the assertion as coming from this application: key, signature, issuer or time.",
        "Read the AADSTS code behind it. Compare (Get-AuthConfig).CurrentCertificateThumbprint with the keys of the service principal.",
    ),
    code(
        "invalid_grant",
        "",
        "What was presented for the token (assertion, user, refresh token) is not valid any more, or not for this application.",
        "Read the AADSTS code behind it; compare the clocks: w32tm /query /status",
    ),
    code(
        "unauthorized_client",
        "",
        "The application may not ask in this way, or is not known in this tenant.",
        "Get-MgServicePrincipal -Filter \"AppId eq '<application>'\"; New-MgServicePrincipal -AppId <application>",
    ),
    code(
        "unsupported_grant_type",
        "",
        "The token service does not know this kind of request.",
        "Compare the address: Get-AuthServer | Format-List TokenIssuingEndpoint; then find out what built the request.",
    ),
    code(
        "invalid_scope",
        "",
        "What the token was asked for is unknown or malformed.",
        "Compare scope, or resource, with <application>/<host>@<tenant>.",
    ),
    code(
        "temporarily_unavailable",
        "",
        "The token service is too busy, or out of order, and asks to try again later.",
        "Try again; where it lasts, look at the service health of the tenant.",
    ),
];

const ROLES: &str = "Get-PartnerApplication | Format-List Name,LinkedAccount; Get-ManagementRoleAssignment -RoleAssignee <linked account>; New-ManagementRoleAssignment -Role UserApplication -User <linked account>";

/// EWS response codes after authentication succeeded.
pub const EWS: &[Code] = &[
    code("ErrorAccessDenied", "", "The caller is known, but has no right on the target.", ROLES),
    code("ErrorCreateItemAccessDenied", "", "The caller may not create items there.", ROLES),
    code(
        "ErrorIncorrectExchangeServerVersion",
        "",
        "The server that was asked is of another version than the mailbox; Skype for Business Server also wraps a 401 of Autodiscover in it (event 32054 of LS Storage Service).",
        "Look for the 401 behind it and its x-ms-diagnostics; compare Get-WebServicesVirtualDirectory | Format-List Server,ExternalUrl",
    ),
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

/// Names of errors in the OAuthOutbound log, and in the output of `Test-OAuthConnectivity`: Exchange as a caller.
pub const OUTBOUND: &[Code] = &[
    code(
        "OAuthConfigurationUnavailable",
        "",
        "Exchange cannot read its OAuth configuration (AuthConfig, auth servers, partner applications) from Active Directory.",
        "Get-AuthConfig; Get-AuthServer; Test-ServiceHealth; look at the application event log, source MSExchange OAuth, event 2001.",
    ),
    code(
        "MissingSigningCertificate",
        "",
        "AuthConfig names a certificate that is not on this server, has no private key, or is not valid now: Exchange can sign no assertion.",
        "Get-AuthConfig | Format-List CurrentCertificateThumbprint; Get-ExchangeCertificate <thumbprint> | Format-List Status,HasPrivateKey,NotAfter; make a new one and publish it: Set-AuthConfig -NewCertificateThumbprint <new thumbprint> -NewCertificateEffectiveDate (Get-Date); Set-AuthConfig -PublishCertificate; then upload it.",
    ),
    code(
        "CertificatePrivateKeySizeTooSmall",
        "",
        "The key of the auth certificate has fewer than 2048 bits: Exchange refuses to sign with it.",
        "New-ExchangeCertificate -KeySize 2048 -SubjectName \"cn=Microsoft Exchange Server Auth Certificate\"; Set-AuthConfig -NewCertificateThumbprint <new thumbprint>; Set-AuthConfig -PublishCertificate; then upload it.",
    ),
    code(
        "UnableToGetTokenFromACS",
        "",
        "The token service gave no token: it refused (see the AADSTS code beside it), or could not be reached.",
        "Look for the AADSTS code: oauthtrace explain <code>. Without one: Test-NetConnection accounts.accesscontrol.windows.net -Port 443; Get-ExchangeServer | Format-List Name,InternetWebProxy",
    ),
    code(
        "EmptyClientId",
        "",
        "The challenge of the other side names no client_id: it is no Exchange, SharePoint or Skype for Business server, or a device changed the answer.",
        "Ask it yourself: oauthtrace probe <url>",
    ),
    code(
        "InvalidChallenge",
        "",
        "The challenge of the other side cannot be read.",
        "Ask it yourself: oauthtrace probe <url>",
    ),
    code(
        "InvalidConfigurationMultipleAuthServerWithEmptyRealm",
        "",
        "Several auth servers of one issuer have no realm: Exchange cannot choose.",
        "Get-AuthServer | Format-List Name,IssuerIdentifier,Realm,Enabled; remove or disable all but one: Set-AuthServer <name> -Enabled $false",
    ),
    code(
        "InvalidConfigurationMultipleAuthServerWithSameRealm",
        "",
        "Several auth servers of one issuer have the same realm: Exchange cannot choose.",
        "Get-AuthServer | Format-List Name,IssuerIdentifier,Realm,Enabled; remove or disable all but one: Set-AuthServer <name> -Enabled $false",
    ),
    code(
        "UPNValueNotProvided",
        "",
        "The user has no user principal name: no token can speak for the user.",
        "Get-User <user> | Format-List UserPrincipalName,Sid; Set-User <user> -UserPrincipalName <name@domain>",
    ),
    code(
        "NoMatchedTokenIssuer",
        "",
        "None of the issuers that the other side trusts is configured here: the auth server of that cloud is missing or disabled.",
        "Get-AuthServer | Format-List Name,Type,IssuerIdentifier,Realm,Enabled; New-AuthServer -Name \
         WindowsAzureACS -AuthMetadataUrl \
         https://accounts.accesscontrol.windows.net/<domain>/metadata/json/1 (21Vianet: \
         accounts.accesscontrol.chinacloudapi.cn)",
    ),
    code(
        "MissingRealmInAuthServer",
        "",
        "The auth server has no realm, and the challenge gives none.",
        "Get-AuthServer | Format-List Name,IssuerIdentifier,Realm; Set-AuthServer <name> -RefreshAuthMetadata",
    ),
    code(
        "EmptyClaimsForUser",
        "",
        "Exchange found nothing to say about the user: no user principal name, SMTP or SIP address, no identifier.",
        "Get-User <user> | Format-List UserPrincipalName,Sid,WindowsEmailAddress; Get-Recipient <user> | Format-List EmailAddresses",
    ),
    code(
        "InvalidOAuthEndpoint",
        "",
        "The other side gave no challenge after an empty Bearer: OAuth is switched off there, or a device answers in its place.",
        "Ask it yourself: oauthtrace probe <url>; there: Get-WebServicesVirtualDirectory | Format-List Server,OAuthAuthentication",
    ),
    code(
        "EmptyNameIdClaim",
        "",
        "The user has no identifier (SID, or PUID of the cloud) that a token could carry.",
        "Get-User <user> | Format-List Sid,NetID,UserPrincipalName; check directory synchronisation.",
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

/// The error of an outbound call that a text names, by its name or by the words that exceptions use.
pub fn outbound(text: &str) -> Option<&'static Code> {
    const WORDS: [(&str, &str); 11] = [
        ("missing signing certificate", "MissingSigningCertificate"),
        ("could not find the authorization certificate", "MissingSigningCertificate"),
        // Event 2004 of MSExchange OAuth (Microsoft Q&A 1166428).
        ("needed to sign the outgoing token", "MissingSigningCertificate"),
        // What OWA and ECP (event 1003 of MSExchange Front End HTTPS Proxy) and EWS (event 4999) fail with when the auth
        // certificate is expired or missing: KB 2617816; "EWS Application pool crashes because the Exchange Server OAuth
        // certificate is expired".
        ("hmacprovider.getcertificates", "MissingSigningCertificate"),
        ("v1profilelocaltokenissuer", "MissingSigningCertificate"),
        ("trusted issuers is configured", "NoMatchedTokenIssuer"),
        ("trusted issuers are configured", "NoMatchedTokenIssuer"),
        ("none of them is configured locally", "NoMatchedTokenIssuer"),
        ("none of them are configured locally", "NoMatchedTokenIssuer"),
        ("unable to get the token from auth server", "UnableToGetTokenFromACS"),
        // The request could not even be sent: a proxy or the network, not the token service.
        ("httpwebrequest.getrequeststream", "UnableToGetTokenFromACS"),
    ];
    let lower = text.to_ascii_lowercase();
    let by_words = || WORDS.iter().find(|(words, _)| lower.contains(words)).map(|(_, name)| *name);
    let by_name = OUTBOUND.iter().find(|code| lower.contains(&code.code.to_ascii_lowercase()));
    by_name.or_else(|| by_words().and_then(|name| OUTBOUND.iter().find(|code| code.code == name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_outbound_calls_are_found_by_name_and_words() {
        assert_eq!(outbound("x;NoMatchedTokenIssuer;y").unwrap().code, "NoMatchedTokenIssuer");
        let words = "OAuthTokenRequestFailedException: Missing signing certificate.";
        assert_eq!(outbound(words).unwrap().code, "MissingSigningCertificate");
        let issuers =
            "The trusted issuers contained the following entries 'x@*'. None of them are configured locally.";
        assert_eq!(outbound(issuers).unwrap().code, "NoMatchedTokenIssuer");
        let unsent =
            "System.Net.WebException: (403) Forbidden.; at System.Net.HttpWebRequest.GetRequestStream()";
        assert_eq!(outbound(unsent).unwrap().code, "UnableToGetTokenFromACS");
        assert_eq!(outbound("System.Net.WebException: (401) Unauthorized."), None);
        assert_eq!(outbound("something else"), None);
    }

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
