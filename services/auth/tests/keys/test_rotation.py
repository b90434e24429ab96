"""Rotation by the clock and by hand."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from quill_auth.keys.rotation import tend
from quill_auth.parts import AuthParts
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_common.identity.purposes import PURPOSES, Purpose
from quill_common.identity.signing_keys import SigningKeys
from quill_common.testing.kit import ServiceKit

DAY = 86_400.0


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


def told(answer: Any) -> dict[Purpose, list[tuple[str, str]]]:
    return {purpose: [(key["kid"], key["state"]) for key in keys] for purpose, keys in answer.items()}


async def test_every_purpose_is_rotated_by_the_clock_and_cleared_by_the_life_of_its_tokens(
    kit: ServiceKit, tmp_path: Path
) -> None:
    clock = Clock()
    settings: Settings = kit.parts.settings.model_copy(update={"key_rotation_days": 30})
    auth = replace(AuthParts.of(settings, SigningKeys(tmp_path, clock)), settings=settings)
    first = {purpose: auth.keys.signing(purpose)[0] for purpose in PURPOSES}
    clock.now += 29 * DAY
    await tend(auth, kit.parts.audit)
    assert {purpose: len(auth.keys.rings[purpose].states()) for purpose in PURPOSES} == dict.fromkeys(PURPOSES, 1)
    clock.now += 2 * DAY
    await tend(auth, kit.parts.audit)
    assert {purpose: auth.keys.signing(purpose)[0] for purpose in PURPOSES} == first
    clock.now += 3600
    await tend(auth, kit.parts.audit)
    # An access token lives for a quarter of an hour, the others for days.
    assert [first[purpose] in auth.keys.rings[purpose].public for purpose in PURPOSES] == [False, True, True]
    clock.now += settings.refresh_seconds
    await tend(auth, kit.parts.audit)
    assert [first[purpose] in auth.keys.rings[purpose].public for purpose in PURPOSES] == [False, False, False]


async def test_the_operator_sees_the_keys_and_makes_new_ones(kit: ServiceKit, people: People) -> None:
    operator, ada = kit.service("operator"), await people.visitor()
    before = told((await operator.get("/internal/keys")).json())
    assert set(before) == set(PURPOSES)
    assert all([state for _, state in keys].count("signing") == 1 for keys in before.values())
    after = told((await operator.post("/internal/keys/rotate?purpose=csrf")).json())
    assert (after["access"], after["refresh"]) == (before["access"], before["refresh"])
    assert [state for _, state in set(after["csrf"]) - set(before["csrf"])] == ["next"]
    at_once = told((await operator.post("/internal/keys/rotate?now=true")).json())
    for purpose in PURPOSES:
        (signing,) = [kid for kid, state in at_once[purpose] if state == "signing"]
        assert kit.keys.signing(purpose)[0] == signing
        assert signing not in {kid for kid, _ in after[purpose]}
    assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert (await people.refresh(ada.refresh)).status_code == 200


async def test_the_answers_hold_nothing_private(kit: ServiceKit) -> None:
    answer = (await kit.service("operator").get("/internal/keys")).json()
    assert {name for keys in answer.values() for key in keys for name in key} == {"kid", "signs_from", "state"}


async def test_revoking_the_old_keys_signs_everybody_out(kit: ServiceKit, people: People) -> None:
    operator, ada = kit.service("operator"), await people.visitor()
    revoked = await operator.post("/internal/keys/rotate?now=true&revoke_old=true")
    assert [len(keys) for keys in revoked.json().values()] == [1, 1, 1]
    assert (await ada.client.get("/api/auth/me")).json() == {"detail": "Invalid token"}
    assert (await people.refresh(ada.refresh)).status_code == 401
    again = await people.sign_in(ada.username)
    assert (await again.client.get("/api/auth/me")).status_code == 200


async def test_revoking_the_keys_of_access_tokens_alone_lets_people_renew_their_session(
    kit: ServiceKit, people: People
) -> None:
    ada = await people.visitor()
    path = "/internal/keys/rotate?purpose=access&now=true&revoke_old=true"
    assert (await kit.service("operator").post(path)).status_code == 200
    assert (await ada.client.get("/api/auth/me")).status_code == 401
    assert (await people.refresh(ada.refresh)).status_code == 200


@pytest.mark.parametrize(
    ("query", "status"),
    [("revoke_old=true", 400), ("purpose=service", 422), ("purpose=", 422), ("now=perhaps", 422)],
)
async def test_a_wrong_wish_changes_nothing(kit: ServiceKit, query: str, status: int) -> None:
    operator = kit.service("operator")
    before = (await operator.get("/internal/keys")).json()
    assert (await operator.post(f"/internal/keys/rotate?{query}")).status_code == status
    assert (await operator.get("/internal/keys")).json() == before


@pytest.mark.parametrize(("method", "path"), [("GET", "/internal/keys"), ("POST", "/internal/keys/rotate")])
async def test_nobody_but_the_operator_may(kit: ServiceKit, people: People, method: str, path: str) -> None:
    root = await people.visitor("superadmin")
    assert (await root.client.request(method, path)).status_code == 401
    assert (await kit.anonymous.request(method, path)).status_code == 401
    for name in ("gateway", "orgs"):
        assert (await kit.service(name).request(method, path)).status_code == 403
