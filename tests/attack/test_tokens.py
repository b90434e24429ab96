"""Tokens that auth did not sign for this use are refused by the gateway, and by each service behind it."""

import asyncio
import base64
import hmac
import json
import time
import uuid
from typing import Any

import jwt
import pytest
from attack.browser import Session, cookie, me, send, session
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from quill_common.topology import SERVICES
from system.ward import PASSWORD, Ward, account

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

ASKED = {
    "auth": "/api/auth/me",
    "orgs": "/api/organizations",
    "patients": "/api/patients",
    "letters": "/api/patients/x/letters",
    "messaging": "/api/conversations",
}


@pytest.fixture(scope="module")
async def mine(place: Ward) -> Session:
    _, name = await account(place.admin, "superadmin", "patient")
    return await session(place.system.url, name, PASSWORD)


async def _public_key(place: Ward, kid: str) -> bytes:
    """The published key as PEM and as it is, which careless verifiers take for a shared secret."""
    answer = await send(place.system.processes()["auth"]["url"], "GET", "/.well-known/jwks.json", {})
    key = next(key for key in answer.json()["keys"] if key["kid"] == kid)
    public: Any = jwt.PyJWK(key).key
    pem: bytes = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem


def _written(algorithm: str, kid: str, claims: dict[str, Any]) -> str:
    """Header and claims by hand: the library refuses to make some of what attackers make."""
    parts = ({"alg": algorithm, "typ": "JWT", "kid": kid}, claims)
    return ".".join(_base64(json.dumps(part).encode()) for part in parts)


def _hmac(claims: dict[str, Any], kid: str, secret: bytes) -> str:
    signed = _written("HS256", kid, claims)
    return f"{signed}.{_base64(hmac.digest(secret, signed.encode(), 'sha256'))}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


async def _forged(place: Ward, mine: Session) -> dict[str, str]:
    kid = jwt.get_unverified_header(mine.access)["kid"]
    claims = jwt.decode(mine.access, options={"verify_signature": False})
    own = Ed25519PrivateKey.generate()
    now = int(time.time())

    def signed(kid: str = kid, **changes: Any) -> str:
        return jwt.encode({**claims, **changes}, own, algorithm="EdDSA", headers={"kid": kid})

    head, body, signature = mine.access.split(".")
    longer = jwt.encode({**claims, "exp": now + 10**6}, own, algorithm="EdDSA", headers={"kid": kid}).split(".")[1]
    jwk = jwt.algorithms.OKPAlgorithm.to_jwk(own.public_key(), as_dict=True)
    return {
        "none": f"{_written('none', kid, claims)}.",
        "none, with the old signature": f"{_written('none', kid, claims)}.{signature}",
        "public key as a secret": _hmac(claims, kid, await _public_key(place, kid)),
        "a key of one's own": signed(),
        "an unknown key id": signed(kid=str(uuid.uuid4())),
        "a path as key id": signed(kid="../../../../dev/null"),
        "the key in the header": jwt.encode(claims, own, algorithm="EdDSA", headers={"kid": kid, "jwk": jwk}),
        "another lifetime": f"{head}.{longer}.{signature}",
        "no signature": f"{head}.{body}.",
        "the refresh token": mine.refresh,
        "the CSRF token": mine.csrf,
        "twice": f"{mine.access}.{signature}",
        "none in capitals": f"{_written('NONE', kid, claims)}.{signature}",
        "nothing": "..",
        "long": "a" * 20_000,
    }


async def test_the_gateway_refuses_every_forged_token(place: Ward, mine: Session) -> None:
    assert (await me(place.system.url, mine.headers()))[0] == 200
    forged = await _forged(place, mine)
    cookies = [cookie(**{**mine.cookies, "access_token": token}) for token in forged.values()]
    # At once: an unknown key id is looked up once a second, and who asks meanwhile waits for that.
    answers = await asyncio.gather(*(me(place.system.url, {**mine.headers(), **one}) for one in cookies))
    assert dict(zip(forged, answers, strict=True)) == dict.fromkeys(forged, (401, {"detail": "Invalid token"}))


@pytest.mark.parametrize("service", SERVICES)
async def test_each_service_refuses_every_forged_token(place: Ward, mine: Session, service: str) -> None:
    url = place.system.processes()[service]["url"]
    good = await send(url, "GET", ASKED[service], {"Authorization": f"Bearer {mine.access}"})
    assert good.status_code in {200, 403}
    forged = await _forged(place, mine)
    headers = [{"Authorization": f"Bearer {token}"} for token in forged.values()]
    answers = await asyncio.gather(*(send(url, "GET", ASKED[service], one) for one in headers))
    statuses = [answer.status_code for answer in answers]
    assert dict(zip(forged, statuses, strict=True)) == dict.fromkeys(forged, 401)


async def test_an_access_token_renews_nothing(place: Ward, mine: Session) -> None:
    forged = {**await _forged(place, mine), "the access token": mine.access}
    del forged["the refresh token"]
    for name, token in forged.items():
        answer = await send(place.system.url, "POST", "/api/auth/refresh", cookie(refresh_token=token))
        assert (answer.status_code, answer.json()) == (401, {"detail": "Bad refresh token"}), name
