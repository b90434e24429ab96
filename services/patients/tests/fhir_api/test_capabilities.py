"""`metadata` says what is true: each thing that it names works, and nothing works that it does not name."""

from typing import Any

from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from quill_common.testing.kit import ServiceKit
from quill_patients.fhir_api.parameters import SEARCH_PARAMETERS
from quill_patients.fhir_api.routes import router
from quill_patients.search.parameters import FHIR

from .conftest import PATIENT, Door

CODES = {"read", "vread", "update", "patch", "delete", "history-instance", "create", "search-type"}
EXAMPLES = {
    "_id": "p-1",
    "_lastUpdated": "gt2020-01-01",
    "birthdate": "1951-11-30",
    "family": "Marsh",
    "gender": "female",
    "given": "Edith",
    "identifier": "urn:mrn|M1",
    "name": "Edith",
}


async def test_it_is_for_anybody_and_is_r4(kit: ServiceKit, door: Door) -> None:
    response = await door(None, "GET", "metadata", X_Quill_Called_As="https://quill.example")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/fhir+json"
    statement = response.json()
    CapabilityStatement.model_validate(statement)
    assert (statement["fhirVersion"], statement["kind"]) == ("4.0.1", "instance")
    assert statement["implementation"]["url"] == "https://quill.example/api/fhir/R4"
    assert await kit.audited() == []


async def test_it_names_what_is_routed(kit: ServiceKit, door: Door) -> None:
    [patient] = (await door(None, "GET", "metadata")).json()["rest"][0]["resource"]
    deletes = kit.app.state.patients.deletes
    assert {each["code"] for each in patient["interaction"]} == (CODES if deletes else CODES - {"delete"})
    assert [each["name"] for each in patient["operation"]] == ["everything"]
    assert len(router.routes) == len(CODES) + 3  # a search by POST, the operation, and this


async def test_a_deletion_is_named_where_there_is_one(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1")
    [patient] = (await door(None, "GET", "metadata")).json()["rest"][0]["resource"]
    named = {"code": "delete"} in patient["interaction"]
    assert ((await door(await kit.admin(), "DELETE", "Patient/p-1")).status_code == 204) == named


async def test_it_promises_no_access_for_other_origins(door: Door) -> None:
    """Which origins may is the gateway's to know, and is none by default; a bearer it lets none of them send."""
    assert "cors" not in (await door(None, "GET", "metadata")).json()["rest"][0]["security"]


async def test_every_parameter_that_it_names_finds(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    assert SEARCH_PARAMETERS.keys() == FHIR.keys() == EXAMPLES.keys()
    await keep_patient(
        "p-1", 7, birthDate="1951-11-30", gender="female", identifier=[{"system": "urn:mrn", "value": "M1"}]
    )
    clinician = await kit.clinician(7)
    [patient] = (await door(None, "GET", "metadata")).json()["rest"][0]["resource"]
    for each in patient["searchParam"]:
        query = f"Patient?{each['name']}={EXAMPLES[each['name']]}"
        response = await door(clinician, "GET", query, prefer="handling=strict")
        assert [entry["resource"]["id"] for entry in response.json()["entry"]] == ["p-1"], query


async def test_the_flags_that_it_sets_hold(kit: ServiceKit, door: Door) -> None:
    [patient] = (await door(None, "GET", "metadata")).json()["rest"][0]["resource"]
    assert patient["conditionalCreate"]
    assert patient["updateCreate"]
    assert patient["readHistory"]
    assert patient["versioning"] == "versioned-update"
    admin = await kit.admin()
    body = {**PATIENT, "id": "chosen"}
    assert (await door(admin, "PUT", "Patient/chosen", body)).status_code == 201
    assert (await door(admin, "PUT", "Patient/chosen", body)).status_code == 200
    assert (await door(admin, "GET", "Patient/chosen/_history/1")).status_code == 200
    assert (await door(admin, "PUT", "Patient/chosen", body, If_Match='W/"1"')).status_code == 412
