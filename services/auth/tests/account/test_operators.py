"""Operators make accounts, find them and set their roles."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import PASSWORD, People
from quill_common.testing.kit import ServiceKit

NEW = {"username": "cleo", "name": "Cleo", "email": "cleo@example.org", "password": PASSWORD}
CREATED, CHANGED = "quill.auth.user.created.v1", "quill.auth.user.changed.v1"


@pytest.fixture
def operator(kit: ServiceKit) -> httpx.AsyncClient:
    return kit.service("operator")


async def create(operator: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await operator.post("/internal/users", json={**NEW, **more})


async def test_an_account_of_any_level_is_made_and_can_sign_in(
    kit: ServiceKit, people: People, operator: httpx.AsyncClient
) -> None:
    response = await create(
        operator,
        system_permissions="superadmin",
        base_profession="system_administrator",
        roles=["System Administrator"],
    )
    assert response.status_code == 200, response.text
    assert response.json() == {"detail": "created", "id": 1, "username": "cleo", "email": "cleo@example.org"}
    [event] = await kit.published(CREATED)
    assert (event["level"], event["roles"]) == ("superadmin", ["System Administrator"])
    cleo = await people.sign_in("cleo")
    assert (await cleo.client.get("/api/users")).status_code == 200


async def test_clinical_staff_can_work_at_once(kit: ServiceKit, operator: httpx.AsyncClient) -> None:
    assert (await create(operator, system_permissions="staff", base_profession="consultant")).status_code == 200
    assert (await kit.published(CREATED))[0]["roles"] == ["Clinician"]


@pytest.mark.parametrize(
    ("more", "status", "detail"),
    [
        ({"password": "seven77"}, 400, "Password must be at least 8 characters"),
        ({"password": "qwerty123"}, 400, "Password too common"),
        ({"username": "ADA2", "password": "ada2@example.org", "email": "ada2@example.org"}, 400, "Password too common"),
        ({"email": " "}, 400, "Missing required fields"),
        ({"username": "ada"}, 400, "Username already exists"),
        ({"email": "ADA@example.org"}, 400, "Email already exists"),
        ({"roles": ["Wizard"]}, 422, None),
        ({"system_permissions": "boss"}, 422, None),
        ({"base_profession": "wizard"}, 422, None),
        ({"username": None, "name": "a" * 200}, 422, None),
        ({"password": "a" * 129}, 422, None),
    ],
)
async def test_the_rules_of_the_api_hold_for_operators(
    kit: ServiceKit, people: People, operator: httpx.AsyncClient, more: dict[str, Any], status: int, detail: str | None
) -> None:
    await people.account(username="ada")
    response = await create(operator, **more)
    assert response.status_code == status, response.text
    if detail is not None:
        assert response.json() == {"detail": detail}
    assert len(await kit.read("SELECT id FROM users")) == 1


async def test_no_transaction_is_open_while_the_password_is_hashed(
    kit: ServiceKit, operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords, seen = kit.app.state.auth.passwords, []
    compute = type(passwords).hash

    async def noted(self: Any, password: str) -> str:
        open_ones = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() AND state LIKE :idle"
        seen.append((await kit.read(open_ones, idle="idle in transaction%"))[0]["n"])
        result: str = await compute(self, password)
        return result

    monkeypatch.setattr(type(passwords), "hash", noted)
    assert (await create(operator)).status_code == 200
    assert seen == [0]


async def test_two_operators_who_make_the_same_account_at_once(kit: ServiceKit, operator: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(create(operator) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    assert len(await kit.published(CREATED)) == 1


async def test_accounts_are_found_by_name_or_id(people: People, operator: httpx.AsyncClient) -> None:
    ada, _ = await people.account(username="ada", roles=("Clinician",), full_name="Ada Example")
    wanted = {
        "id": ada,
        "username": "ada",
        "name": "Ada Example",
        "email": "ada@example.org",
        "system_permissions": "staff",
        "base_profession": "consultant",
        "roles": ["Clinician"],
        "is_active": True,
    }
    for called in ("ada", str(ada)):
        answer = await operator.get("/internal/users", params={"called": called})
        assert answer.json() == {"users": [wanted], "next_cursor": None}
    for called in ("ADA", "0", "01", str(2**63), "9" * 40, "-1", "٣"):
        answer = await operator.get("/internal/users", params={"called": called})
        assert answer.json()["users"] == [], called
    assert (await operator.get("/internal/users", params={"called": "a\x00"})).status_code == 422


async def test_a_name_that_is_also_an_id_finds_both(people: People, operator: httpx.AsyncClient) -> None:
    ada, _ = await people.account()
    other, _ = await people.account(username=str(ada))
    found = (await operator.get("/internal/users", params={"called": str(ada)})).json()["users"]
    assert [one["id"] for one in found] == [ada, other]


async def test_all_accounts_are_listed_by_id_in_pages(people: People, operator: httpx.AsyncClient) -> None:
    made = [(await people.account(is_active=number % 2 == 0))[0] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = (await operator.get("/internal/users", params={"limit": 2, "cursor": cursor})).json()
        seen += [one["id"] for one in page["users"]]
        cursor = page["next_cursor"]
    assert seen == made
    assert (await operator.get("/internal/users", params={"cursor": "x"})).status_code == 400


async def test_roles_are_replaced_and_told_once(kit: ServiceKit, people: People, operator: httpx.AsyncClient) -> None:
    ada = await people.visitor("staff", roles=("Clinician",))
    path = f"/internal/users/{ada.id}/roles"
    new = ["Patient Advocate", "Clinical Administrator"]
    for _ in range(2):
        response = await operator.put(path, json={"roles": new})
        assert response.json() == {"detail": "updated", "id": ada.id, "roles": sorted(new)}
    assert [event["roles"] for event in await kit.published(CHANGED)] == [sorted(new)]
    assert (await ada.client.get("/api/auth/me")).json()["roles"] == sorted(new)
    assert (await operator.put(path, json={"roles": []})).json()["roles"] == []
    assert (await ada.client.get("/api/auth/me")).json()["roles"] == []


@pytest.mark.parametrize("body", [{}, {"roles": None}, {"roles": ["Wizard"]}, {"roles": ["Clinician", "Wizard"]}])
async def test_roles_that_are_not_known_change_nothing(
    kit: ServiceKit, people: People, operator: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    ada, _ = await people.account(roles=("Clinician",))
    assert (await operator.put(f"/internal/users/{ada}/roles", json=body)).status_code == 422
    assert await kit.published(CHANGED) == []
    assert (await operator.put("/internal/users/9999/roles", json={"roles": []})).status_code == 404


async def test_a_role_named_twice_is_one_role(people: People, operator: httpx.AsyncClient) -> None:
    ada, _ = await people.account()
    response = await operator.put(f"/internal/users/{ada}/roles", json={"roles": ["Clinician", "Clinician"]})
    assert response.json()["roles"] == ["Clinician"]


async def test_nobody_but_the_operator_may(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    asks: tuple[tuple[str, str, Any], ...] = (
        ("GET", "/internal/users", None),
        ("POST", "/internal/users", NEW),
        ("PUT", f"/internal/users/{root.id}/roles", {"roles": []}),
    )
    for method, path, body in asks:
        assert (await kit.anonymous.request(method, path, json=body)).status_code == 401
        assert (await root.client.request(method, path, json=body)).status_code == 401
        for name in ("gateway", "orgs", "auth"):
            assert (await kit.service(name).request(method, path, json=body)).status_code == 403
    assert len(await kit.read("SELECT id FROM users")) == 1
