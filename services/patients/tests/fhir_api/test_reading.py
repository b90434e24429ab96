"""`Patient/{id}`, its versions and its history at the door."""

from typing import Any

import pytest
from fhir.resources.R4B.bundle import Bundle
from quill_common.testing.kit import ServiceKit

from .conftest import PATIENT, Door, outcome

FHIR = "application/fhir+json"


async def test_a_patient_is_read_as_it_is_stored(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    clinician = await kit.clinician(7)
    await keep_patient("p-1", 7, extension=[{"url": "urn:x", "valueDecimal": 1}], birthDate="1951-11-30")
    response = await door(clinician, "GET", "Patient/p-1")
    assert response.status_code == 200
    assert response.content == (await clinician.client.get("/api/patients/p-1")).content
    assert response.headers["content-type"] == FHIR
    assert response.headers["etag"] == 'W/"1"'
    assert response.headers["last-modified"].endswith("GMT")
    assert [entry["action"] for entry in await kit.audited()] == ["patient.read"] * 2


async def test_access_is_decided_before_existence(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    stranger, admin = await kit.clinician(8), await kit.admin()
    for path in ("Patient/{}", "Patient/{}/_history", "Patient/{}/_history/1", "Patient/{}/$everything"):
        known = await door(stranger, "GET", path.format("p-1"))
        unknown = await door(stranger, "GET", path.format("p-9"))
        assert outcome(known) == (403, "forbidden", "Access denied")
        assert known.content == unknown.content
        assert outcome(await door(admin, "GET", path.format("p-9")))[:2] == (404, "not-found")
    assert outcome(await door(None, "GET", "Patient/p-1")) == (401, "login", "Not authenticated")


@pytest.mark.store("built-in")  # the other deletes nothing
async def test_every_version_is_there(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    first = (await door(admin, "GET", "Patient/p-1")).content
    await door(admin, "PUT", "Patient/p-1", {**PATIENT, "id": "p-1", "gender": "female"})
    assert (await door(admin, "DELETE", "Patient/p-1")).status_code == 204
    assert (await door(admin, "GET", "Patient/p-1/_history/1")).content == first
    assert (await door(admin, "GET", "Patient/p-1/_history/2")).json()["gender"] == "female"
    assert outcome(await door(admin, "GET", "Patient/p-1/_history/3")) == (410, "deleted", "Patient was deleted")
    assert outcome(await door(admin, "GET", "Patient/p-1")) == (410, "deleted", "Patient was deleted")
    for version in ("4", "0", "-1", "x", "9" * 30, "1.0"):
        assert outcome(await door(admin, "GET", f"Patient/p-1/_history/{version}"))[:2] == (404, "not-found"), version
    bundle = (await door(admin, "GET", "Patient/p-1/_history")).json()
    Bundle.model_validate(bundle)
    assert bundle["type"] == "history"
    assert [(e["request"]["method"], e["response"]["etag"], "resource" in e) for e in bundle["entry"]] == [
        ("DELETE", 'W/"3"', False),
        ("PUT", 'W/"2"', True),
        ("POST", 'W/"1"', True),
    ]


async def test_a_history_is_paged_by_its_links(kit: ServiceKit, door: Door, keep_patient: Any) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()
    for gender in ("male", "female", "other", "unknown"):
        await door(admin, "PUT", "Patient/p-1", {**PATIENT, "id": "p-1", "gender": gender})
    seen, url = [], "/api/fhir/R4/Patient/p-1/_history?_count=2"
    while url:
        page = (await admin.client.get(url, headers={"X-Quill-Called-As": "http://quill"})).json()
        seen += [entry["resource"]["meta"]["versionId"] for entry in page["entry"]]
        links = {each["relation"]: each["url"] for each in page["link"]}
        assert links["self"].startswith("http://quill/api/fhir/R4/Patient/p-1/_history?_count=2")
        url = links.get("next", "").removeprefix("http://quill")
    assert seen == ["5", "4", "3", "2", "1"]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/fhir+json", 200),
        ("application/json", 200),
        ("*/*", 200),
        ("application/*;q=0.1", 200),
        ("text/html, application/fhir+json; fhirVersion=4.0", 200),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+xml", 406),
        ("application/fhir+json;q=0", 406),
        ("text/turtle, application/xml", 406),
    ],
)
async def test_only_json_of_r4_is_sent(
    kit: ServiceKit, door: Door, keep_patient: Any, accept: str, status: int
) -> None:
    await keep_patient("p-1", 7)
    response = await door(await kit.admin(), "GET", "Patient/p-1", accept=accept)
    assert response.status_code == status
    if status == 406:
        assert outcome(response)[1] == "not-supported"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [("json", 200), ("application/fhir%2Bjson", 200), ("application/fhir+json", 200), ("xml", 406)],
)
async def test_a_format_goes_before_accept(
    kit: ServiceKit, door: Door, keep_patient: Any, wanted: str, status: int
) -> None:
    await keep_patient("p-1", 7)
    response = await door(await kit.admin(), "GET", f"Patient/p-1?_format={wanted}", accept="text/html")
    assert response.status_code == status


async def test_what_a_path_cannot_be_is_named(kit: ServiceKit, door: Door) -> None:
    response = await door(await kit.admin(), "GET", "Patient/a b")
    assert outcome(response)[:2] == (400, "invalid")


async def test_while_the_database_is_away_nothing_is_said(
    kit: ServiceKit, door: Door, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)
    admin = await kit.admin()

    async def away(*_: Any) -> Any:
        raise OSError("no connection")

    monkeypatch.setattr(kit.app.state.patients, "find", away)
    response = await door(admin, "GET", "Patient/p-1")
    assert outcome(response) == (503, "transient", "Service temporarily unavailable")
    assert response.headers["retry-after"] == "2"


async def test_a_fault_of_ours_tells_nothing(
    kit: ServiceKit, door: Door, keep_patient: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keep_patient("p-1", 7)

    async def broken(*_: Any) -> Any:
        raise RuntimeError("Edith Marsh")

    monkeypatch.setattr(kit.app.state.patients, "find", broken)
    response = await door(await kit.admin(), "GET", "Patient/p-1")
    assert outcome(response) == (500, "exception", "Internal server error")
