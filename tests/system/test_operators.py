"""What operators do beside a running system: import real records, build projections again, look after events."""

import asyncio
import base64
import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from system.running import RunningSystem
from system.ward import PASSWORD, account, good, organisation, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

NOTE = "# Consultation\n\nNo change to medication."


def _bundle(patient_id: str, family: str) -> dict[str, Any]:
    """A patient with everything that must survive, and a clinical note."""
    patient = {
        "resourceType": "Patient",
        "id": patient_id,
        "extension": [{"url": "http://example.org/unknown", "valueDecimal": 1.10}],
        "identifier": [{"system": "http://example.org/mrn", "value": f"MRN-{patient_id[:8]}"}],
        "name": [{"use": "official", "family": family, "given": ["Zoë", "Ann"]}],
        "address": [{"line": ["1 High Street"], "city": "Leeds"}],
        "gender": "female",
        "birthDate": "1951-11-30",
    }
    note = {
        "resourceType": "DocumentReference",
        "id": str(uuid.uuid4()),
        "status": "current",
        "type": {"text": "Consultation note"},
        "subject": {"reference": f"urn:uuid:{patient_id}"},
        "author": [{"display": "Dr Imported"}],
        "date": "2019-03-04T10:15:00+01:00",
        "content": [{"attachment": {"contentType": "text/plain", "data": base64.b64encode(NOTE.encode()).decode()}}],
    }
    entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in (patient, note)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


async def test_imported_records_are_found_by_their_own_organisation_only(system: RunningSystem, tmp_path: Path) -> None:
    admin = await system.visitor()
    ours, theirs = await organisation(admin), await organisation(admin)
    insider, outsider = await account(admin), await account(admin)
    await good(await admin.call("POST", f"/api/organizations/{ours}/staff", {"user_id": insider[0]}))
    await good(await admin.call("POST", f"/api/organizations/{theirs}/staff", {"user_id": outsider[0]}))
    ids = [str(uuid.uuid4()) for _ in range(3)]
    for patient_id in ids:
        (tmp_path / f"{patient_id}.json").write_text(json.dumps(_bundle(patient_id, "Brontë")))
    (tmp_path / "broken.json").write_text("{")
    for _ in range(2):
        imported = await asyncio.to_thread(system.command, "import-fhir", "--organisation", str(ours), str(tmp_path))
        assert imported.returncode == 1, imported.stdout + imported.stderr
        assert "broken.json" in imported.stdout + imported.stderr
    clinician = await system.visitor(insider[1], PASSWORD)
    listed = await good(await clinician.call("GET", "/api/patients"))
    assert sorted(patient["id"] for patient in listed["patients"]) == sorted(ids)
    record = await good(await clinician.call("GET", f"/api/patients/{ids[0]}"))
    sent = _bundle(ids[0], "Brontë")["entry"][0]["resource"]
    assert {name: value for name, value in record.items() if name != "meta"} == sent
    letters = (await good(await clinician.call("GET", f"/api/patients/{ids[0]}/letters")))["letters"]
    assert [(letter["author"], letter["created_at"]) for letter in letters] == [("Dr Imported", "2019-03-04T09:15:00Z")]
    stranger = await system.visitor(outsider[1], PASSWORD)
    assert (await good(await stranger.call("GET", "/api/patients")))["patients"] == []
    assert (await stranger.call("GET", f"/api/patients/{ids[0]}")).status_code == 403
    assert (await stranger.call("GET", f"/api/patients/{ids[0]}/letters")).status_code == 403


async def test_a_projection_is_rebuilt_while_people_read(system: RunningSystem) -> None:
    w = await ward(system)
    path = f"/api/patients/{w.patient_id}/letters"
    rebuilding = asyncio.create_task(asyncio.to_thread(system.command, "projections", "rebuild", "letters"))
    seen = set()
    while not rebuilding.done():
        seen.add((await w.clinician.call("GET", path)).status_code)
    assert rebuilding.result().returncode == 0, rebuilding.result().stdout + rebuilding.result().stderr
    assert seen == {200}
    assert (await w.clinician.call("GET", path)).status_code == 200


async def test_a_broken_projection_is_healed_by_a_rebuild(system: RunningSystem) -> None:
    w = await ward(system)
    path = f"/api/patients/{w.patient_id}"
    await system.query("DELETE FROM patients.access_staff WHERE user_id = $1", w.clinician_id)
    assert (await w.clinician.call("GET", path)).status_code == 403
    rebuilt = await asyncio.to_thread(system.command, "projections", "rebuild", "patients")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert (await w.clinician.call("GET", path)).status_code == 200


def test_the_operator_sees_how_events_stand(system: RunningSystem) -> None:
    for words in (("projections", "status", "letters"), ("events", "parked", "letters"), ("migrate", "status")):
        told = system.command(*words)
        assert told.returncode == 0, told.stdout + told.stderr
