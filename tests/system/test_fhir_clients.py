"""Clients that know FHIR and not Quill work against the door: `fhirpy`, and the models of `fhir.resources`."""

import asyncio
import secrets
from typing import Any

import httpx
import pytest
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.patient import Patient
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import MultipleResourcesFound, OperationOutcome, ResourceNotFound
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.ward import Ward, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

MRN = "urn:example:mrn"


@pytest.fixture(scope="module")
async def place(system: RunningSystem) -> Ward:
    return await ward(system)


def _client(place: Ward, visitor: Visitor, **headers: str) -> AsyncFHIRClient:
    """As who is signed in, by the access token."""
    return AsyncFHIRClient(
        f"{place.system.url}/api/fhir/R4",
        authorization=f"Bearer {visitor.http.cookies['access_token']}",
        extra_headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def _patient(family: str, given: str = "Edith", **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"family": family, "given": [given]}], **more}


async def test_fhirpy_creates_reads_changes_and_deletes(place: Ward) -> None:
    client = _client(place, place.clinician)
    family = f"Fenn{secrets.token_hex(3)}"
    created = client.resource("Patient", **_patient(family, gender="female"))
    await created.save()
    read = await client.reference("Patient", created.id).to_resource()
    Patient.model_validate(dict(read))
    assert (read["meta"]["versionId"], read["gender"]) == ("1", "female")
    read["birthDate"] = "1951-11-30"
    from_first = _client(place, place.clinician, If_Match='W/"1"')
    changed = from_first.resource("Patient", **dict(read))
    await changed.save()
    assert (changed["meta"]["versionId"], changed["birthDate"]) == ("2", "1951-11-30")
    with pytest.raises(MultipleResourcesFound, match="changed by someone else"):  # what it makes of every 412
        await from_first.resource("Patient", **dict(read)).save()
    patching = _client(place, place.clinician, Content_Type="application/json-patch+json")
    patch = [{"op": "test", "path": "/gender", "value": "female"}, {"op": "remove", "path": "/birthDate"}]
    sent: Any = patch  # it is typed for resources only
    patched = await patching.execute(f"Patient/{created.id}", method="patch", data=sent)
    assert "birthDate" not in patched
    history = await client.execute(f"Patient/{created.id}/_history", method="get")
    assert [entry["resource"]["meta"]["versionId"] for entry in history["entry"]] == ["3", "2", "1"]
    Bundle.model_validate(dict(history))
    await _client(place, place.admin).delete("Patient", created.id)
    with pytest.raises(ResourceNotFound, match="was deleted"):
        await client.reference("Patient", created.id).to_resource()


async def test_fhirpy_searches_page_by_page(place: Ward) -> None:
    client = _client(place, place.clinician)
    family = f"Reed{secrets.token_hex(3)}"
    for given in ("Ada", "Bea", "Cy", "Dot", "Eve"):
        await client.resource("Patient", **_patient(family, given, identifier=[{"system": MRN, "value": given}])).save()
    found = [each async for each in client.resources("Patient").search(family=family).limit(2)]
    assert [each["name"][0]["given"] for each in found] == [["Ada"], ["Bea"], ["Cy"], ["Dot"], ["Eve"]]
    assert len(await client.resources("Patient").search(family=family).limit(2).fetch_all()) == 5
    [bea] = await client.resources("Patient").search(family=family, identifier=f"{MRN}|Bea").fetch_all()
    assert bea["name"][0]["given"] == ["Bea"]
    assert await client.resources("Patient").search(family=family).count() == 5
    stranger = await ward(place.system)
    assert await _client(stranger, stranger.clinician).resources("Patient").search(family=family).fetch_all() == []


async def test_fhirpy_is_told_which_element_is_wrong(place: Ward) -> None:
    with pytest.raises(OperationOutcome) as caught:
        await _client(place, place.clinician).resource("Patient", **_patient("Fenn", gender="f")).save()
    assert caught.value.resource["issue"][0]["expression"] == ["Patient.gender"]


async def test_a_condition_creates_one_however_many_ask(place: Ward) -> None:
    """By a clinician: the new patient is theirs to see once it is a member of their organisation."""
    value = secrets.token_hex(6)
    client = _client(place, place.clinician, If_None_Exist=f"identifier={MRN}|{value}")
    body = _patient("Once", identifier=[{"system": MRN, "value": value}])
    made = await asyncio.gather(*(client.execute("Patient", data=body) for _ in range(64)))
    assert len({each["id"] for each in made}) == 1
    rows = await place.system.query(
        "SELECT count(*) AS made FROM patients.fhir_patient WHERE content LIKE $1", f"%{value}%"
    )
    assert rows[0]["made"] == 1


async def test_everything_of_a_patient_is_what_the_caller_may_read(place: Ward) -> None:
    body = {"patient_id": place.patient_id, "initial_message": "The result has come."}
    thread = (await place.clinician.call("POST", "/api/conversations", body)).json()["id"]
    for number in range(4):
        await place.clinician.call("POST", f"/api/conversations/{thread}/messages", {"body": f"Message {number}"})
    client, path = _client(place, place.clinician), f"Patient/{place.patient_id}/$everything"
    whole = await client.execute(path, method="get")
    Bundle.model_validate(dict(whole))
    said = [entry["resource"]["payload"][0]["contentString"] for entry in whole["entry"][1:]]
    assert said == ["The result has come.", *(f"Message {number}" for number in range(4))]
    page, entries = await client.execute(path, method="get", params={"_count": "2"}), []
    while True:
        entries += page["entry"]
        following = [link["url"] for link in page["link"] if link["relation"] == "next"]
        if not following:
            break
        page = await client.execute(following[0], method="get")
    assert entries == whole["entry"]
    of_admin = await _client(place, place.admin).execute(path, method="get")
    assert [entry["resource"]["resourceType"] for entry in of_admin["entry"]] == ["Patient"]


async def test_the_capabilities_are_for_anybody(place: Ward) -> None:
    async with httpx.AsyncClient(base_url=place.system.url, trust_env=False) as anybody:
        answer = await anybody.get("/api/fhir/R4/metadata")
    statement = CapabilityStatement.model_validate_json(answer.content)
    assert statement.implementation is not None
    assert str(statement.implementation.url) == f"{place.system.url}/api/fhir/R4"
    refused = await _refused(place)
    assert refused.json()["resourceType"] == "OperationOutcome"


async def _refused(place: Ward) -> httpx.Response:
    async with httpx.AsyncClient(base_url=place.system.url, trust_env=False) as anybody:
        answer = await anybody.get("/api/fhir/R4/Patient")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="Quill"')
    return answer
