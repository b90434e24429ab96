"""Links to a patient's record: forged, of another purpose, and used for what they are not."""

import base64
import json
import secrets
from typing import Any

import jwt
import pytest
from attack.browser import Session, cookie, me, send, session
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from quill_common.topology import SERVICES
from system.ward import PASSWORD, Ward, account, invite

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

INVALID = (400, {"detail": "Invalid or expired invite token"})


@pytest.fixture(scope="module")
async def mine(place: Ward) -> Session:
    _, name = await account(place.admin, "superadmin", "patient")
    return await session(place.system.url, name, PASSWORD)


async def _accept(place: Ward, token: str) -> tuple[int, Any]:
    body = {"token": token, "username": f"x{secrets.token_hex(6)}", "password": PASSWORD}
    response = await send(place.system.url, "POST", "/api/accept-invite", {}, body)
    return response.status_code, response.json()


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _forged(token: str, mine: Session) -> dict[str, str]:
    head, body, signature = token.split(".")
    header, claims = jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})
    mallory = {**claims, "email": "mallory@example.org"}
    own = Ed25519PrivateKey.generate()
    return {
        "the access token": mine.access,
        "the refresh token": mine.refresh,
        "the CSRF token": mine.csrf,
        "none": f"{_part({**header, 'alg': 'none'})}.{body}.",
        "none, with the signature": f"{_part({**header, 'alg': 'none'})}.{body}.{signature}",
        "another address": f"{head}.{_part(mallory)}.{signature}",
        "a key of one's own": jwt.encode(mallory, own, algorithm="EdDSA", headers={"kid": header["kid"]}),
        "the key of access tokens": jwt.encode(
            claims, own, algorithm="EdDSA", headers={"kid": jwt.get_unverified_header(mine.access)["kid"]}
        ),
        "a shared secret": jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": header["kid"]}),
        "no signature": f"{head}.{body}.",
        "nothing": "",
    }


async def test_no_other_token_is_an_invitation(place: Ward, mine: Session) -> None:
    token = await invite(place.admin, place.patient_id, f"{secrets.token_hex(6)}@example.org")
    before = await place.system.query("SELECT count(*) FROM auth.users")
    for name, forged in _forged(token, mine).items():
        assert await _accept(place, forged) == INVALID, name
    assert await place.system.query("SELECT count(*) FROM auth.users") == before
    assert (await _accept(place, token))[0] == 200


async def test_an_invitation_is_no_other_token(place: Ward, mine: Session) -> None:
    token = await invite(place.admin, place.patient_id, f"{secrets.token_hex(6)}@example.org")
    for held in (mine.headers() | cookie(**{**mine.cookies, "access_token": token}), cookie(access_token=token)):
        assert await me(place.system.url, held) == (401, {"detail": "Invalid token"})
    csrf = {**cookie(access_token=mine.access, XSRF_TOKEN=token), "X-CSRF-Token": token}
    refused = await send(place.system.url, "POST", "/api/organizations", csrf, {"name": "x", "type": "department"})
    assert (refused.status_code, refused.json()) == (403, {"detail": "CSRF failed"})
    renewed = await send(place.system.url, "POST", "/api/auth/refresh", cookie(refresh_token=token))
    assert (renewed.status_code, renewed.json()) == (401, {"detail": "Bad refresh token"})
    reset = {"token": token, "new_password": PASSWORD}
    assert (await send(place.system.url, "POST", "/api/auth/reset-password", {}, reset)).status_code == 400
    for service in SERVICES:
        url = place.system.processes()[service]["url"]
        inside = await send(url, "GET", "/internal/events", {"Authorization": f"Bearer {token}"})
        assert (inside.status_code, inside.json()) == (401, {"detail": "Invalid token"}), service


async def test_the_key_of_invitations_is_published_nowhere(place: Ward) -> None:
    token = await invite(place.admin, place.patient_id, f"{secrets.token_hex(6)}@example.org")
    kid = jwt.get_unverified_header(token)["kid"]
    published = await send(place.system.processes()["auth"]["url"], "GET", "/.well-known/jwks.json", {})
    assert kid not in published.text


async def test_nobody_makes_an_account_through_the_inner_door(place: Ward, mine: Session) -> None:
    body = {
        "invitation_id": "5d0a5d0a-5d0a-4d0a-8d0a-5d0a5d0a5d0a",
        "email": "x@example.org",
        "user_type": "external_hcp",
    }
    url = place.system.processes()["auth"]["url"]
    for headers in ({}, {"Authorization": f"Bearer {mine.access}"}, mine.headers()):
        assert (await send(url, "POST", "/internal/invited-accounts", headers, body)).status_code == 401
    through = await send(place.system.url, "POST", "/internal/invited-accounts", mine.headers(), body)
    assert through.status_code == 404
