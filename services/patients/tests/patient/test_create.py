"""`POST /api/patients` (contract 6.2)."""

import asyncio
import uuid
from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit

EDITH: dict[str, Any] = {"given_name": "Edith", "family_name": "Marsh"}
FULL: dict[str, Any] = {
    **EDITH,
    "birth_date": "1951-11-30",
    "gender": "Female",
    "nhs_number": "943 476 5919",
    "mrn": "MRN0001234",
}


async def test_a_created_patient_has_the_shape_of_the_contract(kit: ServiceKit) -> None:
    clinician = await kit.clinician(7)
    response = await clinician.client.post("/api/patients", json=FULL)
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == 'W/"1"'
    patient = response.json()
    assert uuid.UUID(patient["id"]).version == 4
    meta = patient.pop("meta")
    assert meta["versionId"] == "1"
    [avatar] = patient.pop("extension")
    assert avatar["url"] == "urn:quillmedical:avatar-gradient"
    assert 0 <= avatar["valueInteger"] <= 29
    assert patient == {
        "resourceType": "Patient",
        "id": patient["id"],
        "identifier": [
            {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"},
            {"system": "http://hospital.example.org/identifiers/mrn", "value": "MRN0001234"},
        ],
        "name": [{"use": "official", "given": ["Edith"], "family": "Marsh"}],
        "gender": "female",
        "birthDate": "1951-11-30",
    }


async def test_parts_that_are_unknown_are_absent(kit: ServiceKit) -> None:
    admin = await kit.admin()
    empty = {"birth_date": "", "gender": None, "nhs_number": " ", "mrn": "", "patient_id": ""}
    response = await admin.client.post("/api/patients", json={**EDITH, **empty})
    assert response.status_code == 200, response.text
    assert set(response.json()) == {"resourceType", "id", "meta", "extension", "name"}


async def test_names_are_trimmed_and_unknown_fields_ignored(kit: ServiceKit) -> None:
    admin = await kit.admin()
    body = {"given_name": " Zoë ", "family_name": "\tO’Neill\n", "favourite": 1}
    response = await admin.client.post("/api/patients", json=body)
    assert response.json()["name"] == [{"use": "official", "given": ["Zoë"], "family": "O’Neill"}]


async def test_a_wanted_id_is_taken_over(kit: ServiceKit) -> None:
    admin = await kit.admin()
    response = await admin.client.post("/api/patients", json={**EDITH, "patient_id": "wanted.ID-1"})
    assert response.json()["id"] == "wanted.ID-1"
    assert await kit.published("quill.patients.patient.created.v1") == [{"id": "wanted.ID-1", "organisation_id": None}]


@pytest.mark.parametrize(
    ("level", "organisations", "joined"),
    [("staff", (7, 8), 7), ("staff", (), None), ("admin", (7,), None), ("superadmin", (7,), None)],
)
async def test_a_patient_joins_the_primary_organisation_of_staff_only(
    kit: ServiceKit, level: str, organisations: tuple[int, ...], joined: int | None
) -> None:
    person = await kit.person(level, organisations=organisations)
    patient_id = (await person.client.post("/api/patients", json=EDITH)).json()["id"]
    assert await kit.published() == [{"id": patient_id, "organisation_id": joined}]


async def test_a_taken_id_is_refused_and_the_record_stays(kit: ServiceKit) -> None:
    admin = await kit.admin()
    first = await admin.client.post("/api/patients", json={**EDITH, "patient_id": "p-1"})
    second = await admin.client.post("/api/patients", json={**EDITH, "given_name": "Eve", "patient_id": "p-1"})
    assert (second.status_code, second.json()) == (409, {"detail": "Patient already exists"})
    assert (await admin.client.get("/api/patients/p-1")).json() == first.json()


async def test_of_simultaneous_creates_one_wins(kit: ServiceKit) -> None:
    admin = await kit.admin()
    body = {**EDITH, "patient_id": "p-1"}
    answers = await asyncio.gather(*(admin.client.post("/api/patients", json=body) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    assert len(await kit.published()) == 1


async def test_an_idempotency_key_creates_once(kit: ServiceKit) -> None:
    admin = await kit.admin()
    headers = {"Idempotency-Key": "k"}
    first = await admin.client.post("/api/patients", json=EDITH, headers=headers)
    again = await admin.client.post("/api/patients", json=EDITH, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await admin.client.post("/api/patients", json=FULL, headers=headers)
    assert other.status_code == 422
    assert len(await kit.published()) == 1


@pytest.mark.parametrize("level", ["patient", "external_hcp", "patient_advocate"])
async def test_below_staff_nobody_creates(kit: ServiceKit, level: str) -> None:
    person = await kit.person(level)
    for body in (EDITH, {}):
        response = await person.client.post("/api/patients", json=body)
        assert (response.status_code, response.json()) == (403, {"detail": "Forbidden: Staff access required"})


async def test_nobody_creates_without_signing_in(kit: ServiceKit) -> None:
    response = await kit.anonymous.post("/api/patients", json=EDITH)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("given_name", ""),
        ("given_name", "   "),
        ("given_name", None),
        ("given_name", 5),
        ("given_name", "a\x00b"),
        ("family_name", "x" * 256),
        ("family_name", ["Marsh"]),
        ("birth_date", "1951-02-30"),
        ("birth_date", "30/11/1951"),
        ("birth_date", "1951-11-30T00:00:00Z"),
        ("birth_date", "١٩٥١-11-30"),
        ("birth_date", "0001-01-01"),
        ("birth_date", "2999-01-01"),
        ("birth_date", 1951),
        ("gender", "f"),
        ("gender", {}),
        ("nhs_number", "943476591"),
        ("nhs_number", "94347659191"),
        ("nhs_number", "943-476-5919"),
        ("nhs_number", "９４３４７６５９１９"),
        ("nhs_number", 9434765919),
        ("mrn", "x" * 256),
        ("patient_id", "a b"),
        ("patient_id", "../x"),
        ("patient_id", "x" * 65),
        ("patient_id", "a\n"),
    ],
)
async def test_a_bad_field_is_named(kit: ServiceKit, field: str, value: Any) -> None:
    admin = await kit.admin()
    response = await admin.client.post("/api/patients", json={**FULL, field: value})
    assert response.status_code == 422
    assert [error["loc"] for error in response.json()["detail"]] == [["body", field]]
    assert await kit.published() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'"x"', b'{"given_name":"\\ud800","family_name":"x"}', b'{"given_name":"\xff"}']
)
async def test_a_bad_body_is_refused(kit: ServiceKit, body: bytes) -> None:
    admin = await kit.admin()
    response = await admin.client.post("/api/patients", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500, response.text
    assert response.json()["detail"]


@pytest.mark.store("built-in")
@pytest.mark.parametrize("table", ["fhir_patient", "outbox"])
async def test_a_commit_that_fails_stores_and_publishes_nothing(kit: ServiceKit, table: str) -> None:
    admin = await kit.admin()
    async with kit.failing_commits(table):
        response = await admin.client.post("/api/patients", json={**EDITH, "patient_id": "p-1"})
    assert response.status_code >= 500
    assert await kit.published() == []
    assert (await admin.client.get("/api/patients/p-1")).status_code == 404
    assert (await admin.client.post("/api/patients", json={**EDITH, "patient_id": "p-1"})).status_code == 200
