"""`PATCH /api/patients/{patient_id}` (contract 6.5)."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit

NHS = "https://fhir.nhs.uk/Id/nhs-number"
MRN = "http://hospital.example.org/identifiers/mrn"
OLD_MRN = "http://hospital.example.org/mrn"


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    return await kit.clinician(7)


async def _patch(person: Person, body: Any, **headers: str) -> Any:
    return await person.client.patch("/api/patients/p-1", json=body, headers=headers)


async def test_what_is_sent_is_set_and_the_rest_stays(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    identifier = [{"system": "urn:other", "value": "1"}, {"system": MRN, "value": "M1", "type": {"text": "MRN"}}]
    await keep_patient("p-1", 7, identifier=identifier, maritalStatus={"text": "M"})
    before = (await clinician.client.get("/api/patients/p-1")).json()
    response = await _patch(
        clinician, {"given_name": "Eve", "birth_date": "1951-11-30", "gender": "OTHER", "nhs_number": "943 476 5919"}
    )
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == 'W/"2"'
    after = response.json()
    assert after.pop("meta")["versionId"] == "2"
    before.pop("meta")
    assert after == {
        **before,
        "name": [{"use": "official", "given": ["Eve"], "family": "Marsh"}],
        "birthDate": "1951-11-30",
        "gender": "other",
        "identifier": [*identifier, {"system": NHS, "value": "9434765919"}],
    }
    assert await kit.published("quill.patients.patient.changed.v1") == [{"id": "p-1", "version": 2}]
    assert (await clinician.client.get("/api/patients/p-1")).json() == response.json()


@pytest.mark.parametrize("body", [{}, {"given_name": "", "mrn": None, "gender": " "}, {"patient_id": "p-2"}])
async def test_nothing_sent_changes_nothing(
    kit: ServiceKit, clinician: Person, keep_patient: Any, body: dict[str, Any]
) -> None:
    await keep_patient("p-1", 7)
    before = await clinician.client.get("/api/patients/p-1")
    response = await _patch(clinician, body)
    assert (response.status_code, response.json()) == (200, before.json())
    assert await kit.published() == []


async def test_further_given_names_and_other_names_survive(clinician: Person, keep_patient: Any) -> None:
    maiden = {"use": "maiden", "family": "Fenn"}
    official = {"use": "official", "family": "Marsh", "given": ["Edith", "Anne"], "prefix": ["Dr"]}
    await keep_patient("p-1", 7, name=[maiden, official])
    names = (await _patch(clinician, {"given_name": "Eve"})).json()["name"]
    assert names == [maiden, {**official, "given": ["Eve", "Anne"]}]


@pytest.mark.parametrize(
    ("name", "body", "text"),
    [
        ({"family": "Marsh", "given": ["Edith"]}, {"family_name": "Fenn"}, None),
        ({"family": "Marsh", "given": ["Edith"]}, {"family_name": "Marsh"}, "Edith Marsh"),
        ({"family": "Marsh", "given": ["Edith"]}, {"gender": "female"}, "Edith Marsh"),
        ({}, {"given_name": "Eve", "family_name": "Fenn"}, None),
        ({}, {"given_name": "Edith"}, "Edith Marsh"),
    ],
)
async def test_the_text_of_a_name_never_keeps_the_old_one(
    clinician: Person, keep_patient: Any, name: dict[str, Any], body: dict[str, Any], text: str | None
) -> None:
    await keep_patient("p-1", 7, name=[{"use": "official", "text": "Edith Marsh", **name}])
    [after] = (await _patch(clinician, body)).json()["name"]
    assert after.get("text") == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"family": "Fenn"}], [{"family": "Marsh", "use": "official"}]),
        (
            [{"use": "usual", "family": "Fenn", "given": ["Edie"]}],
            [
                {"use": "usual", "family": "Fenn", "given": ["Edie"]},
                {"use": "official", "family": "Marsh", "given": ["Edie"]},
            ],
        ),
    ],
)
async def test_without_an_official_name_one_is_made(
    clinician: Person, keep_patient: Any, before: list[Any], after: list[Any]
) -> None:
    await keep_patient("p-1", 7, name=before)
    assert (await _patch(clinician, {"family_name": "Marsh"})).json()["name"] == after


@pytest.mark.parametrize("use", ["official", None])
async def test_a_name_that_is_over_is_not_changed(clinician: Person, keep_patient: Any, use: str | None) -> None:
    over = {"use": "official", "family": "Fenn", "given": ["Ann"], "period": {"end": "2010-05"}}
    present = {"family": "Marsh", "period": {"start": "2010-05", "end": "2999"}} | ({"use": use} if use else {})
    await keep_patient("p-1", 7, name=[over, present])
    names = (await _patch(clinician, {"given_name": "Eve"})).json()["name"]
    assert names == [over, {**present, "use": "official", "given": ["Eve"]}]


async def test_a_patient_without_any_name_gets_one(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, name=[])
    response = await _patch(clinician, {"given_name": "Eve"})
    assert response.json()["name"] == [{"use": "official", "given": ["Eve"]}]


@pytest.mark.parametrize(
    "before",
    [
        [],
        [{"system": MRN, "value": "M1"}],
        [{"system": OLD_MRN, "value": "M1"}],
        [{"system": OLD_MRN, "value": "M0"}, {"system": MRN, "value": "M1"}],
    ],
)
async def test_an_mrn_ends_under_one_system(clinician: Person, keep_patient: Any, before: list[Any]) -> None:
    other = {"system": "urn:other", "value": "1"}
    await keep_patient("p-1", 7, identifier=[*before, other])
    identifiers = (await _patch(clinician, {"mrn": "M2"})).json()["identifier"]
    assert sorted(identifiers, key=lambda i: i["system"]) == [{"system": MRN, "value": "M2"}, other]


async def test_identifiers_that_are_past_stay(clinician: Person, keep_patient: Any) -> None:
    past = {"use": "old", "system": MRN, "value": "M0"}
    await keep_patient("p-1", 7, identifier=[past, {"use": "usual", "system": MRN, "value": "M1"}])
    identifiers = (await _patch(clinician, {"mrn": "M2"})).json()["identifier"]
    assert sorted(identifiers, key=lambda i: i["value"]) == [past, {"use": "usual", "system": MRN, "value": "M2"}]


async def test_a_change_from_the_version_that_was_read_goes_through(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    etag = (await clinician.client.get("/api/patients/p-1")).headers["etag"]
    first = await _patch(clinician, {"mrn": "M1"}, **{"If-Match": etag})
    assert (first.status_code, first.headers["etag"]) == (200, 'W/"2"')
    second = await _patch(clinician, {"mrn": "M2"}, **{"If-Match": etag})
    assert (second.status_code, second.json()) == (412, {"detail": "Patient was changed by someone else"})
    assert (await _patch(clinician, {}, **{"If-Match": "nonsense"})).status_code == 412
    assert (await _patch(clinician, {"mrn": "M3"}, **{"If-Match": "*"})).status_code == 200


async def test_simultaneous_changes_of_different_parts_all_stay(
    kit: ServiceKit, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    bodies = [{"mrn": "M1"}, {"nhs_number": "9434765919"}, {"gender": "female"}, {"given_name": "Eve"}] * 3
    answers = await asyncio.gather(*(_patch(clinician, body) for body in bodies))
    assert {answer.status_code for answer in answers} == {200}
    patient = (await clinician.client.get("/api/patients/p-1")).json()
    assert {i["value"] for i in patient["identifier"]} == {"M1", "9434765919"}
    assert (patient["gender"], patient["name"][0]["given"]) == ("female", ["Eve"])
    rows = await kit.read("SELECT version FROM fhir_patient_version ORDER BY version")
    assert [row["version"] for row in rows] == list(range(1, 14))


async def test_several_lines_of_if_match_are_one_list(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for tags, status in ((('W/"7"', 'W/"1"'), 200), (('W/"7"', 'W/"8"'), 412), (('"1", "3"', '"2"'), 200)):
        lines = [("If-Match", tag) for tag in tags]
        answer = await clinician.client.patch("/api/patients/p-1", json={"gender": "other"}, headers=lines)
        assert answer.status_code == status, tags


async def test_of_simultaneous_changes_from_one_version_one_wins(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    etag = {"If-Match": 'W/"1"'}
    answers = await asyncio.gather(*(_patch(clinician, {"mrn": f"M{n}"}, **etag) for n in range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


async def test_who_may_not_is_refused(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    granted = await kit.person("external_hcp")
    await kit.grant(granted, "p-1")
    below = {"detail": "Forbidden: Staff access required"}
    for person, detail in (
        (await kit.person("patient", patient_id="p-1"), below),
        (granted, below),
        (await kit.clinician(8), {"detail": "Access denied"}),
    ):
        response = await _patch(person, {"mrn": "M1"}, **{"If-Match": 'W/"9"'})
        assert (response.status_code, response.json()) == (403, detail)
    assert (await kit.anonymous.patch("/api/patients/p-1", json={})).status_code == 401
    stranger = await kit.clinician(8)
    assert (await stranger.client.patch("/api/patients/unknown", json={})).json() == {"detail": "Access denied"}


async def test_an_admin_changes_any_and_learns_of_unknown_ones(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    assert (await _patch(admin, {"mrn": "M1"})).status_code == 200
    response = await admin.client.patch("/api/patients/unknown", json={"mrn": "M1"})
    assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


async def test_a_bad_field_is_named_and_nothing_changes(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    for field, value in (("gender", "f"), ("nhs_number", "1"), ("birth_date", "x"), ("given_name", "a\x00")):
        response = await _patch(clinician, {field: value, "mrn": "M1"})
        assert response.status_code == 422
        assert [error["loc"] for error in response.json()["detail"]] == [["body", field]]
    assert await kit.published() == []


async def test_a_commit_that_fails_changes_and_publishes_nothing(
    kit: ServiceKit, clinician: Person, keep_patient: Any
) -> None:
    await keep_patient("p-1", 7)
    before = (await clinician.client.get("/api/patients/p-1")).json()
    async with kit.failing_commits("fhir_patient"):
        assert (await _patch(clinician, {"mrn": "M1"})).status_code >= 500
    assert (await clinician.client.get("/api/patients/p-1")).json() == before
    assert await kit.published() == []
