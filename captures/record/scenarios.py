"""What is recorded: each scenario is a list of steps and what a verifier must say of it.

`expect` is written from the contract, before any run of the verifier: status, verdict, and the outcome of
the checks that the scenario is about. `rules` and `cause` name what must be among the findings.
"""

import base64
import time

import faults
import tokens
import traffic
from tokens import DOMAIN, EXCHANGE, HOST, OTHER_TENANT, SHAREPOINT, SKYPE, STS_HOST, TENANT
from traffic import call, discovery, refused

GRANT = "http://oauth.net/grant_type/jwt/1.0/bearer"


def build(keys):
    """All scenarios by name. `keys` holds the signers: acs, exchange, rolled, expired."""
    acs, exchange = keys["acs"], keys["exchange"]

    def good(app=SKYPE, issuer=None, realm=TENANT, **kw):
        return tokens.outer(tokens.actor(acs, app=app, realm=realm), app=app, issuer=issuer, realm=realm, **kw)

    def probe():
        return discovery(header=traffic.challenge(TENANT))

    def healthy(**kw):
        token = good(**kw)
        return [probe(), call(token), call(token, "CreateItem", traffic.PURGES, ("ArchiveApplication",))]

    def outbound(signer=exchange, status=200, answer=None):
        asked = dict(
            grant_type=GRANT,
            assertion=tokens.assertion(signer),
            resource=f"{EXCHANGE}/outlook.office365.com@{TENANT}",
        )
        token = tokens.actor(acs, app=EXCHANGE, host="outlook.office365.com")
        return traffic.token_request(asked, status, answer or traffic.granted(token, host="outlook.office365.com"))

    ok = dict(status=0, verdict="pass", checks=dict(oauth="pass", issuer="pass", signature="pass", lifetime="pass"))

    def fails(**checks):
        return dict(status=1, verdict="fail", checks={k.replace("_", "-"): v for k, v in checks.items()})

    def open_(**checks):
        return dict(status=4, verdict="incomplete", checks={k.replace("_", "-"): v for k, v in checks.items()})

    altered = tokens.actor(acs).split(".")
    changed = tokens.actor(acs, exp=int(time.time()) + 10 * 86400).split(".")
    forged = ".".join([altered[0], changed[1], altered[2]])
    confused = tokens.hs256_with(
        base64.b64encode(acs.der),
        {"aud": f"{EXCHANGE}/{HOST}@{TENANT}", "iss": f"{tokens.ACS}@{TENANT}", "nameid": f"{SKYPE}@{TENANT}", "nbf": int(time.time()) - 300, "exp": int(time.time()) + 86400},
    )
    bare = tokens.encode(
        {"typ": "JWT", "alg": "none"},
        {"aud": f"{EXCHANGE}/{HOST}@{TENANT}", "iss": f"{tokens.ACS}@{TENANT}", "nameid": f"{SKYPE}@{TENANT}", "nbf": int(time.time()) - 300, "exp": int(time.time()) + 86400},
        lambda _: b"",
    )
    past = time.time() - 3 * 86400
    stale = tokens.outer(tokens.actor(acs, now=past), now=past)

    cases = {
        "healthy": dict(
            title="The whole conversation: metadata, challenge, token request of Exchange, calls of Skype for Business Online",
            steps=[traffic.exchange_metadata([exchange]), probe(), outbound(), *healthy()[1:]],
            expect=ok,
            tls=True,
        ),
        "issuer-slash-before-at": dict(title="Issuer as <principal>/@<tenant>", steps=healthy(issuer=f"{SKYPE}/@{TENANT}"), expect=ok),
        "issuer-with-host": dict(title="Issuer as <principal>/<host>@<tenant>", steps=healthy(issuer=f"{SKYPE}/lync.example@{TENANT}"), expect=ok),
        "issuer-leading-slash": dict(title="Issuer as /<principal>@<tenant>", steps=healthy(issuer=f"/{SKYPE}@{TENANT}"), expect=ok),
        "healthy-teams": dict(title="The Teams scheduler and Cloud Voicemail call with healthy tokens", steps=[probe(), call(good(tokens.SCHEDULER), "GetDelegate", "", ()), call(good(tokens.VOICEMAIL), "GetUserOofSettings", "", ())], expect=ok),
        "http2": dict(title="The healthy calls over HTTP/2, in the clear and over TLS", steps=healthy()[1:] + healthy()[1:], expect=ok, h2=True),
        "tls-older": dict(title="The healthy calls under TLS 1.0, CBC, RSA key exchange, and after a HelloRetryRequest", steps=healthy(), expect=ok, wrapped="older", tls_key="../tls/keys/rsa.key"),
        "tunnels": dict(title="The healthy calls through proxies: CONNECT, SOCKS 4, 4a and 5, behind a PROXY header", steps=healthy(), expect=ok, wrapped="tunnels", secrets=["proxy-password-7b1d"]),
        "wrong-tenant": dict(title="Tokens of another tenant", steps=healthy(realm=OTHER_TENANT), expect=fails(issuer="fail"), cause="wrong-realm"),
        "rolled-certificate": dict(
            title="The auth certificate was rolled over and the new one never uploaded",
            steps=[outbound(keys["rolled"], 401, traffic.denied("invalid_client", "Error validating credentials. AADSTS50012: Client assertion contains an invalid signature. [Reason - The key was not found., Thumbprint of key used by client: '" + keys["rolled"].certificate.fingerprint(__import__("cryptography").hazmat.primitives.hashes.SHA1()).hex().upper() + "']", 70002))],
            expect=fails(signature="fail", token_request="fail"),
            cause="auth-certificate-rolled-over",
        ),
        "altered-token": dict(title="The actor token's payload was changed after signing", steps=[probe(), refused(tokens.outer(forged), 2000000, "The token has an invalid signature.", "invalid_signature")], expect=fails(signature="fail", accepted="fail"), cause="token-altered"),
        "none-without-actor": dict(title="An unsigned token without an actor token", steps=[probe(), refused(bare, 2000001, "", "invalid_token")], expect=fails(signature="fail"), cause="token-altered"),
        "hs256-public-key": dict(title="HS256 keyed with the public certificate", steps=[probe(), refused(tokens.outer(confused), 2000000, "", "invalid_signature")], expect=dict(fails(signature="fail"), rules=["signature-algorithm-confusion"]), cause="token-altered"),
        "other-actor": dict(title="The actor token belongs to another application than the outer token says", steps=[probe(), refused(tokens.outer(tokens.actor(acs, app=SHAREPOINT)), 2000001, "", "invalid_token")], expect=fails(chain="fail"), cause="token-altered"),
        "expired-token": dict(title="A token three days old", steps=[probe(), refused(stale, 2000002, "The token has expired.", "token_expired")], expect=fails(lifetime="fail", accepted="fail"), cause="token-expired"),
        "expired-certificate": dict(title="Healthy calls, and an uploaded certificate that has expired", steps=healthy(), cert="expired.cer", expect=fails(certificate="fail", oauth="pass", signature="pass"), cause="auth-certificate-expired"),
        "basic-only": dict(title="Only Basic credentials", steps=[traffic.basic(), traffic.basic()], expect=fails(no_basic="fail", oauth="not-established"), cause="fallback-to-basic"),
        "basic-fallback": dict(title="A token is refused, then Basic credentials are sent", steps=[probe(), refused(good(), 2000005, "The user specified by the user-context in the token does not exist.", "invalid_user"), traffic.basic()], expect=fails(no_basic="fail", accepted="fail"), cause="user-missing-or-ambiguous"),
        "password-grant": dict(title="A token request with user name and password", steps=[traffic.token_request(dict(grant_type="password", username="svc@" + DOMAIN, password="Sommer2026!geheim", resource=f"{EXCHANGE}/outlook.office365.com@{TENANT}"), 200, traffic.granted("opaque-7f1c0b4e9a2d4c6f8e01", host="outlook.office365.com")), *healthy()], secrets=["Sommer2026!geheim", "Sommer2026%21geheim", "opaque-7f1c0b4e9a2d4c6f8e01"], expect=fails(no_basic="fail", oauth="pass")),
        "refused": dict(title="Exchange refuses a healthy token: the user is not known", steps=[probe(), refused(good(), 2000005, "The user specified by the user-context in the token does not exist.", "invalid_user")], expect=fails(accepted="fail", oauth="pass", signature="pass"), cause="user-missing-or-ambiguous"),
        "ews-error": dict(title="Accepted by OAuth, refused by EWS with a response code inside a 200", steps=[probe(), call(good(), code="ErrorAccessDenied", text="Access is denied. Check credentials and try again.")], expect=fails(accepted="fail"), cause="linked-account-without-roles"),
        "other-application": dict(title="Only another application calls", steps=[probe(), call(tokens.outer(tokens.actor(acs, app=SHAREPOINT), app=SHAREPOINT))], expect=open_(oauth="not-established")),
        "nothing": dict(title="Web pages and no authentication at all", steps=[traffic.Step("GET", "/owa/auth/logon.aspx", answer="<html><body>Sign in</body></html>", answer_type="text/html"), traffic.Step("GET", "/robots.txt", status=404, answer_type="text/plain")], expect=open_(oauth="not-established")),
        "missing-keys": dict(title="Healthy calls, but no key of the token service was given", steps=healthy(), sts_keys=False, expect=open_(oauth="pass", issuer="pass", signature="not-established")),
        "wrong-audience": dict(title="The token was made for another host", steps=[probe(), refused(tokens.outer(tokens.actor(acs, host="ex99.contoso.example"), host="ex99.contoso.example"), 2000003, "The hostname component of the audience claim value is invalid. Expected 'mail.contoso.example'. Actual 'ex99.contoso.example'.", "invalid_resource")], expect=fails(audience="fail", accepted="fail")),
        "lost-segment": dict(title="One segment inside the Authorization field was never captured", steps=[call(good())], derive="lost", expect=open_(oauth="not-established", no_basic="not-established")),
        "swapped-segments": dict(title="Two segments of the request arrived in the wrong order", steps=healthy(), derive="swapped", expect=ok),
    }
    for case in cases.values():
        if case["expect"]["status"] == 0:
            case["cause"] = "none"
    cases.update(faults.build(keys))
    return cases
