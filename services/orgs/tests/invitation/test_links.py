"""Links that are not good: forged, of another purpose, too old, of nothing (contract 1.4, 5.14)."""

import base64
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from quill_common.identity.key_ring import KeyRing
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.identity.tokens import TokenSigner
from quill_common.testing.forged import SESSION
from quill_common.testing.kit import ServiceKit
from quill_orgs.invitation.links import Links
from quill_orgs.invitation.repository import forget_over
from quill_orgs.testing.accounts import Accounts
from quill_orgs.testing.invitations import Accept, Invite
from sqlalchemy import text

INVALID = (400, {"detail": "Invalid or expired invite token"})


def _part(content: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def _signed(kit: ServiceKit, token: str, **changes: Any) -> str:
    """The token with other claims, signed with the true key; None leaves a claim out."""
    kid, key = KeyRing(kit.directory / "keys" / "orgs" / "invite").signing()
    claims = {**jwt.decode(token, options={"verify_signature": False}), **changes}
    given = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(given, key, algorithm="EdDSA", headers={"kid": kid})


def _forged(kit: ServiceKit, token: str) -> dict[str, str]:
    head, body, signature = token.split(".")
    claims = jwt.decode(token, options={"verify_signature": False})
    header = jwt.get_unverified_header(token)
    signer = TokenSigner(kit.keys)
    service = ServiceTokens("orgs", kit.directory / "keys" / "services" / "orgs.pem")
    return {
        "nothing": "",
        "dots": "..",
        "letters": "a.b.c",
        "long": "a" * 20_000,
        "none": f"{_part({**header, 'alg': 'none'})}.{body}.",
        "none, with the signature": f"{_part({**header, 'alg': 'none'})}.{body}.{signature}",
        "HS256": jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": header["kid"]}),
        "a key of one's own": jwt.encode(
            claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": header["kid"]}
        ),
        "another payload": f"{head}.{_part({**claims, 'email': 'mallory@example.org'})}.{signature}",
        "no signature": f"{head}.{body}.",
        "an unknown key": jwt.encode(
            claims, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": str(uuid.uuid4())}
        ),
        "an access token": signer.access(1, SESSION, roles=(), competencies=(), lifetime=600),
        "a refresh token": signer.refresh(1, SESSION, lifetime=600),
        "a CSRF token": signer.csrf(1, SESSION, lifetime=600),
        "a service token": service.token("orgs"),
    }


async def test_what_is_no_good_link_is_refused_alike(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    for name, forged in _forged(kit, token).items():
        assert await accept(forged) == INVALID, name
    assert accounts.asked == await kit.read("SELECT 1 FROM external_patient_access") == []
    assert (await accept(token))[0] == 200


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "access"},
        {"purpose": None},
        {"type": "refresh"},
        {"type": None},
        {"iss": "quill-auth"},
        {"aud": "quill"},
        {"aud": ["quill-orgs", "quill"]},
        {"exp": 1_700_000_000},
        {"exp": None},
        {"iat": None},
        {"jti": None},
        {"jti": "7"},
        {"jti": "6f2b8c1e-9d3a-4e5f-8a7b-1c2d3e4f5a6b"},
        {"email": "mallory@example.org"},
        {"patient_id": "p-2"},
        {"user_type": "patient_advocate"},
        {"inviter": 999},
        {"inviter": None},
    ],
    ids=str,
)
async def test_a_signed_token_that_says_something_else_is_refused(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept, change: dict[str, Any]
) -> None:
    token = await invite()
    assert await accept(_signed(kit, token, **change)) == INVALID
    assert accounts.asked == []
    assert (await accept(_signed(kit, token)))[0] == 200


async def test_a_link_works_for_seven_days_whatever_its_token_says(
    kit: ServiceKit, accounts: Accounts, invite: Invite, accept: Accept
) -> None:
    token = await invite()
    longer = _signed(kit, token, exp=int(time.time()) + 90 * 86_400)
    back = "UPDATE invitation SET created_at = clock_timestamp() - CAST(:age AS interval)"
    await kit.write(text(back), {"age": timedelta(days=7, seconds=1)})
    assert await accept(longer) == INVALID
    await kit.write(text(back), {"age": timedelta(days=6, hours=23)})
    assert (await accept(longer))[0] == 200


async def test_what_is_over_is_forgotten_with_its_address(kit: ServiceKit, invite: Invite) -> None:
    for _ in range(2):
        await invite()
    await kit.write(
        text(
            "UPDATE invitation SET created_at = clock_timestamp() - interval '9 days' "
            "WHERE id = (SELECT id FROM invitation LIMIT 1)"
        )
    )
    async with kit.parts.database.writer() as writer:
        assert await forget_over(writer) == 1
    assert len(await kit.read("SELECT 1 FROM invitation")) == 1


async def test_an_invitation_signs_nobody_in(kit: ServiceKit, invite: Invite) -> None:
    token = await invite()
    for path in ("/api/organizations", "/internal/projections"):
        response = await kit.client(token).get(path)
        assert (response.status_code, response.json()) == (401, {"detail": "Invalid token"})


def test_keys_change_without_ending_links(tmp_path: Path) -> None:
    links = Links(tmp_path)
    ring = KeyRing(tmp_path / "keys" / "orgs" / "invite")
    said = {"type": "invite", "patient_id": "p", "email": "e", "user_type": "external_hcp", "inviter": 1}
    number = uuid.uuid4()
    token = links.token(number, datetime.now(UTC), said)
    ring.rotate(at_once=True)
    again = Links(tmp_path)
    assert again.read(token) == (number, said)
    newer = again.token(number, datetime.now(UTC), said)
    assert jwt.get_unverified_header(newer)["kid"] != jwt.get_unverified_header(token)["kid"]
    for folder, mode in (("keys/orgs/invite", 0o700),):
        assert (tmp_path / folder).stat().st_mode & 0o777 == mode
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys/orgs/invite").glob("*.pem")} == {0o600}
