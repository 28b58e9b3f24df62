"""Keys, certificates and tokens of the family that Exchange and Microsoft's token service exchange."""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
SKYPE = "00000004-0000-0ff1-ce00-000000000000"
SCHEDULER = "7557eb47-c689-4224-abcf-aef9bd7573df"
VOICEMAIL = "db7de2b5-2149-435e-8043-e080dd50afae"
SHAREPOINT = "00000003-0000-0ff1-ce00-000000000000"
ACS = "00000001-0000-0000-c000-000000000000"
TENANT = "5e3a1c52-7d0b-4f1e-9c55-2b1f0a6d9e11"
OTHER_TENANT = "c0ffee00-1111-4222-8333-444455556666"
DOMAIN = "contoso.example"
HOST = "mail.contoso.example"
STS_HOST = "accounts.accesscontrol.windows.net"


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Signer:
    """An RSA key with its certificate; the private half stays in the key folder, outside the project."""

    def __init__(self, folder: pathlib.Path, name: str, subject: str, start_days: int, end_days: int, bits=2048):
        path = folder / f"{name}.pem"
        if path.exists():
            data = path.read_bytes()
            self.key = serialization.load_pem_private_key(data, None)
            self.certificate = x509.load_pem_x509_certificate(data[data.index(b"-----BEGIN CERT"):])
            return
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        name_ = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name_)
            .issuer_name(name_)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=start_days))
            .not_valid_after(now + datetime.timedelta(days=end_days))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        path.write_bytes(
            self.key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + self.certificate.public_bytes(serialization.Encoding.PEM)
        )

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def x5t(self) -> str:
        return b64url(hashlib.sha1(self.der).digest())

    def sign(self, data: bytes) -> bytes:
        return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def encode(header: dict, claims: dict, signature) -> str:
    """A compact serialisation; `signature` is a function of the signing input."""
    text = b64url(json.dumps(header, separators=(",", ":")).encode())
    text += "." + b64url(json.dumps(claims, separators=(",", ":")).encode())
    return text + "." + b64url(signature(text.encode()))


def rs256(signer: Signer, claims: dict, kid=False, **header) -> str:
    head = {"typ": "JWT", "alg": "RS256", "x5t": signer.x5t}
    if kid:
        head["kid"] = signer.x5t
    head.update(header)
    return encode(head, claims, signer.sign)


def actor(signer: Signer, app=SKYPE, realm=TENANT, host=HOST, now=None, **changes) -> str:
    """An actor token as the token service issues it: 24 hours and five minutes, back-dated by five."""
    now = int(now or time.time())
    claims = {
        "aud": f"{EXCHANGE}/{host}@{realm}",
        "iss": f"{ACS}@{realm}",
        "iat": now - 300,
        "nbf": now - 300,
        "exp": now + 86400,
        "identityprovider": f"{ACS}@{realm}",
        "nameid": f"{app}@{realm}",
        "oid": "7b3c1d0e-55aa-4c1b-8f6e-10aa20bb30cc",
        "sub": "7b3c1d0e-55aa-4c1b-8f6e-10aa20bb30cc",
        "trustedfordelegation": "true",
    }
    claims.update(changes)
    return rs256(signer, {k: v for k, v in claims.items() if v is not None}, kid=True)


def outer(actor_token, app=SKYPE, realm=TENANT, host=HOST, now=None, issuer=None, **changes) -> str:
    """An unsigned outer token around an actor token."""
    now = int(now or time.time())
    claims = {
        "aud": f"{EXCHANGE}/{host}@{realm}",
        "iss": issuer or f"{app}@{realm}",
        "nbf": str(now - 10),
        "exp": str(now + 28790),
        "nameid": "10037FFE8A1B2C3D",
        "nii": "urn:federation:MicrosoftOnline",
        "upn": "adele@" + DOMAIN,
        "smtp": "adele@" + DOMAIN,
        "sip": "adele@" + DOMAIN,
        "actortoken": actor_token,
    }
    claims.update(changes)
    return encode({"typ": "JWT", "alg": "none"}, {k: v for k, v in claims.items() if v is not None}, lambda _: b"")


def assertion(signer: Signer, app=EXCHANGE, realm=TENANT, now=None, **changes) -> str:
    """A self-issued assertion of Exchange for the token service."""
    now = int(now or time.time())
    claims = {
        "iss": f"{app}@{realm}",
        "aud": f"{ACS}/{STS_HOST}@{realm}",
        "nbf": str(now - 5),
        "exp": str(now + 595),
    }
    claims.update(changes)
    return rs256(signer, {k: v for k, v in claims.items() if v is not None})


def hs256_with(public: bytes, claims: dict) -> str:
    """The classic confusion: a MAC keyed with what everybody may know."""
    return encode(
        {"typ": "JWT", "alg": "HS256"}, claims, lambda data: hmac.new(public, data, hashlib.sha256).digest()
    )


def metadata(signers, realm=TENANT) -> dict:
    """The token service's S2S metadata document with these signing certificates."""
    return {
        "id": "_7f2b1c33-9d10-4e57-8a4e-0d3b5a1c9e77",
        "version": "1.0",
        "name": "ACS",
        "realm": realm,
        "serviceName": ACS,
        "issuer": f"{ACS}@{realm}",
        "allowedAudiences": [f"{ACS}@{realm}"],
        "keys": [
            {
                "usage": "signing",
                "keyinfo": {"x5t": signer.x5t},
                "keyvalue": {"type": "x509Certificate", "value": base64.b64encode(signer.der).decode()},
            }
            for signer in signers
        ],
        "endpoints": [
            {
                "location": f"https://{STS_HOST}/{realm}/tokens/OAuth/2",
                "protocol": "OAuth2",
                "usage": "issuance",
            }
        ],
    }
