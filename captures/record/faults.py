"""Faults with one root each: what is recorded is what an administrator would see of it.

`cause` is the root that a diagnosis must name first. Answers that Microsoft documents are given as documented;
where only a category is documented, the text is ours.
"""

import time

import tokens
import traffic
from tokens import DOMAIN, EXCHANGE, HOST, SHAREPOINT, SKYPE, STS_HOST, TENANT
from traffic import call, refused

GRANT = "http://oauth.net/grant_type/jwt/1.0/bearer"
FAULT = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Client</faultcode><faultstring>{}</faultstring></s:Fault></s:Body></s:Envelope>'


def thumbprint(signer):
    from cryptography.hazmat.primitives import hashes

    return signer.certificate.fingerprint(hashes.SHA1()).hex().upper()


def build(keys):
    acs, exchange, rolled, expired = keys["acs"], keys["exchange"], keys["rolled"], keys["expired"]

    def good(app=SKYPE, **kw):
        return tokens.outer(tokens.actor(acs, app=app), app=app, **kw)

    def probe(**kw):
        kw.setdefault("header", traffic.challenge(TENANT))
        return traffic.discovery(**kw)

    def ask(signer=exchange, status=200, answer=None, app=EXCHANGE, target="outlook.office365.com", realm=TENANT, **fields):
        form = dict(grant_type=GRANT, assertion=tokens.assertion(signer, app=app), resource=f"{EXCHANGE}/{target}@{TENANT}")
        form.update(fields)
        token = tokens.actor(acs, app=app, host=target)
        return traffic.token_request(form, status, answer or traffic.granted(token, host=target), realm=realm)

    def no_key(signer, code=70002):
        return traffic.denied("invalid_client", f"Error validating credentials. AADSTS50012: Client assertion contains an invalid signature. [Reason - The key was not found., Thumbprint of key used by client: '{thumbprint(signer)}']", code)

    def case(title, steps, cause, status=1, checks=None, **more):
        verdict = {0: "pass", 1: "fail", 4: "incomplete"}[status]
        return dict(title=title, steps=steps, cause=cause, expect=dict(status=status, verdict=verdict, checks=checks or {}), **more)

    denied = traffic.denied
    bearer_401 = [("WWW-Authenticate", traffic.challenge(TENANT, error="invalid_token"))]
    entra = tokens.rs256(acs, {"aud": f"https://{HOST}/", "iss": f"https://sts.windows.net/{TENANT}/", "appid": SKYPE, "ver": "1.0", "tid": TENANT, "scp": "EWS.AccessAsUser.All", "upn": "adele@" + DOMAIN, "nbf": int(time.time()) - 300, "exp": int(time.time()) + 3600})

    def ours(status, answer="", headers=(), token=None, kind="text/html", **kw):
        """An answer of a device that is not Exchange: none of Exchange's headers."""
        step = call(token, status=status, answer=answer, **kw)
        step.answer_headers, step.answer_type = list(headers), kind
        return step

    def of_proxy(status, page):
        """A token request that a proxy on the way answers."""
        step = ask(exchange, status)
        step.answer, step.answer_type, step.answer_headers = page, "text/html", [("Via", "1.1 wsa.contoso.example")]
        return step

    cases = {
        # The auth certificate
        "certificate-expired-at-service": case("The auth certificate has expired and the token service refuses its assertions", [ask(expired, 401, denied("invalid_client", "Client assertion is not within its valid time range: the certificate has expired.", 700027))], "auth-certificate-expired", cert="expired.cer", checks=dict(certificate="fail")),
        "certificate-expired-calls-fail": case("The auth certificate has expired; calls still come in", [ask(expired, 401, no_key(expired)), probe(), call(good())], "auth-certificate-expired", cert="expired.cer", checks=dict(certificate="fail")),
        "rolled-then-basic": case("After the rollover token requests fail and a script goes on with Basic", [ask(rolled, 401, no_key(rolled)), traffic.basic(host="outlook.office365.com")], "auth-certificate-rolled-over", checks=dict(signature="fail")),
        "rolled-other-code": case("After the rollover, with the newer error code", [ask(rolled, 401, denied("invalid_client", f"Client assertion failed signature validation. [Reason - The key was not found., Thumbprint of key used by client: '{thumbprint(rolled)}']", 700027))], "auth-certificate-rolled-over", checks=dict(signature="fail")),
        "never-uploaded": case("The certificate in use was never uploaded", [ask(exchange, 401, no_key(exchange))], "certificate-not-uploaded", checks={"token-request": "fail"}),
        "no-key-configured": case("The principal has no signing key at all", [ask(exchange, 400, denied("invalid_client", "Unable to find a signing key configured for this application.", 50003))], "certificate-not-uploaded", checks={"token-request": "fail"}),
        "wrong-principal": case("The certificate is on the Skype principal but not on Exchange's", [ask(exchange, 401, no_key(exchange)), ask(exchange, app=SKYPE)], "certificate-on-wrong-principal", checks={"token-request": "fail"}),
        # The partner application
        "partner-missing": case("No partner application for the caller", [probe(), refused(good(), 2000006, "The application is not known.", "invalid_client")], "partner-application-missing", checks=dict(accepted="fail")),
        "partner-missing-scheduler": case("Only the Teams scheduler lacks its partner application", [probe(), call(good()), refused(good(tokens.SCHEDULER), 2000006, "", "invalid_client", operation="GetDelegate", inner="", roles=())], "partner-application-missing", checks=dict(accepted="fail")),
        "no-linked-account": case("The partner application has no linked account", [probe(), call(good(), status=500, answer=FAULT.format("The application does not have a linked account, or the linked account has no RBAC role assignments."))], "linked-account-without-roles", checks=dict(accepted="fail")),
        "linked-account-grant": case("The linked account may not do what the call needs", [probe(), refused(good(), 2000008, "The linked account has not enough scope.", "invalid_grant")], "linked-account-without-roles", checks=dict(accepted="fail")),
        "archive-role-missing": case("Conversation history works, archiving is denied", [probe(), call(good()), call(good(), "CreateItem", traffic.PURGES, ("ArchiveApplication",), code="ErrorAccessDenied", text="Access is denied.")], "linked-account-without-roles", checks=dict(accepted="fail")),
        "role-header-refused": case("The roles asked for in the header are not assigned", [probe(), call(good(), code="ErrorInvalidManagementRoleHeader", text="The management role header is invalid.")], "linked-account-without-roles", checks=dict(accepted="fail")),
        # Realm and tenant
        "wildcard-domain": case("A wildcard accepted domain makes Exchange reject the right tenant", [probe(), refused(good(), 2000004, "The tenant guid in the token is not known.", "invalid_tenant")], "wildcard-accepted-domain", checks=dict(issuer="pass", accepted="fail")),
        "realm-star": case("The issuer names a wildcard instead of a tenant", [probe(), refused(good(issuer=f"{SKYPE}@*"), 2000004, "", "invalid_tenant")], "wrong-realm", checks=dict(issuer="fail")),
        "tenant-unknown": case("The token service does not know the tenant asked for", [ask(exchange, 400, denied("invalid_request", "Tenant 'contoso.invalid' not found. Check to make sure you have the correct tenant ID.", 90002), realm="contoso.invalid")], "wrong-realm", checks={"token-request": "fail"}),
        "other-tenant-calls": case("Another tenant's service calls", [probe(), refused(tokens.outer(tokens.actor(acs, realm=tokens.OTHER_TENANT), realm=tokens.OTHER_TENANT), 2000004, "", "invalid_tenant")], "wrong-realm", checks=dict(issuer="fail")),
        # What Exchange knows of the token service
        "stale-metadata": case("Exchange calls a good signature invalid", [probe(), refused(good(), 2000000, "The token has an invalid signature.", "invalid_signature")], "stale-metadata", checks=dict(signature="pass", accepted="fail")),
        "stale-metadata-no-key": case("Exchange does not find the key that signed", [probe(), refused(good(), 2000009, "The key named by the token was not found.", "invalid_certificate")], "stale-metadata", checks=dict(signature="pass", accepted="fail")),
        # Clocks
        "clock-ahead": case("The server's clock is twenty minutes ahead", [probe(), refused(good(exp=str(int(time.time()) + 600)), 2000002, "The token has expired.", "token_expired")], "clock-skew", checks=dict(lifetime="pass", accepted="fail"), date=1200),
        "clock-behind": case("The server's clock is twenty minutes behind", [probe(), refused(good(), 2000002, "The token is not yet valid.", "token_expired")], "clock-skew", checks=dict(lifetime="pass", accepted="fail"), date=-1200),
        "clock-at-service": case("The token service finds the assertion outside its time", [ask(exchange, 400, denied("invalid_grant", "Assertion is not within its valid time range. Current time: 2026-11-23T12:00:00Z, assertion valid from 2026-11-23T10:00:00Z, expiry time 2026-11-23T10:10:00Z.", 500133))], "clock-skew", checks={"token-request": "fail"}, date=7200),
        # Host names
        "host-not-registered": case("The host is not among the service principal's names", [ask(exchange, 400, denied("invalid_resource", f"The resource principal named {EXCHANGE}/mail.fabrikam.example@{TENANT} was not found in the tenant.", 500011), target="mail.fabrikam.example")], "host-not-registered", checks={"token-request": "fail"}),
        "host-rewritten": case("A proxy rewrites the host name behind the capture", [probe(), refused(good(), 2000003, "The hostname component of the audience claim value is invalid. Expected 'ex01.corp.contoso.example'. Actual 'mail.contoso.example'.", "invalid_resource")], "host-rewritten", checks=dict(audience="pass", accepted="fail")),
        "ssl-offloading": case("TLS ends in front of Exchange, which then sees http", [probe(), refused(entra, 2000003, f"The hostname component of the audience claim value is invalid. Expected 'https://{HOST}'. Actual 'http://{HOST}'.", "invalid_resource")], "ssl-offloading", checks=dict(accepted="fail")),
        # Devices in front
        "pre-authentication": case("A device in front asks for a password of its own", [ours(401, "<html>Authentication required</html>", [("WWW-Authenticate", 'Basic realm="Access Policy"')], good()), ours(401, "<html>Authentication required</html>", [("WWW-Authenticate", 'Basic realm="Access Policy"')], good())], "pre-authentication", checks=dict(oauth="pass")),
        "pre-authentication-redirect": case("A device in front redirects to its sign-in page", [ours(302, "", [("Location", "/my.policy"), ("Set-Cookie", "MRHSession=0123456789abcdef0123456789abcdef")], good())], "pre-authentication", secrets=["0123456789abcdef0123456789abcdef"], checks=dict(oauth="pass")),
        "blocked-by-device": case("A firewall answers instead of Exchange", [ours(403, "<html>The requested URL was rejected. Please consult with your administrator.</html>", [], good())], "pre-authentication", checks=dict(oauth="pass")),
        "headers-stripped": case("A device takes Exchange's diagnostics away", [probe(), (lambda step: (setattr(step, "answer_headers", bearer_401 + [("Via", "1.1 proxy.contoso.example")]), step)[1])(call(good(), status=401))], "headers-stripped", checks=dict(oauth="pass")),
        # Virtual directories
        "oauth-off-ews": case("OAuth is switched off on the EWS virtual directory", [probe(header="")], "oauth-off-on-virtual-directory", checks=dict(challenge="fail")),
        "oauth-off-autodiscover": case("OAuth is switched off on the Autodiscover virtual directory", [probe(path="/autodiscover/autodiscover.svc", header=""), probe(), call(good())], "oauth-off-on-virtual-directory", checks=dict(challenge="fail")),
        # Exchange itself
        "configuration-unavailable": case("Exchange cannot read its own OAuth configuration", [probe(), call(good(), status=500, answer="", answer_headers=[("x-ms-diagnostics", '2000007;reason="The OAuth configuration could not be loaded.";error_category="internal_error"')])], "configuration-unavailable", checks=dict(signature="pass")),
        "ews-switched-off": case("Exchange itself forbids EWS to the caller, Autodiscover works", [probe(), call(good(), "GetUserSettings", "", (), path="/autodiscover/autodiscover.svc"), call(good(), status=403, agent="MicrosoftNinja/1.0 Teams/1.0")], "ews-switched-off-or-blocked", checks=dict(signature="pass", accepted="fail")),
        "ews-disabled-for-mailbox": case("EWS says that it is disabled for the mailbox", [probe(), call(good(), code="ErrorAccessDenied", text="Exchange Web Services is disabled for this user.")], "ews-switched-off-or-blocked", checks=dict(signature="pass", accepted="fail")),
        "signing-certificate-missing": case("Calls come in; what Exchange signs itself fails: its certificate is not there", [probe(), call(good())], "signing-certificate-missing", checks={"token-request": "fail", "accepted": "pass"}, logs={"OAuthOutbound.LOG": traffic.outbound_log("MissingSigningCertificate")}),
        "signing-key-missing": case("The auth certificate is there without its private key", [probe(), call(good())], "signing-certificate-missing", checks={"token-request": "fail", "accepted": "pass"}, logs={"OAuthOutbound.LOG": traffic.outbound_log("OAuthTokenRequestFailedException: Missing signing certificate.")}),
        # The way out
        "token-service-unreachable": case("Exchange does not reach the token service, says its log", [probe(), call(good())], "token-service-unreachable", checks={"token-request": "fail", "accepted": "pass"}, logs={"OAuthOutbound.LOG": traffic.outbound_log("UnableToGetTokenFromACS: System.Net.WebException: Unable to connect to the remote server")}),
        "token-service-blocked": case("A proxy on the way out forbids the token request", [of_proxy(403, "<html><h1>Access denied</h1>The site is blocked by your organization.</html>"), of_proxy(403, "<html><h1>Access denied</h1>The site is blocked by your organization.</html>")], "token-service-unreachable", checks={"token-request": "fail"}),
        "token-service-page": case("A sign-in page of a proxy answers the token request with success", [of_proxy(200, "<html><form action=/login>Sign in to the internet</form></html>")], "token-service-unreachable", checks={"token-request": "fail"}),
        # Users
        "user-ambiguous": case("Two objects share the user's address", [probe(), refused(good(), 2000005, "The user specified by the user-context in the token is ambiguous.", "invalid_user")], "user-missing-or-ambiguous", checks=dict(accepted="fail")),
        "mailbox-missing": case("The user has no mailbox here", [probe(), call(good(), code="ErrorNonExistentMailbox", text="The SMTP address has no mailbox associated with it.")], "user-missing-or-ambiguous", checks=dict(accepted="fail")),
        # Clouds
        "wrong-cloud-challenge": case("Exchange trusts the token service of another cloud", [probe(header=traffic.challenge(issuers=f"00000001-0002-0000-c000-000000000000@{TENANT}")), refused(good(), 2000001, "", "invalid_token", issuers=f"00000001-0002-0000-c000-000000000000@{TENANT}")], "wrong-cloud", checks=dict(challenge="fail")),
        "no-trusted-issuer": case("Exchange trusts no token service of the cloud", [probe(header=traffic.challenge(issuers="00000004-0000-0ff1-ce00-000000000000@contoso.example")), refused(good(), 2000001, "", "invalid_token", issuers="00000004-0000-0ff1-ce00-000000000000@contoso.example")], "auth-server-missing", checks=dict(challenge="fail")),
        # Fallbacks
        "basic-after-challenge": case("The challenge offers Bearer, the client sends Basic", [probe(), traffic.basic(), traffic.basic()], "fallback-to-basic", checks={"no-basic": "fail"}),
        "ntlm-instead": case("The calls come with NTLM", [probe(), call("TlRMTVNTUAADAAAAGAAYAEgAAAA=", scheme="NTLM")], "fallback-to-ntlm", status=4, checks=dict(oauth="not-established")),
        "wssecurity-instead": case("Federation by WS-Security is used instead of OAuth", [call(None, path="/ews/exchange.asmx/wssecurity"), call(None, path="/ews/exchange.asmx/wssecurity")], "fallback-to-ws-security", status=4, checks=dict(oauth="not-established")),
        # Applications
        "application-disabled": case("The application is disabled in the tenant", [ask(exchange, 400, denied("unauthorized_client", f"Application '{EXCHANGE}'(Office 365 Exchange Online) is disabled.", 7000112))], "application-disabled", checks={"token-request": "fail"}),
        "application-gone": case("The application is not in the directory any more", [ask(exchange, 400, denied("unauthorized_client", f"Application with identifier '{SKYPE}' was not found in the directory.", 700016), app=SKYPE)], "application-disabled", checks={"token-request": "fail"}),
        # Nothing to go by
        "refused-silently": case("Exchange refuses a healthy token and says nothing", [probe(), call(good(), status=401)], "cannot-tell", checks=dict(accepted="fail", signature="pass")),
        "server-error": case("Exchange answers with an internal error", [probe(), call(good(), status=500, answer="")], "cannot-tell", checks=dict(signature="pass")),
    }
    return cases
