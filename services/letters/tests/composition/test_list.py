"""GET /api/patients/{id}/letters."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from quill_common.testing.kit import CLINICIAN, Person, ServiceKit
from quill_letters.composition.letter import Letter, composition
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.embedded import EmbeddedStore
from quill_letters.store.interface import NewVersion

OBJECT = "2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c"
START = datetime(2026, 1, 1, 8, 0, 0, 123_456, tzinfo=UTC)


def path(patient_id: str) -> str:
    return f"/api/patients/{patient_id}/letters"


async def keep(
    kit: ServiceKit, patient_id: str, at: datetime, *, object_id: UUID | None = None, version: int = 1, title: str = "t"
) -> str:
    """Put a letter into the store, as a write would."""
    uid = VersionUid(object_id or uuid4(), "quill", version)
    content = orjson.dumps(composition(Letter(title, "secret body", "Dr A", at, 1), uid)).decode()
    async with kit.parts.database.writer() as writer:
        store = EmbeddedStore(writer, "quill")
        await store.write(await store.ehr_of(patient_id), patient_id, NewVersion(uid, title, "Dr A", 1, at, content))
    return str(uid)


async def walk(person: Person, patient_id: str, limit: int) -> list[str]:
    found: list[str] = []
    cursor = ""
    while True:
        response = await person.client.get(path(patient_id), params={"limit": limit, "cursor": cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        assert len(page["letters"]) <= limit
        found += [entry["composition_uid"] for entry in page["letters"]]
        if page["next_cursor"] is None:
            return found
        cursor = page["next_cursor"]


async def test_letters_come_newest_first_without_bodies(kit: ServiceKit, clinician: Person, patient: str) -> None:
    old = await keep(kit, patient, START, title="Old")
    new = await keep(kit, patient, START + timedelta(microseconds=1), title="New")
    response = await clinician.client.get(path(patient))
    assert response.status_code == 200
    assert response.json() == {
        "patient_id": patient,
        "letters": [
            {
                "composition_uid": new,
                "title": "New",
                "created_at": "2026-01-01T08:00:00.123457Z",
                "author": "Dr A",
            },
            {
                "composition_uid": old,
                "title": "Old",
                "created_at": "2026-01-01T08:00:00.123456Z",
                "author": "Dr A",
            },
        ],
        "next_cursor": None,
    }
    assert "secret body" not in response.text


async def test_what_was_just_written_is_listed(clinician: Person, patient: str) -> None:
    written = await clinician.client.post(path(patient), json={"title": "Now", "body": "b"})
    listed = (await clinician.client.get(path(patient))).json()["letters"]
    assert [entry["composition_uid"] for entry in listed] == [written.json()["composition_uid"]]
    assert listed[0]["author"] == "Dr Ada Byron"


async def test_a_patient_without_an_ehr_has_an_empty_list(clinician: Person, patient: str) -> None:
    response = await clinician.client.get(path(patient))
    assert response.json() == {"patient_id": patient, "letters": [], "next_cursor": None}


async def test_pages_show_every_letter_once_even_when_written_in_the_same_moment(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    written = {await keep(kit, patient, START + timedelta(microseconds=number // 4)) for number in range(11)}
    await keep(kit, await kit.patient("other", 1), START)
    for limit in (1, 3, 4, 11, 12):
        found = await walk(clinician, patient, limit)
        assert len(found) == 11
        assert set(found) == written


async def test_letters_written_meanwhile_do_not_disturb_the_pages(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    written = [await keep(kit, patient, START + timedelta(seconds=number)) for number in range(4)]
    first = (await clinician.client.get(path(patient), params={"limit": 2})).json()
    await keep(kit, patient, START + timedelta(days=1))
    rest = (await clinician.client.get(path(patient), params={"cursor": first["next_cursor"]})).json()
    found = [entry["composition_uid"] for entry in first["letters"] + rest["letters"]]
    assert found == written[::-1]


async def test_a_letter_with_later_versions_is_listed_once_by_its_newest(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    object_id = uuid4()
    for version in (1, 2, 10):
        newest = await keep(kit, patient, START, object_id=object_id, version=version, title=f"Version {version}")
    listed = (await clinician.client.get(path(patient))).json()["letters"]
    assert [(entry["composition_uid"], entry["title"]) for entry in listed] == [(newest, "Version 10")]


def cursor(*key: Any) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "wrong",
    [
        "x",
        "é",
        "====",
        cursor(),
        cursor(1),
        cursor("1", OBJECT),
        cursor(1, "no uuid"),
        cursor(2**62, OBJECT),
        cursor(-(2**62), OBJECT),
        cursor(1, OBJECT, 2),
        cursor(True, OBJECT),
    ],
)
async def test_a_cursor_that_is_not_ours_is_refused(clinician: Person, patient: str, wrong: str) -> None:
    response = await clinician.client.get(path(patient), params={"cursor": wrong})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "9" * 30])
async def test_a_limit_out_of_range_is_refused(clinician: Person, patient: str, limit: str) -> None:
    response = await clinician.client.get(path(patient), params={"limit": limit})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", "limit"]


async def test_who_may_read_letters(kit: ServiceKit, patient: str) -> None:
    own = await kit.person("patient", patient_id=patient)
    colleague = await kit.person(organisations=(1,))
    outside = await kit.person("external_hcp")
    await kit.grant(outside, patient)
    uid = await keep(kit, patient, START)
    for person in (own, colleague, outside):
        assert (await person.client.get(path(patient))).status_code == 200
        assert (await person.client.get(f"{path(patient)}/{uid}")).status_code == 200


async def test_who_may_not_see_the_patient_learns_nothing(kit: ServiceKit, patient: str) -> None:
    uid = await keep(kit, patient, START)
    people = (
        await kit.clinician(2),
        await kit.admin(),
        await kit.person("superadmin"),
        await kit.person("patient", competencies=CLINICIAN, organisations=(1,)),
        await kit.person("patient", patient_id="another"),
        await kit.person("external_hcp"),
    )
    for person in people:
        for place in (path(patient), path("unknown"), f"{path(patient)}/{uid}", f"{path('unknown')}/x"):
            response = await person.client.get(place)
            assert (response.status_code, response.json()) == (403, {"detail": "Access denied"})


async def test_who_lacks_the_competency_is_refused_whatever_is_asked(kit: ServiceKit, patient: str) -> None:
    person = await kit.clinician(1, competencies=("modify_patient_records",))
    for place in (path(patient), f"{path(patient)}/x", f"{path(patient)}?limit=0"):
        response = await person.client.get(place)
        assert (response.status_code, response.json()) == (
            403,
            {"detail": "Forbidden: User lacks required competency 'access_patient_records'"},
        )


async def test_who_is_not_signed_in_or_inactive_is_refused(kit: ServiceKit, patient: str) -> None:
    gone = await kit.person(organisations=(1,), is_active=False)
    for place in (path(patient), f"{path(patient)}/x"):
        assert (await kit.anonymous.get(place)).json() == {"detail": "Not authenticated"}
        assert (await kit.client("bad").get(place)).json() == {"detail": "Invalid token"}
        assert (await gone.client.get(place)).json() == {"detail": "Inactive user"}


async def test_a_list_costs_the_same_statements_however_long(kit: ServiceKit, clinician: Person, patient: str) -> None:
    counts = set()
    for number in (0, 1, 12):
        for _ in range(number):
            await keep(kit, patient, START)
        with kit.statements() as statements:
            await clinician.client.get(path(patient))
        counts.add(len(statements))
    assert counts == {3}


async def test_a_page_is_read_from_an_index_in_its_order(kit: ServiceKit, patient: str) -> None:
    plan = await kit.read(
        "EXPLAIN SELECT object_id FROM composition WHERE patient_id = 'p' AND (created_at, object_id) < (now(), "
        "'2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c') ORDER BY created_at DESC, object_id DESC LIMIT 10"
    )
    text = " ".join(row["QUERY PLAN"] for row in plan)
    assert "ix_composition_newest_first" in text
    assert "Sort" not in text
