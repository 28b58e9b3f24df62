"""Requests and answers as Exchange and the token service exchange them: material for scenarios."""

import base64
import json
import time
import urllib.parse
import uuid

import tokens

EWS = "/ews/exchange.asmx"
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">{header}<s:Body>{body}</s:Body></s:Envelope>'
)


class Step:
    """One request and the answer that the server is told to give. `id` pairs them on the wire: Exchange's
    clients send a `client-request-id` with every call."""

    def __init__(self, method, path, host=tokens.HOST, headers=(), body=None, status=200, answer="", answer_type="text/xml; charset=utf-8", answer_headers=()):
        self.id = str(uuid.uuid4())
        self.method, self.path, self.host = method, path, host
        self.headers, self.body = list(headers), body
        self.status, self.answer, self.answer_type = status, answer, answer_type
        self.answer_headers = list(answer_headers)


def exchange_headers():
    """What an Exchange front end adds to its answers."""
    return [("request-id", str(uuid.uuid4())), ("X-FEServer", "EX01"), ("X-CalculatedBETarget", "ex01.corp.contoso.example"), ("X-Powered-By", "ASP.NET")]


def challenge(realm="*", issuers=None, client=tokens.EXCHANGE, error=None):
    issuers = issuers if issuers is not None else f"{tokens.ACS}@{realm}"
    text = f'Bearer client_id="{client}", trusted_issuers="{issuers}", token_types="app_asserted_user_v1 service_asserted_app_v1"'
    text += ', authorization_uri="https://login.windows.net/common/oauth2/authorize"'
    if error:
        text += f', error="{error}"'
    return text


def discovery(path=EWS, host=tokens.HOST, header=None, extra=(("WWW-Authenticate", "Negotiate"), ("WWW-Authenticate", "NTLM"), ("WWW-Authenticate", 'Basic realm="mail.contoso.example"'))):
    """The empty bearer and its challenge."""
    headers = [("WWW-Authenticate", header if header is not None else challenge()), *extra] if header != "" else list(extra)
    return Step("POST", path, host, [("Authorization", "Bearer"), ("Content-Type", "text/xml; charset=utf-8"), ("User-Agent", "SkypeSpaces/1.0")], body="", status=401, answer_headers=exchange_headers() + headers)


def soap(operation, inner="", roles=("UserApplication",)):
    asked = "".join(f"<t:Role>{role}</t:Role>" for role in roles)
    header = '<s:Header><t:RequestServerVersion Version="Exchange2013"/>'
    if roles:
        header += f"<t:ManagementRole><t:ApplicationRoles>{asked}</t:ApplicationRoles></t:ManagementRole>"
    header += "</s:Header>"
    return ENVELOPE.format(header=header, body=f"<m:{operation}>{inner}</m:{operation}>")


def result(operation, code="NoError", text="", cls=None):
    cls = cls or ("Success" if code == "NoError" else "Error")
    message = f"<m:MessageText>{text}</m:MessageText>" if text else ""
    inner = (
        f'<m:ResponseMessages><m:{operation}ResponseMessage ResponseClass="{cls}">{message}'
        f"<m:ResponseCode>{code}</m:ResponseCode></m:{operation}ResponseMessage></m:ResponseMessages>"
    )
    return ENVELOPE.format(header="", body=f"<m:{operation}Response>{inner}</m:{operation}Response>")


HISTORY = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="conversationhistory"/></m:SavedItemFolderId><m:Items><t:Message><t:ItemClass>IPM.Note.Microsoft.Conversation</t:ItemClass><t:Subject>Chat</t:Subject></t:Message></m:Items>'
PURGES = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="recoverableitemspurges"/></m:SavedItemFolderId><m:Items><t:Message><t:Subject>Archive</t:Subject></t:Message></m:Items>'


def call(token, operation="CreateItem", inner=HISTORY, roles=("UserApplication",), status=200, code="NoError", text="", path=EWS, host=tokens.HOST, agent="SkypeSpaces/1.0", answer=None, answer_headers=(), scheme="Bearer"):
    """A SOAP call with a token."""
    headers = [("Authorization", f"{scheme} {token}")] if token else []
    headers += [
        ("Content-Type", "text/xml; charset=utf-8"),
        ("User-Agent", agent),
        ("SOAPAction", f'"http://schemas.microsoft.com/exchange/services/2006/messages/{operation}"'),
        ("Accept-Encoding", "gzip"),
    ]
    body = soap(operation, inner, roles)
    if answer is None:
        answer = result(operation, code, text) if status == 200 else ""
    return Step("POST", path, host, headers, body, status, answer, answer_headers=exchange_headers() + list(answer_headers))


def refused(token, number, reason, category, issuers=None, **kw):
    """A call that Exchange refuses, and says why."""
    why = f'{number};reason="{reason}";error_category="{category}"' if reason else f'{number};error_category="{category}"'
    return call(token, status=401, answer_headers=[("x-ms-diagnostics", why), ("WWW-Authenticate", challenge(issuers=issuers, error="invalid_token") + ",Negotiate,NTLM,Basic realm=\"mail.contoso.example\"")], **kw)


def basic(user="CONTOSO\\svc-skype", password="Winter2026!correct-horse", path=EWS, status=200, host=tokens.HOST):
    value = base64.b64encode(f"{user}:{password}".encode()).decode()
    step = call(value, scheme="Basic", path=path, status=status, host=host, agent="ExchangeServicesClient/15.00.0913.015")
    step.secrets = [value, password]
    return step


def form(**fields):
    return urllib.parse.urlencode(fields)


def token_request(fields, status=200, answer=None, realm=tokens.TENANT, host=tokens.STS_HOST):
    return Step(
        "POST",
        f"/{realm}/tokens/OAuth/2",
        host,
        [("Content-Type", "application/x-www-form-urlencoded"), ("return-client-request-id", "True")],
        form(**fields),
        status,
        json.dumps(answer, separators=(",", ":")) if answer is not None else "",
        "application/json; charset=utf-8",
        [("Cache-Control", "no-store"), ("Pragma", "no-cache")],
    )


def granted(token, now=None, host=tokens.HOST):
    now = int(now or time.time())
    return {
        "token_type": "Bearer",
        "access_token": token,
        "expires_in": "86399",
        "not_before": str(now - 300),
        "expires_on": str(now + 86400),
        "resource": f"{tokens.EXCHANGE}/{host}@{tokens.TENANT}",
    }


def denied(error, description, code):
    return {
        "error": error,
        "error_description": f"AADSTS{code}: {description} Trace ID: 3d5a1f0c-8c1f-4a57-9a0e-b1f5a3b20700 Correlation ID: 0c9d9ac1-2f5d-4f0b-9f5e-6f0f6f5b6c11 Timestamp: 2026-11-22 10:00:00Z",
        "error_codes": [code],
        "timestamp": "2026-11-22 10:00:00Z",
        "trace_id": "3d5a1f0c-8c1f-4a57-9a0e-b1f5a3b20700",
        "correlation_id": "0c9d9ac1-2f5d-4f0b-9f5e-6f0f6f5b6c11",
    }


def exchange_metadata(signers):
    document = tokens.metadata(signers, tokens.DOMAIN)
    document.update(name="Exchange", serviceName=tokens.EXCHANGE, issuer=f"{tokens.EXCHANGE}@{tokens.DOMAIN}", allowedAudiences=[f"{tokens.EXCHANGE}@{tokens.DOMAIN}"], endpoints=[{"location": f"https://{tokens.HOST}/autodiscover/metadata/json/1", "protocol": "OAuth2", "usage": "metadata"}])
    return Step("GET", "/autodiscover/metadata/json/1", tokens.HOST, [("User-Agent", "SkypeSpaces/1.0")], None, 200, json.dumps(document, separators=(",", ":")), "application/json; charset=utf-8", exchange_headers())


def outbound_log(error, target="https://outlook.office365.com/ews/exchange.asmx"):
    """The OAuthOutbound log of Exchange, written after its columns: three calls that failed so."""

    def lines(now):
        at = lambda seconds: time.strftime("%Y-%m-%dT%H:%M:%S.100Z", time.gmtime(now + seconds))
        head = ["#Software: Microsoft Exchange Server", "#Version: 15.02.1544.004", "#Log-type: OAuthOutbound Logs", f"#Date: {at(-3600)}", "#Fields: date-time,client-request-id,caller,target-uri,result-code,error-string,token-result"]
        return "".join(line + "\r\n" for line in head + [f'{at(seconds)},{uuid.uuid4()},EWS,{target},Fail,"{error}",' for seconds in (-40, -20, -1)])

    return lines
