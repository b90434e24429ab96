"""Administrators change accounts."""

import asyncio
from typing import Any

import httpx
import pytest
from quill_auth.testing.people import PASSWORD, People, Visitor
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

CHANGED = "quill.auth.user.changed.v1"


@pytest.fixture
async def admin(people: People) -> Visitor:
    return await people.visitor("admin")


@pytest.fixture
async def ben(people: People) -> int:
    user_id, _ = await people.account("staff", username="ben", email="ben@example.org", full_name="Ben Example")
    return user_id


async def patch(visitor: Visitor, user_id: int | str, **body: Any) -> httpx.Response:
    return await visitor.client.patch(f"/api/users/{user_id}", json=body)


async def test_everything_can_be_changed_at_once(kit: ServiceKit, admin: Visitor, ben: int) -> None:
    response = await patch(
        admin,
        ben,
        name=" Benjamin ",
        username=" benjamin ",
        email=" b@example.org ",
        base_profession="pharmacist",
        additional_competencies=["interpret_ecg"],
        removed_competencies=["certify_fitness_to_work"],
        roles=["Clinical Administrator"],
        system_permissions="admin",
    )
    assert response.json() == {"detail": "updated", "id": ben, "username": "benjamin", "email": "b@example.org"}
    assert (await admin.client.get(f"/api/users/{ben}")).json() == {
        "id": ben,
        "username": "benjamin",
        "email": "b@example.org",
        "name": "Benjamin",
        "base_profession": "pharmacist",
        "additional_competencies": ["interpret_ecg"],
        "removed_competencies": ["certify_fitness_to_work"],
        "roles": ["Clinical Administrator"],
        "system_permissions": "admin",
    }
    event = (await kit.published(CHANGED))[-1]
    assert event["level"] == "admin"
    assert event["roles"] == ["Clinical Administrator"]
    assert event["competencies"] == [
        "access_patient_records",
        "interpret_ecg",
        "modify_patient_records",
        "prescribe_controlled_schedule_3_4_5",
        "prescribe_non_controlled",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": None, "roles": None, "email": None},
        {"password": "", "base_profession": "", "system_permissions": ""},
    ],
)
async def test_absent_null_and_empty_mean_unchanged(
    kit: ServiceKit, admin: Visitor, ben: int, body: dict[str, Any]
) -> None:
    before = (await admin.client.get(f"/api/users/{ben}")).json()
    assert (await patch(admin, ben, **body)).status_code == 200
    assert (await admin.client.get(f"/api/users/{ben}")).json() == before
    assert await kit.published(CHANGED) == []


async def test_a_blank_name_clears_it_and_the_username_is_shown(admin: Visitor, ben: int) -> None:
    await patch(admin, ben, name=" ")
    assert (await admin.client.get(f"/api/users/{ben}")).json()["name"] == "ben"


async def test_empty_lists_empty(admin: Visitor, ben: int) -> None:
    await patch(admin, ben, additional_competencies=["interpret_ecg"], roles=["Clinician"])
    await patch(admin, ben, additional_competencies=[], roles=[])
    shown = (await admin.client.get(f"/api/users/{ben}")).json()
    assert (shown["additional_competencies"], shown["roles"]) == ([], [])


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate", "staff"])
async def test_who_is_below_admin_reads_and_changes_nobody(people: People, ben: int, level: str) -> None:
    visitor = await people.visitor(level)
    for user_id in (ben, visitor.id, 9999, "x"):
        response = await patch(visitor, user_id, system_permissions="boss")
        assert response.status_code == 403
        assert response.json() == {"detail": "Admin or superadmin permissions required to update users"}
        response = await visitor.client.get(f"/api/users/{user_id}")
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "Requires admin or superadmin permissions"},
        )


@pytest.mark.parametrize("user_id", [0, -1, 9999, 2**63 - 1])
async def test_an_unknown_id_is_a_404(admin: Visitor, user_id: int) -> None:
    for response in (await patch(admin, user_id, name="x"), await admin.client.get(f"/api/users/{user_id}")):
        assert (response.status_code, response.json()) == (404, {"detail": "User not found"})


@pytest.mark.parametrize("user_id", [2**63, "x", "1.5"])
async def test_an_id_that_is_none_is_a_422(admin: Visitor, user_id: int | str) -> None:
    for response in (await patch(admin, user_id, name="x"), await admin.client.get(f"/api/users/{user_id}")):
        assert response.status_code == 422


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"username": " "}, "Username is required"),
        ({"email": " "}, "Email is required"),
        ({"username": "taken"}, "Username already exists"),
        ({"username": "taken", "email": "taken@example.org"}, "Username already exists"),
        ({"email": "TAKEN@example.org"}, "Email already exists"),
        ({"password": "seven77"}, "Password must be at least 8 characters"),
        ({"password": "qwerty123"}, "Password too common"),
        ({"password": "BEN@example.org"}, "Password too common"),
        ({"username": "benedict1", "password": "Benedict1"}, "Password too common"),
    ],
)
async def test_each_refusal_has_its_text_and_nothing_is_stored(
    kit: ServiceKit, people: People, admin: Visitor, ben: int, body: dict[str, Any], detail: str
) -> None:
    await people.account(username="taken", email="taken@example.org")
    response = await patch(admin, ben, name="Stored?", **body)
    assert (response.status_code, response.json()) == (400, {"detail": detail})
    assert (await admin.client.get(f"/api/users/{ben}")).json()["name"] == "Ben Example"
    assert await kit.published(CHANGED) == []


@pytest.mark.parametrize(
    "body",
    [
        {"system_permissions": "boss"},
        {"base_profession": "wizard"},
        {"additional_competencies": ["fly"]},
        {"roles": ["Wizard"]},
        {"username": "a" * 151},
        {"email": "a\x00"},
        {"password": "a" * 129},
        {"name": 5},
    ],
)
async def test_unknown_values_and_lengths_are_a_422(admin: Visitor, ben: int, body: dict[str, Any]) -> None:
    assert (await patch(admin, ben, **body)).status_code == 422


async def test_own_name_and_address_may_be_said_again_in_other_case(admin: Visitor, ben: int) -> None:
    response = await patch(admin, ben, username="ben", email="Ben@Example.org")
    assert response.json()["email"] == "Ben@Example.org"


async def test_nobody_reaches_above_the_own_level(people: People, admin: Visitor, ben: int) -> None:
    root, _ = await people.account("superadmin")
    grant = {"detail": "Cannot grant permissions above your own"}
    above = {"detail": "Cannot change a user above your own level"}
    for user_id in (ben, admin.id):
        response = await patch(admin, user_id, system_permissions="superadmin")
        assert (response.status_code, response.json()) == (403, grant)
    for body in ({"password": "a quiet Monday"}, {"name": "x"}, {"system_permissions": "patient"}, {}):
        response = await patch(admin, root, **body)
        assert (response.status_code, response.json()) == (403, above)


async def test_equals_may_be_changed(people: People, admin: Visitor) -> None:
    other, _ = await people.account("admin")
    assert (await patch(admin, other, system_permissions="staff")).status_code == 200


async def test_a_new_password_ends_all_sessions_of_that_user(
    kit: ServiceKit, people: People, admin: Visitor, ben: int
) -> None:
    visits = [await people.sign_in("ben") for _ in range(2)]
    response = await patch(admin, ben, password="a quiet Monday")
    assert response.status_code == 200
    ended = {await people.session_of(visit) for visit in visits}
    assert set(response.headers["X-Quill-Revoked-Sessions"].split(",")) == ended
    assert {e["session_id"] for e in await kit.published("quill.auth.session.revoked.v1")} == ended
    for visit in visits:
        assert (await visit.client.get("/api/auth/me")).status_code == 401
        assert (await people.refresh(visit.refresh)).json() == {"detail": "Bad refresh token"}
    assert (await people.login("ben", PASSWORD)).status_code == 400
    assert (await people.login("ben", "a quiet Monday")).status_code == 200
    assert (await admin.client.get("/api/auth/me")).status_code == 200


async def test_the_answer_names_all_of_very_many_sessions(kit: ServiceKit, admin: Visitor, ben: int) -> None:
    into = "INSERT INTO session (id, user_id, expires_at)"
    many = f"{into} SELECT gen_random_uuid(), :ben, now() + interval '1 day' FROM generate_series(1, 450)"
    await kit.write(text(many), {"ben": ben})
    response = await patch(admin, ben, password="a quiet Monday")
    lines = response.headers.get_list("X-Quill-Revoked-Sessions")
    assert len({session for line in lines for session in line.split(",")}) == 450
    assert max(map(len, lines)) < 8000


async def test_sign_ins_beside_a_password_change_never_outlive_it(
    kit: ServiceKit, people: People, admin: Visitor, ben: int
) -> None:
    tries = [people.login("ben") for _ in range(6)]
    await asyncio.gather(*tries[:3], patch(admin, ben, password="a quiet Monday"), *tries[3:])
    live = "SELECT id FROM session WHERE user_id = :ben AND ended_at IS NULL"
    assert await kit.read(live, ben=ben) == []


async def test_a_changed_level_works_at_once(people: People, admin: Visitor) -> None:
    other = await people.visitor("admin")
    await patch(admin, other.id, system_permissions="staff")
    assert (await other.client.get("/api/users")).status_code == 403


async def test_the_last_active_superadmin_stays(kit: ServiceKit, people: People) -> None:
    root = await people.visitor("superadmin")
    await people.account("superadmin", is_active=False)
    response = await patch(root, root.id, system_permissions="admin", name="Stored?")
    assert response.status_code == 409
    assert response.json() == {"detail": "At least one active superadmin must remain"}
    assert (await patch(root, root.id, system_permissions="superadmin", name="Root")).status_code == 200
    await people.account("superadmin")
    assert (await patch(root, root.id, system_permissions="admin")).status_code == 200


async def test_superadmins_who_demote_each_other_at_once_leave_one(kit: ServiceKit, people: People) -> None:
    for _ in range(3):
        await kit.empty()
        roots = [await people.visitor("superadmin") for _ in range(4)]
        pairs = zip(roots, roots[1:] + roots[:1], strict=True)
        answers = await asyncio.gather(*(patch(one, other.id, system_permissions="admin") for one, other in pairs))
        assert {answer.status_code for answer in answers} <= {200, 403, 409}
        left = "SELECT id FROM users WHERE system_permissions = 'superadmin'"
        assert len(await kit.read(left)) >= 1


async def test_changes_at_once_end_with_the_last_event_telling_the_truth(
    kit: ServiceKit, people: People, admin: Visitor, ben: int
) -> None:
    names = [f"Ben {number}" for number in range(8)]
    await asyncio.gather(
        *(patch(admin, ben, name=name) for name in names),
        *(patch(admin, ben, roles=[role]) for role in ("Clinician", "Patient", "Patient Advocate")),
    )
    shown = (await admin.client.get(f"/api/users/{ben}")).json()
    event = (await kit.published(CHANGED))[-1]
    assert (event["full_name"], event["roles"]) == (shown["name"], shown["roles"])
    known = (await kit.read("SELECT full_name, roles FROM access_user WHERE id = :id", id=ben))[0]
    assert (known["full_name"], known["roles"]) == (shown["name"], shown["roles"])


async def test_two_who_want_the_same_name_at_once(people: People, admin: Visitor, ben: int) -> None:
    other, _ = await people.account()
    answers = await asyncio.gather(*(patch(admin, user_id, username="same") for user_id in (ben, other)))
    assert sorted(answer.status_code for answer in answers) == [200, 400]
    assert {"detail": "Username already exists"} in [answer.json() for answer in answers]


async def test_a_commit_that_fails_changes_nothing(kit: ServiceKit, people: People, admin: Visitor, ben: int) -> None:
    visit = await people.sign_in("ben")
    async with kit.failing_commits("users"):
        assert (await patch(admin, ben, password="a quiet Monday", name="x")).status_code >= 500
    assert (await visit.client.get("/api/auth/me")).json()["name"] == "Ben Example"
    assert await kit.published(CHANGED) == []
