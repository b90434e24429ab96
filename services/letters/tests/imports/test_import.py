"""POST /internal/import/letters."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest
from quill_common.testing.database import execute
from quill_common.testing.kit import Person, ServiceKit
from quill_letters.imports.service import object_id
from quill_letters.testing.reference_model import faults

PATH = "/internal/import/letters"


@pytest.fixture
def operator(kit: ServiceKit) -> httpx.AsyncClient:
    return kit.service("operator")


def item(patient_id: str, source_id: str = "doc-1", **more: Any) -> dict[str, Any]:
    return {
        "patient_id": patient_id,
        "source_id": source_id,
        "title": "History and physical note",
        "body": "2019-05-01\n\n# Chief Complaint",
        "author_name": "Dr. Out There",
        "written_at": "2019-05-01T10:00:00.250+02:00",
    } | more


async def bring_in(operator: httpx.AsyncClient, *items: dict[str, Any]) -> list[dict[str, Any]]:
    response = await operator.post(PATH, json={"letters": items})
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


async def contents(kit: ServiceKit) -> list[dict[str, Any]]:
    rows = await kit.read("SELECT content FROM composition ORDER BY created_at, object_id")
    return [orjson.loads(row["content"]) for row in rows]


async def test_an_imported_letter_is_read_with_its_own_date_and_author(
    kit: ServiceKit, operator: httpx.AsyncClient, clinician: Person, patient: str
) -> None:
    assert await bring_in(operator, item(patient)) == [{"source_id": "doc-1", "outcome": "created"}]
    letters = f"/api/patients/{patient}/letters"
    (entry,) = (await clinician.client.get(letters)).json()["letters"]
    uid = f"{object_id(patient, 'doc-1')}::quill::1"
    assert entry == {
        "composition_uid": uid,
        "title": "History and physical note",
        "created_at": "2019-05-01T08:00:00.250000Z",
        "author": "Dr. Out There",
    }
    data = (await clinician.client.get(f"{letters}/{uid}")).json()["data"]
    assert faults(data, "COMPOSITION") == []
    assert data["context"]["start_time"]["value"] == "2019-05-01T08:00:00.250000Z"
    assert data["content"][0]["data"]["items"][0]["value"]["value"] == "2019-05-01\n\n# Chief Complaint"


async def test_an_imported_letter_is_marked_as_such_and_names_no_account(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    await bring_in(operator, item(patient))
    (node,) = await contents(kit)
    assert "external_ref" not in node["composer"]
    assert node["feeder_audit"]["originating_system_audit"]["system_id"] == "fhir-import"
    assert node["feeder_audit"]["originating_system_item_ids"][0]["id"] == "doc-1"
    assert await kit.read("SELECT author_id FROM composition") == [{"author_id": None}]
    (event,) = await kit.published("quill.letters.letter.written.v1")
    assert event == {"composition_uid": node["uid"]["value"], "patient_id": patient, "author_id": None}


async def test_importing_twice_changes_nothing(kit: ServiceKit, operator: httpx.AsyncClient, patient: str) -> None:
    items = [item(patient, f"doc-{number}") for number in range(3)]
    await bring_in(operator, *items)
    before = await kit.read("SELECT * FROM composition ORDER BY object_id")
    again = await bring_in(operator, *items)
    assert [result["outcome"] for result in again] == ["unchanged"] * 3
    assert await kit.read("SELECT * FROM composition ORDER BY object_id") == before
    assert len(await kit.published()) == 3


@pytest.mark.parametrize("change", [{"body": "changed since"}, {"title": "Another"}, {"author_name": "Dr Other"}])
async def test_a_letter_that_changed_at_its_source_is_refused_aloud(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str, change: dict[str, str]
) -> None:
    await bring_in(operator, item(patient))
    before = await kit.read("SELECT * FROM composition")
    (result,) = await bring_in(operator, item(patient, **change))
    assert (result["outcome"], "another content" in result["reason"]) == ("refused", True)
    assert await kit.read("SELECT * FROM composition") == before


async def test_the_same_source_id_of_two_patients_is_two_letters(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    other = await kit.patient("other")
    results = await bring_in(operator, item(patient), item(other), item(patient))
    assert [result["outcome"] for result in results] == ["created", "created", "unchanged"]
    assert len(await kit.read("SELECT 1 FROM ehr")) == 2


@pytest.mark.parametrize("title", ["", "  ", None])
async def test_a_note_without_title_or_author_gets_one(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str, title: str | None
) -> None:
    await bring_in(operator, item(patient, title=title, author_name=None))
    (node,) = await contents(kit)
    assert node["name"]["value"] == "Clinical note"
    assert node["composer"]["name"] == "Unknown author"


BAD: list[tuple[dict[str, Any], str]] = [
    ({"patient_id": "nobody"}, "Patient not found"),
    ({"patient_id": "a b"}, "patient_id"),
    ({"patient_id": 5}, "patient_id"),
    ({"title": "t" * 501}, "title"),
    ({"body": " "}, "body"),
    ({"body": None}, "body"),
    ({"body": "b" * 200_001}, "body"),
    ({"body": "nul \x00"}, "body"),
    ({"author_name": "a" * 256}, "author_name"),
    ({"written_at": "2019-05-01"}, "written_at"),
    ({"written_at": "2019-05-01T10:00:00"}, "written_at"),
    ({"written_at": "2019-13-01T10:00:00Z"}, "written_at"),
    ({"written_at": 1556697600}, "written_at"),
    ({"written_at": "9999-12-31T23:59:59-14:00"}, "written_at"),
    ({"written_at": "0001-01-01T00:00:00+14:00"}, "written_at"),
    ({"written_at": None}, "written_at"),
]


async def test_a_bad_letter_is_refused_with_its_reason_and_the_rest_goes_in(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    bad = [item(patient, f"bad-{number}") | wrong for number, (wrong, _) in enumerate(BAD)]
    results = await bring_in(operator, item(patient, "a-first"), *bad, item(patient, "z-last"))
    assert [result["source_id"] for result in results] == ["a-first", *(one["source_id"] for one in bad), "z-last"]
    assert results[0]["outcome"] == results[-1]["outcome"] == "created"
    for result, (_, reason) in zip(results[1:-1], BAD, strict=True):
        assert result["outcome"] == "refused"
        assert reason in result["reason"]
    assert len(await contents(kit)) == 2


async def test_a_missing_part_is_a_refusal_of_that_letter(operator: httpx.AsyncClient, patient: str) -> None:
    results = await bring_in(operator, {"source_id": "s"}, item(patient))
    assert [result["outcome"] for result in results] == ["refused", "created"]
    assert "patient_id: Field required" in results[0]["reason"]


async def test_a_letter_that_the_store_refuses_does_not_take_the_others_with_it(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    admin = kit.database.admin_url
    await execute(admin, "ALTER TABLE letters.composition ADD CONSTRAINT picky CHECK (title <> 'poison')")
    try:
        results = await bring_in(operator, item(patient, "1"), item(patient, "2", title="poison"), item(patient, "3"))
    finally:
        await execute(admin, "ALTER TABLE letters.composition DROP CONSTRAINT picky")
    assert [result["outcome"] for result in results] == ["created", "refused", "created"]
    assert results[1]["reason"] == "The clinical store refused its content"
    assert len(await contents(kit)) == len(await kit.published()) == 2


@pytest.mark.parametrize(
    "at", ["1800-01-01T00:00:00+14:00", "2199-12-31T23:59:59.999999-14:00", "1969-12-31T23:59:59.5Z"]
)
async def test_the_ends_of_time_can_be_listed(
    operator: httpx.AsyncClient, clinician: Person, patient: str, at: str
) -> None:
    await bring_in(operator, item(patient, "1", written_at=at), item(patient, "2", written_at=at))
    letters = f"/api/patients/{patient}/letters"
    first = (await clinician.client.get(letters, params={"limit": 1})).json()
    second = (await clinician.client.get(letters, params={"limit": 1, "cursor": first["next_cursor"]})).json()
    assert second["next_cursor"] is None
    assert first["letters"][0]["composition_uid"] != second["letters"][0]["composition_uid"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"letters": None},
        {"letters": {}},
        {"letters": ["x"]},
        {"letters": [{"patient_id": "p"}]},
        {"letters": [{"source_id": ""}]},
        {"letters": [{"source_id": "s\x00"}]},
        {"letters": [{"source_id": "s" * 1001}]},
        {"letters": [{"source_id": str(number)} for number in range(51)]},
    ],
)
async def test_a_call_that_is_no_import_is_refused_whole(
    kit: ServiceKit, operator: httpx.AsyncClient, body: dict[str, Any]
) -> None:
    assert (await operator.post(PATH, json=body)).status_code == 422
    assert await contents(kit) == []


async def test_fifty_at_once_go_in(kit: ServiceKit, operator: httpx.AsyncClient, patient: str) -> None:
    results = await bring_in(operator, *(item(patient, str(number)) for number in range(50)))
    assert {result["outcome"] for result in results} == {"created"}
    assert await bring_in(operator) == []


async def test_two_imports_of_the_same_letters_at_once_keep_each_once(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    patients = [patient, await kit.patient("b"), await kit.patient("c")]
    items = [item(patient_id, str(number)) for patient_id in patients for number in range(8)]
    answers = await asyncio.gather(*(bring_in(operator, *items[:: 1 - 2 * (turn % 2)]) for turn in range(6)))
    outcomes = [result["outcome"] for answer in answers for result in answer]
    assert outcomes.count("created") == len(items)
    assert outcomes.count("unchanged") == 5 * len(items)
    assert len(await contents(kit)) == len(await kit.published()) == len(items)
    assert len(await kit.read("SELECT 1 FROM ehr")) == 3


async def test_an_import_whose_commit_fails_brought_nothing_in(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    async with kit.failing_commits("composition"):
        response = await operator.post(PATH, json={"letters": [item(patient)]})
    assert response.status_code >= 500
    assert await kit.read("SELECT 1 FROM ehr") == await contents(kit) == await kit.published() == []


async def test_a_failing_store_refuses_no_letter_but_the_call(
    kit: ServiceKit, operator: httpx.AsyncClient, patient: str
) -> None:
    await execute(kit.database.admin_url, "ALTER TABLE letters.composition RENAME TO away")
    try:
        response = await operator.post(PATH, json={"letters": [item(patient)]})
    finally:
        await execute(kit.database.admin_url, "ALTER TABLE letters.away RENAME TO composition")
    assert (response.status_code, response.json()) == (503, {"detail": "Clinical store unavailable"})


async def test_nobody_but_an_operator_imports(kit: ServiceKit, clinician: Person, patient: str) -> None:
    body = {"letters": [item(patient)]}
    assert (await kit.anonymous.post(PATH, json=body)).status_code == 401
    assert (await clinician.client.post(PATH, json=body)).status_code == 401
    for caller in ("gateway", "patients", "letters"):
        assert (await kit.service(caller).post(PATH, json=body)).status_code == 403
    assert await contents(kit) == []
