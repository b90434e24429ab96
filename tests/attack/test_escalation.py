"""Nobody climbs: not alone, not by pushing another down at the same moment."""

import asyncio

import pytest
from quill_operator.visitor import Visitor
from system.ward import PASSWORD, Ward, account, good

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

ROUNDS = 10
ABOVE = {"detail": "Cannot grant permissions above your own"}
HIGHER = {"detail": "Cannot change a user above your own level"}


async def _signed_in(place: Ward, level: str) -> tuple[int, Visitor]:
    user_id, name = await account(place.admin, level, "patient")
    return user_id, await place.system.visitor(name, PASSWORD)


@pytest.mark.parametrize("level", ["admin", "superadmin"])
async def test_of_two_who_demote_each_other_at_once_one_is_left(place: Ward, level: str) -> None:
    one, other = await _signed_in(place, level), await _signed_in(place, level)
    pairs = ((one, other), (other, one))
    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            *(by.call("PATCH", f"/api/users/{whom}", {"system_permissions": "staff"}) for (_, by), (whom, _) in pairs)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 403]
        rows = await place.system.query(
            "SELECT system_permissions AS level FROM auth.users WHERE id = ANY($1)", [one[0], other[0]]
        )
        assert sorted(row["level"] for row in rows) == sorted([level, "staff"])
        for user_id in (one[0], other[0]):
            await good(await place.admin.call("PATCH", f"/api/users/{user_id}", {"system_permissions": level}))


async def test_an_admin_grants_nobody_more_than_an_admin_has(place: Ward) -> None:
    own_id, admin = await _signed_in(place, "admin")
    friend, _ = await account(place.admin)
    for user_id in (own_id, friend):
        answer = await admin.call("PATCH", f"/api/users/{user_id}", {"system_permissions": "superadmin"})
        assert (answer.status_code, answer.json()) == (403, ABOVE)
    body = {"name": "n", "username": "never", "email": "never@example.org", "password": PASSWORD}
    answer = await admin.call("POST", "/api/users", {**body, "system_permissions": "superadmin"})
    assert (answer.status_code, answer.json()) == (403, ABOVE)


@pytest.mark.parametrize(
    "change",
    [{"password": "a password of my own"}, {"email": "mine@example.net"}, {"username": "mine"}, {"roles": []}],
    ids=lambda change: next(iter(change)),
)
async def test_an_admin_takes_over_nobody_above(place: Ward, change: dict[str, object]) -> None:
    _, admin = await _signed_in(place, "admin")
    root, name = await account(place.admin, "superadmin", "patient")
    answer = await admin.call("PATCH", f"/api/users/{root}", change)
    assert (answer.status_code, answer.json()) == (403, HIGHER)
    await place.system.visitor(name, PASSWORD)


@pytest.mark.parametrize(
    ("method", "end"),
    [
        ("GET", "sessions"),
        ("DELETE", "sessions"),
        ("DELETE", "sessions/{session_id}"),
        ("POST", "deactivate"),
        ("POST", "activate"),
    ],
)
async def test_an_admin_neither_sees_nor_ends_what_is_of_somebody_above(place: Ward, method: str, end: str) -> None:
    _, admin = await _signed_in(place, "admin")
    root_id, root = await _signed_in(place, "superadmin")
    [mine] = (await good(await root.call("GET", "/api/auth/sessions")))["sessions"]
    answer = await admin.call(method, f"/api/users/{root_id}/{end.format(session_id=mine['id'])}")
    assert (answer.status_code, answer.json()) == (403, HIGHER)
    assert [one["id"] for one in (await good(await root.call("GET", "/api/auth/sessions")))["sessions"]] == [mine["id"]]


async def test_an_admin_brings_back_nobody_above(place: Ward) -> None:
    _, admin = await _signed_in(place, "admin")
    root, name = await account(place.admin, "superadmin", "patient")
    await good(await place.admin.call("POST", f"/api/users/{root}/deactivate"))
    answer = await admin.call("POST", f"/api/users/{root}/activate")
    assert (answer.status_code, answer.json()) == (403, HIGHER)
    assert (await place.system.stranger().sign_in(name, PASSWORD)).status_code == 400


async def test_who_was_demoted_acts_as_what_is_left_at_once(place: Ward) -> None:
    user_id, admin = await _signed_in(place, "admin")
    assert (await admin.call("GET", "/api/organizations")).status_code == 200
    await good(await place.admin.call("PATCH", f"/api/users/{user_id}", {"system_permissions": "patient"}))
    for path in ("/api/organizations", "/api/users", f"/api/patients/{place.patient_id}"):
        assert (await admin.call("GET", path)).status_code == 403, path
    assert (await admin.call("POST", "/api/organizations", {"name": "x", "type": "department"})).status_code == 403
