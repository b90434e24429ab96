"""Creating, replacing, patching and deleting at the door."""

import asyncio
from typing import Any

import pytest
from quill_common.testing.kit import ServiceKit

from .conftest import PATIENT, Door, expressions, outcome

NHS = "https://fhir.nhs.uk/Id/nhs-number"
AVATAR = "urn:quillmedical:avatar-gradient"


def _number(value: str = "9434765919") -> dict[str, Any]:
    return {"identifier": [{"system": NHS, "value": value}]}


async def test_a_patient_is_created_under_an_id_of_ours(kit: ServiceKit, door: Door) -> None:
    clinician = await kit.clinician(7)
    body = {
        **PATIENT,
        "id": "mine",
        "meta": {"versionId": "9", "tag": [{"code": "x"}]},
        "extension": [{"url": AVATAR, "valueInteger": 99}, {"url": "urn:x", "valueString": "y"}],
    }
    response = await door(clinician, "POST", "Patient", body, X_Quill_Called_As="https://quill.example")
    assert response.status_code == 201, response.text
    patient = response.json()
    assert patient["id"] != "mine"
    assert response.headers["location"] == f"https://quill.example/api/fhir/R4/Patient/{patient['id']}/_history/1"
    assert response.headers["etag"] == 'W/"1"'
    assert patient["meta"]["versionId"] == "1"
    assert patient["meta"]["tag"] == [{"code": "x"}]
    [avatar, other] = patient["extension"]
    assert avatar["url"] == AVATAR
    assert 0 <= avatar["valueInteger"] < 30
    assert other == {"url": "urn:x", "valueString": "y"}
    assert await kit.published() == [{"id": patient["id"], "organisation_id": 7}]
    [entry] = await kit.audited()
    assert (entry["action"], entry["patient_id"], entry["outcome"]) == ("patient.create", patient["id"], "success")


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ("return=minimal", None),
        ("return=OperationOutcome", "OperationOutcome"),
        ("return=representation", "Patient"),
        ("respond-async", "Patient"),
    ],
)
async def test_as_much_is_answered_as_was_preferred(kit: ServiceKit, door: Door, wish: str, kind: str | None) -> None:
    response = await door(await kit.admin(), "POST", "Patient", PATIENT, prefer=wish)
    assert response.status_code == 201
    assert response.headers["etag"] == 'W/"1"'
    assert "location" in response.headers
    assert (response.json()["resourceType"] if response.content else None) == kind


async def test_what_is_kept_is_what_came(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    text = (
        b'{"resourceType":"Patient","extension":[{"url":"urn:w","valueDecimal":70.10}],'
        b'"_birthDate":{"extension":[{"url":"urn:b","valueString":"c"}]}}'
    )
    created = await door(admin, "POST", "Patient", text, content_type="application/json")
    assert created.status_code == 201
    assert b'"valueDecimal":70.10' in created.content
    path = f"Patient/{created.json()['id']}"
    patch = [
        {"op": "test", "path": "/extension/1/valueDecimal", "value": 70.1},
        {"op": "add", "path": "/gender", "value": "male"},
    ]
    patched = await door(admin, "PATCH", path, patch)
    assert patched.status_code == 200, patched.text
    assert b'"valueDecimal":70.10' in patched.content
    assert patched.json()["gender"] == "male"
    assert patched.json()["_birthDate"] == created.json()["_birthDate"]


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"resourceType": "Patient", "gender": "f"}, "Patient.gender"),
        ({"resourceType": "Patient", "name": [{"family": 3}]}, "Patient.name[0].family"),
        ({"resourceType": "Patient", "name": []}, "Patient.name"),
        ({"resourceType": "Patient", "is_active": False}, "Patient.is_active"),
        ({"resourceType": "Observation"}, "Patient.resourceType"),
    ],
)
async def test_a_bad_element_is_named(kit: ServiceKit, door: Door, body: Any, named: str) -> None:
    response = await door(await kit.admin(), "POST", "Patient", body)
    assert outcome(response)[:2] == (400, "invalid")
    assert expressions(response) == [named]
    assert await kit.published() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[]", b'{"a":1,"a":2}', b"{" * 5000, b'{"resourceType":"Patient","id":"\\u0000"}']
)
async def test_a_body_that_is_no_resource_is_refused(kit: ServiceKit, door: Door, body: bytes) -> None:
    for method, path in (("POST", "Patient"), ("PUT", "Patient/p-1")):
        response = await door(await kit.admin(), method, path, body, content_type="application/fhir+json")
        assert outcome(response)[0] == 400


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/fhir+xml",
        "application/fhir+json; fhirVersion=5.0",
        "application/json; charset=latin-1",
    ],
)
async def test_another_media_type_is_refused(kit: ServiceKit, door: Door, kind: str) -> None:
    admin = await kit.admin()
    for method, path in (
        ("POST", "Patient"),
        ("PUT", "Patient/p-1"),
        ("PATCH", "Patient/p-1"),
        ("POST", "Patient/_search"),
    ):
        response = await door(admin, method, path, b"{}", content_type=kind)
        assert outcome(response)[:2] == (415, "not-supported"), (method, path)


async def test_who_may_not_write_is_refused(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    own, far = await kit.person("patient", patient_id="p-1"), await kit.clinician(8)
    body = {**PATIENT, "id": "p-1"}
    patch = [{"op": "add", "path": "/gender", "value": "male"}]
    for method, path, sent in (
        ("POST", "Patient", PATIENT),
        ("PUT", "Patient/p-1", body),
        ("PATCH", "Patient/p-1", patch),
    ):
        assert outcome(await door(own, method, path, sent)) == (403, "forbidden", "Forbidden: Staff access required")
        assert outcome(await door(None, method, path, sent))[:2] == (401, "login")
    for method, sent in (("PUT", body), ("PATCH", patch)):
        assert outcome(await door(far, method, "Patient/p-1", sent)) == (403, "forbidden", "Access denied")
        unknown = await door(far, method, "Patient/p-9", {**PATIENT, "id": "p-9"} if method == "PUT" else sent)
        assert outcome(unknown) == (403, "forbidden", "Access denied")
    for person in (own, await kit.clinician(7)):
        assert outcome(await door(person, "DELETE", "Patient/p-1"))[:2] == (403, "forbidden")


async def test_a_replacement_replaces_all_but_the_avatar(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7, gender="female", birthDate="1951-11-30")
    clinician = await kit.clinician(7)
    body = {
        **PATIENT,
        "id": "p-1",
        "extension": [{"url": "urn:x", "valueString": "y"}, {"url": AVATAR, "valueInteger": 3}],
    }
    response = await door(clinician, "PUT", "Patient/p-1", body)
    assert response.status_code == 200, response.text
    assert response.headers["etag"] == 'W/"2"'
    assert "location" not in response.headers
    after = response.json()
    assert after.pop("meta")["versionId"] == "2"
    assert after == {**body, "extension": [{"url": AVATAR, "valueInteger": 17}, {"url": "urn:x", "valueString": "y"}]}
    assert await kit.published() == [{"id": "p-1", "version": 2}]
    assert [entry["action"] for entry in await kit.audited()] == ["patient.update"]


async def test_what_was_read_can_be_sent_back(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    clinician = await kit.clinician(7)
    read = (await door(clinician, "GET", "Patient/p-1")).json()
    after = (await door(clinician, "PUT", "Patient/p-1", read)).json()
    assert {**after, "meta": 0} == {**read, "meta": 0}


async def test_the_id_must_be_that_of_the_address(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    for body in (PATIENT, {**PATIENT, "id": "p-2"}):
        response = await door(admin, "PUT", "Patient/p-1", body)
        assert outcome(response)[:2] == (400, "invalid")
        assert expressions(response) == ["Patient.id"]
    response = await door(admin, "PATCH", "Patient/p-1", [{"op": "replace", "path": "/id", "value": "p-2"}])
    assert outcome(response)[:2] == (422, "processing")


async def test_of_two_writers_from_one_version_one_wins(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    puts = [door(admin, "PUT", "Patient/p-1", {**PATIENT, "id": "p-1"}, If_Match='W/"1"') for _ in range(3)]
    patch = [{"op": "add", "path": "/gender", "value": "male"}]
    patches = [door(admin, "PATCH", "Patient/p-1", patch, If_Match='W/"1"') for _ in range(3)]
    answers = await asyncio.gather(*puts, *patches, door(admin, "DELETE", "Patient/p-1", If_Match='W/"7"'))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 6
    refused = next(answer for answer in answers if answer.status_code == 412)
    assert outcome(refused) == (412, "conflict", "Patient was changed by someone else")


async def test_an_admin_creates_under_a_chosen_id(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    body = {**PATIENT, "id": "chosen"}
    assert outcome(await door(admin, "PUT", "Patient/chosen", body, If_Match='W/"1"'))[0] == 412
    response = await door(admin, "PUT", "Patient/chosen", body)
    assert response.status_code == 201
    assert response.headers["location"].endswith("/Patient/chosen/_history/1")
    assert await kit.published() == [{"id": "chosen", "organisation_id": None}]
    assert (await door(admin, "PUT", "Patient/chosen", body)).status_code == 200


async def test_who_wants_none_there_overwrites_nobody(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    """RFC 9110, 13.1.2: how a client, our own adapter among them, creates under an id of its choice."""
    await keep_patient("p-1", 7, gender="female")
    admin = await kit.admin()
    for condition in ("*", 'W/"1"', 'W/"7", W/"1"'):
        there = await door(admin, "PUT", "Patient/p-1", {**PATIENT, "id": "p-1"}, If_None_Match=condition)
        assert outcome(there) == (412, "conflict", "Patient is there already")
    assert (await door(admin, "GET", "Patient/p-1")).json()["gender"] == "female"
    other = await door(admin, "PUT", "Patient/p-1", {**PATIENT, "id": "p-1"}, If_None_Match='W/"7"')
    assert other.status_code == 200
    new = await door(admin, "PUT", "Patient/new", {**PATIENT, "id": "new"}, If_None_Match="*")
    assert new.status_code == 201


@pytest.mark.store("built-in")  # the other deletes nothing
async def test_a_deletion_is_undone_by_admins_alone(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin, clinician = await kit.admin(), await kit.clinician(7)
    assert (await door(admin, "DELETE", "Patient/p-1")).status_code == 204
    assert (await door(admin, "DELETE", "Patient/p-1")).status_code == 204
    body = {**PATIENT, "id": "p-1"}
    assert outcome(await door(clinician, "PUT", "Patient/p-1", body))[:2] == (410, "deleted")
    patch = [{"op": "add", "path": "/gender", "value": "male"}]
    assert outcome(await door(admin, "PATCH", "Patient/p-1", patch))[:2] == (410, "deleted")
    back = await door(admin, "PUT", "Patient/p-1", body)
    assert (back.status_code, back.headers["etag"]) == (201, 'W/"3"')
    assert back.json()["extension"] == [{"url": AVATAR, "valueInteger": 17}]
    assert outcome(await door(admin, "DELETE", "Patient/never"))[:2] == (404, "not-found")
    versions = (await door(admin, "GET", "Patient/p-1/_history")).json()["entry"]
    statuses = [("PUT", "201"), ("DELETE", "204"), ("POST", "201")]
    assert [(each["request"]["method"], each["response"]["status"]) for each in versions] == statuses
    [newest] = (await door(admin, "GET", "Patient/p-1/_history?_count=1")).json()["entry"]
    assert newest["response"]["status"] == "201"


async def test_a_taken_nhs_number_tells_nothing_of_the_other(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 8, **_number(), name=[{"family": "Secret"}])
    await keep_patient("p-2", 7)
    clinician = await kit.clinician(7)
    answers = [
        await door(clinician, "POST", "Patient", {**PATIENT, **_number()}),
        await door(clinician, "PUT", "Patient/p-2", {**PATIENT, **_number(), "id": "p-2"}),
        await door(
            clinician, "PATCH", "Patient/p-2", [{"op": "add", "path": "/identifier", "value": _number()["identifier"]}]
        ),
    ]
    for answer in answers:
        assert outcome(answer) == (409, "conflict", "Patient already exists")
        assert "Secret" not in answer.text
        assert "p-1" not in answer.text


async def test_a_rule_of_quills_own_names_the_element(kit: ServiceKit, door: Door) -> None:
    two = {"identifier": [{"system": NHS, "value": "9434765919"}, {"system": NHS, "value": "9434765870"}]}
    response = await door(await kit.admin(), "POST", "Patient", {**PATIENT, **two})
    assert outcome(response)[:2] == (422, "business-rule")
    assert expressions(response) == ["Patient.identifier"]


async def test_a_commit_that_fails_answers_no_success(kit: ServiceKit, door: Door) -> None:
    async with kit.failing_commits("outbox"):
        response = await door(await kit.admin(), "POST", "Patient", PATIENT)
    assert outcome(response)[:2] == (503, "transient")
    assert await kit.published() == []


async def test_the_same_key_creates_once(kit: ServiceKit, door: Door) -> None:
    admin = await kit.admin()
    first = await door(admin, "POST", "Patient", PATIENT, Idempotency_Key="k")
    again = await door(admin, "POST", "Patient", PATIENT, Idempotency_Key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["content-type"] == "application/fhir+json"
    assert outcome(await door(admin, "POST", "Patient", {**PATIENT, "gender": "male"}, Idempotency_Key="k"))[0] == 422
    assert len(await kit.published("quill.patients.patient.created.v1")) == 1
