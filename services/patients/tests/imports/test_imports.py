"""`POST /internal/import/patients`."""

import asyncio
from typing import Any

import orjson
import pytest
from quill_common.testing.kit import ServiceKit

URL = "/internal/import/patients"
RICH = {
    "resourceType": "Patient",
    "id": "p-1",
    "meta": {"profile": ["http://example.org/p"]},
    "extension": [{"url": "urn:x", "valueDecimal": 33.0}],
    "identifier": [{"system": "urn:a", "value": "1"}, {"system": "urn:a", "value": "2"}],
    "name": [{"use": "official", "family": "Marsh", "given": ["A", "B"]}, {"use": "maiden", "family": "Fenn"}],
    "address": [{"city": "Hull"}],
    "multipleBirthBoolean": False,
}


async def _import(kit: ServiceKit, *patients: Any, organisation_id: int | None = 7) -> list[dict[str, Any]]:
    body = {"organisation_id": organisation_id, "patients": patients}
    response = await kit.service("operator").post(URL, json=body)
    assert response.status_code == 200, response.text
    results: list[dict[str, Any]] = response.json()["results"]
    return results


async def test_a_patient_comes_in_with_all_that_it_brings(kit: ServiceKit) -> None:
    assert await _import(kit, RICH) == [{"id": "p-1", "outcome": "created"}]
    admin = await kit.admin()
    patient = (await admin.client.get("/api/patients/p-1")).json()
    meta = patient.pop("meta")
    assert (meta["profile"], meta["versionId"]) == (RICH["meta"]["profile"], "1")  # type: ignore[index]  # of the test
    assert patient == {key: value for key, value in RICH.items() if key != "meta"}
    assert await kit.published() == [{"id": "p-1", "organisation_id": 7}]
    assert await kit.read("SELECT id FROM access_patient") == [{"id": "p-1"}]


@pytest.mark.store("built-in")
async def test_numbers_keep_their_digits(kit: ServiceKit) -> None:
    text = '{"resourceType":"Patient","id":"p-1","extension":[{"url":"u","valueDecimal":1.50}]}'
    response = await kit.service("operator").post(URL, content=f'{{"patients":[{text}]}}')
    assert response.json() == {"results": [{"id": "p-1", "outcome": "created"}]}
    [row] = await kit.read("SELECT content FROM fhir_patient")
    assert '"valueDecimal":1.50' in row["content"]


async def test_what_r4_does_not_know_is_kept_through_every_change(kit: ServiceKit) -> None:
    unknown = {
        "favouriteColour": "red",
        "_favouriteColour": {"id": "c"},
        "name": [{"use": "official", "family": "Marsh", "given": ["A"], "pronunciation": {"ipa": ["x", None]}}],
        "extension": [{"url": "urn:unheard-of", "valueInteger64": "9007199254740993"}],
    }
    patient = {"resourceType": "Patient", "id": "p-1", **unknown}
    assert await _import(kit, patient) == [{"id": "p-1", "outcome": "created"}]
    clinician = (await kit.clinician(7)).client
    await kit.patient("p-1", 7)
    assert (await clinician.patch("/api/patients/p-1", json={"gender": "female"})).status_code == 200
    body = {"contact": {"phone": "0113 496 0000"}, "name": None}
    assert (await clinician.put("/api/patients/p-1/demographics", json=body)).status_code == 200
    kept = (await clinician.get("/api/patients/p-1")).json()
    assert {name: kept[name] for name in unknown} == unknown
    listed = (await clinician.get("/api/patients")).json()["patients"]
    assert listed == [{**kept, "is_active": True}]


async def test_no_unknown_element_stands_for_what_quill_says_of_a_patient(kit: ServiceKit) -> None:
    [result] = await _import(kit, {"resourceType": "Patient", "id": "p-1", "is_active": False})
    assert (result["outcome"], result["reason"]) == ("refused", "is_active: cannot be the name of an element")


async def test_importing_twice_changes_nothing(kit: ServiceKit) -> None:
    await _import(kit, RICH)
    before = await kit.read("SELECT * FROM fhir_patient_version")
    turned = dict(reversed(RICH.items()))
    for again in (RICH, turned, {**RICH, "meta": {**RICH["meta"], "versionId": "9"}}):  # type: ignore[dict-item]  # a dict
        assert await _import(kit, again, organisation_id=8) == [{"id": "p-1", "outcome": "unchanged"}]
    assert await kit.read("SELECT * FROM fhir_patient_version") == before
    assert len(await kit.published()) == 1


@pytest.mark.store("built-in")
async def test_a_record_that_says_something_else_is_not_overwritten(kit: ServiceKit) -> None:
    await _import(kit, RICH)
    [result] = await _import(kit, {**RICH, "gender": "female"})
    assert (result["id"], result["outcome"]) == ("p-1", "refused")
    assert "does not overwrite" in result["reason"]
    assert len(await kit.read("SELECT 1 FROM fhir_patient_version")) == 1


async def test_what_was_changed_here_since_is_left_alone(kit: ServiceKit) -> None:
    await _import(kit, RICH)
    admin = await kit.admin()
    await admin.client.patch("/api/patients/p-1", json={"gender": "female"})
    assert await _import(kit, RICH) == [{"id": "p-1", "outcome": "unchanged"}]
    assert (await admin.client.get("/api/patients/p-1")).json()["gender"] == "female"


async def test_a_bad_one_is_told_and_the_rest_still_goes_in(kit: ServiceKit) -> None:
    results = await _import(
        kit,
        {**RICH, "gender": "f"},
        {"resourceType": "Patient"},
        {"resourceType": "Observation", "id": "o-1"},
        "Patient",
        None,
        {**RICH, "id": "a b"},
        {**RICH, "name": [{"family": "a\x00"}]},
        {**RICH, "id": "p-2"},
        {**RICH, "id": "p-2"},
    )
    assert [result["outcome"] for result in results] == ["refused"] * 7 + ["created", "unchanged"]
    assert [result.get("id") for result in results[:7]] == ["p-1", None, "o-1", None, None, None, "p-1"]
    reasons = [result["reason"].split(":")[0] for result in results[:7]]
    assert reasons[:3] == ["gender", "id", "resourceType"]
    assert len(await kit.published()) == 1


@pytest.mark.store("built-in")
async def test_many_take_no_more_statements_than_a_few(kit: ServiceKit) -> None:
    counts = []
    for start, count in ((0, 2), (10, 150)):
        patients = [{**RICH, "id": f"p-{number}"} for number in range(start, start + count)]
        with kit.statements() as statements:
            await _import(kit, *patients)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert len(await kit.read("SELECT 1 FROM fhir_patient_version")) == 152
    assert len(await kit.published()) == 152


@pytest.mark.store("built-in")
async def test_a_repeat_of_many_takes_no_more_statements_than_a_few(kit: ServiceKit) -> None:
    patients = [{**RICH, "id": f"p-{number}"} for number in range(150)]
    await _import(kit, *patients)
    counts = []
    for some in (patients[:2], patients):
        with kit.statements() as statements:
            results = await _import(kit, *some)
        assert {result["outcome"] for result in results} == {"unchanged"}
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_the_same_import_twice_at_once_stores_one_of_each(kit: ServiceKit) -> None:
    patients = [{**RICH, "id": f"p-{number}"} for number in range(20)]
    orders = (patients, patients[::-1], patients[10:] + patients[:10])
    answers = await asyncio.gather(*(_import(kit, *order) for order in orders))
    outcomes = sorted(result["outcome"] for answer in answers for result in answer)
    assert outcomes == ["created"] * 20 + ["unchanged"] * 40
    assert len(await kit.published()) == 20


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"patients":{}}',
        b'{"patients":[],"organisation_id":0}',
        b'{"patients":[],"organisation_id":true}',
        b'{"patients":[],"organisation_id":99999999999999999999}',
        b'{"patients":["\xff"]}',
        b'{"patients":' + b"[" * 100_000,
        orjson.dumps({"patients": [None] * 201}),
    ],
)
async def test_a_body_of_another_shape_is_refused(kit: ServiceKit, body: bytes) -> None:
    response = await kit.service("operator").post(URL, content=body)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)


async def test_it_is_for_the_operator_only(kit: ServiceKit) -> None:
    assert (await kit.anonymous.post(URL, json={"patients": []})).status_code == 401
    assert (await (await kit.admin()).client.post(URL, json={"patients": []})).status_code == 401
    for name in ("gateway", "letters"):
        assert (await kit.service(name).post(URL, json={"patients": []})).status_code == 403


@pytest.mark.store("built-in")
async def test_a_commit_that_fails_brings_nobody_in(kit: ServiceKit) -> None:
    async with kit.failing_commits("fhir_patient"):
        response = await kit.service("operator").post(URL, json={"patients": [RICH]})
    assert response.status_code >= 500
    assert await kit.published() == []
    assert await _import(kit, RICH) == [{"id": "p-1", "outcome": "created"}]
