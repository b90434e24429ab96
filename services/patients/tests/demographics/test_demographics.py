"""`/api/patients/{patient_id}/demographics` (contract 6.6 and 6.7)."""

from typing import Any

import pytest
from quill_common.testing.kit import Person, ServiceKit

NHS = "https://fhir.nhs.uk/Id/nhs-number"
MRN = "http://hospital.example.org/identifiers/mrn"
OLD_MRN = "http://hospital.example.org/mrn"
URL = "/api/patients/p-1/demographics"


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    return await kit.clinician(7)


async def _put(person: Person, body: Any, **headers: str) -> dict[str, Any]:
    response = await person.client.put(URL, json=body, headers=headers)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    assert answer.keys() == {"patient_id", "updated", "data"}
    assert (answer["patient_id"], answer["updated"]) == ("p-1", True)
    data: dict[str, Any] = answer["data"]
    return data


async def test_demographics_are_the_patient_wrapped(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    response = await clinician.client.get(URL)
    patient = await clinician.client.get("/api/patients/p-1")
    assert response.json() == {"patient_id": "p-1", "data": patient.json()}
    assert response.headers["etag"] == patient.headers["etag"]


async def test_quills_own_fields_are_understood(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, maritalStatus={"text": "M"})
    data = await _put(
        clinician,
        {
            "given_name": "Eve",
            "date_of_birth": "1951-11-30",
            "sex": "Female",
            "address": {"line": ["1 Quay", ""], "city": "Hull", "postalCode": "HU1 1AA", "state": ""},
            "contact": {"phone": "01482 1", "email": "e@example.org"},
        },
    )
    assert data["name"] == [{"use": "official", "given": ["Eve"], "family": "Marsh"}]
    assert (data["birthDate"], data["gender"]) == ("1951-11-30", "female")
    assert data["address"] == [{"line": ["1 Quay"], "city": "Hull", "postalCode": "HU1 1AA"}]
    assert data["telecom"] == [{"system": "phone", "value": "01482 1"}, {"system": "email", "value": "e@example.org"}]
    assert data["maritalStatus"] == {"text": "M"}
    assert data["meta"]["versionId"] == "2"
    assert await kit.published() == [{"id": "p-1", "version": 2}]


async def test_fhir_fields_are_understood(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    parts = {
        "name": [{"use": "usual", "family": "Fenn", "given": ["Ann", "Bea"], "_family": {"id": "x"}}],
        "gender": "male",
        "birthDate": "1951",
        "address": [{"use": "home", "city": "Hull", "extension": [{"url": "urn:x", "valueDecimal": 1.5}]}],
        "telecom": [{"system": "phone", "value": "1", "rank": 1}],
    }
    data = await _put(clinician, parts)
    assert {key: data[key] for key in parts} == parts


async def test_decimals_keep_their_digits(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    digits = ("53.7440", "0.10", "1.23456789012345678901234567890")
    for place in digits:
        body = f'{{"address":[{{"city":"Hull","extension":[{{"url":"urn:x","valueDecimal":{place}}}]}}]}}'
        response = await clinician.client.put(URL, content=body, headers={"Content-Type": "application/json"})
        assert response.status_code == 200, response.text
        assert f'"valueDecimal":{place}}}' in response.text
    [row] = await kit.read("SELECT content FROM fhir_patient")
    assert f'"valueDecimal":{digits[-1]}}}' in row["content"]


async def test_both_vocabularies_mix(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    data = await _put(
        clinician,
        {"name": [{"family": "Fenn"}], "given_name": "Ann", "birthDate": "1950", "date_of_birth": "1951-11-30"},
    )
    assert data["name"] == [{"family": "Fenn", "use": "official", "given": ["Ann"]}]
    assert data["birthDate"] == "1951-11-30"


async def test_identifiers_merge_by_system(clinician: Person, keep_patient: Any) -> None:
    kept = {"system": "urn:kept", "value": "k"}
    old = {"system": OLD_MRN, "value": "M0"}
    await keep_patient("p-1", 7, identifier=[old, kept, {"system": "urn:a", "value": "1"}])
    given = [
        {"system": "urn:a", "value": "2"},
        {"system": "urn:a", "value": "3"},
        {"system": NHS, "value": "943 476 5919"},
        {"system": OLD_MRN, "value": "M1"},
        {"value": "nameless", "extension": [{"url": "urn:x", "valueDecimal": 1.5}]},
    ]
    data = await _put(clinician, {"identifier": given})
    assert data["identifier"] == [
        {"system": MRN, "value": "M1"},
        kept,
        {"system": "urn:a", "value": "2"},
        {"system": "urn:a", "value": "3"},
        {"system": NHS, "value": "9434765919"},
        {"value": "nameless", "extension": [{"url": "urn:x", "valueDecimal": 1.5}]},
    ]
    assert (await _put(clinician, {"identifier": given}))["identifier"] == data["identifier"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"given_name": "", "address": "", "contact": None, "name": [], "identifier": []},
        {"address": {"line": [""], "city": " "}, "contact": {"phone": ""}},
        {"address": []},
        {"id": "p-2", "resourceType": "X", "meta": {"versionId": "9"}, "extension": [], "active": False},
    ],
)
async def test_what_is_absent_empty_or_not_to_be_taken_changes_nothing(
    clinician: Person, keep_patient: Any, body: dict[str, Any]
) -> None:
    await keep_patient("p-1", 7, address=[{"city": "Hull"}])
    before = (await clinician.client.get("/api/patients/p-1")).json()
    assert await _put(clinician, body) == before


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"sex": "f"}, ["sex"]),
        ({"gender": "f"}, ["gender"]),
        ({"date_of_birth": "1951"}, ["date_of_birth"]),
        ({"birthDate": "1951-13"}, ["birthDate"]),
        ({"birthDate": "1951-02-30"}, ["birthDate"]),
        ({"name": [{"family": 5}]}, ["name", 0, "family"]),
        ({"name": [{"use": "stage"}]}, ["name", 0, "use"]),
        ({"name": [{"family": "a\x00"}]}, ["name"]),
        ({"name": {"family": "x"}}, ["name"]),
        ({"telecom": [{"system": "pigeon"}]}, ["telecom", 0, "system"]),
        ({"telecom": [{}]}, ["telecom", 0]),
        ({"identifier": [{"system": NHS, "value": "1"}]}, ["identifier", 0, "value"]),
        ({"identifier": [{"system": NHS}]}, ["identifier", 0, "value"]),
        ({"identifier": [{"system": "urn:a", "the number": "1"}]}, ["identifier", 0, "the number"]),
        ({"identifier": [{"system": "not a uri", "value": "1"}]}, ["identifier", 0, "system"]),
        ({"identifier": ["x"]}, ["identifier", 0]),
        ({"address": [{"city": {}}]}, ["address", 0, "city"]),
        ({"address": "Hull"}, ["address"]),
        ({"contact": [{"phone": "1"}]}, ["contact"]),
        ({"contact": {"phone": "1" * 256}}, ["contact", "phone"]),
        ({"address": {"line": "1 Quay"}}, ["address"]),
    ],
)
async def test_a_bad_element_is_named_and_nothing_changes(
    kit: ServiceKit, clinician: Person, keep_patient: Any, body: dict[str, Any], place: list[Any]
) -> None:
    await keep_patient("p-1", 7)
    response = await clinician.client.put(URL, json={**body, "given_name": "Eve"})
    assert response.status_code == 422, response.text
    assert response.json()["detail"][0]["loc"][: len(place) + 1] == ["body", *place]
    assert await kit.published() == []


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"null",
        b'{"sex":"male","sex":"female"}',
        b'{"name":[{"family":"\\ud800"}]}',
        b'{"address":[{"extension":[{"url":"u","valueDecimal":NaN}]}]}',
        b'{"telecom":[{"rank":123456789012345678901234567890}]}',
        b'{"name":[' + b'{"extension":[' * 100 + b"]}" * 100 + b"]}",
    ],
)
async def test_a_bad_body_is_refused(clinician: Person, keep_patient: Any, body: bytes) -> None:
    await keep_patient("p-1", 7)
    response = await clinician.client.put(URL, content=body, headers={"Content-Type": "application/json"})
    assert 400 <= response.status_code < 500, response.text


async def test_if_match_guards_the_change(clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    await _put(clinician, {"sex": "male"}, **{"If-Match": 'W/"1"'})
    response = await clinician.client.put(URL, json={"sex": "female"}, headers={"If-Match": 'W/"1"'})
    assert (response.status_code, response.json()) == (412, {"detail": "Patient was changed by someone else"})


async def test_who_may_not_is_refused(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    forbidden, denied = {"detail": "Forbidden"}, {"detail": "Access denied"}
    for person, read, written in (
        (await kit.person("patient", patient_id="p-1"), None, forbidden),
        (await kit.person("staff", organisations=(7,)), None, forbidden),
        (await kit.admin(), None, forbidden),
        (await kit.clinician(8), denied, denied),
    ):
        response = await person.client.get(URL)
        assert response.status_code == (403 if read else 200)
        assert read is None or response.json() == read
        response = await person.client.put(URL, json={"sex": "male"})
        assert (response.status_code, response.json()) == (403, written)
    assert (await kit.anonymous.put(URL, json={})).status_code == 401
    assert (await kit.anonymous.get(URL)).status_code == 401


async def test_who_may_learns_of_an_unknown_patient(kit: ServiceKit) -> None:
    admin = await kit.person("admin", roles=("Clinician",))
    for response in (await admin.client.get(URL), await admin.client.put(URL, json={"sex": "male"})):
        assert (response.status_code, response.json()) == (404, {"detail": "Patient not found"})


async def test_a_commit_that_fails_changes_nothing(kit: ServiceKit, clinician: Person, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    before = (await clinician.client.get(URL)).json()
    async with kit.failing_commits("fhir_patient_version"):
        assert (await clinician.client.put(URL, json={"sex": "male"})).status_code >= 500
    assert (await clinician.client.get(URL)).json() == before
    assert await kit.published() == []
