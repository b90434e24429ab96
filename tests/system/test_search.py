"""Searching for a patient, from the search box through the gateway to the index."""

import secrets
from typing import Any

import pytest
from system.running import RunningSystem
from system.ward import good, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]


async def test_who_may_see_a_patient_finds_it_as_soon_as_it_is_stored(system: RunningSystem) -> None:
    w, elsewhere = await ward(system), await ward(system)
    family = f"Ångström-{secrets.token_hex(4)}"
    body = {"given_name": "Zoë", "family_name": family, "birth_date": "1980-02-29", "mrn": f"M{secrets.token_hex(4)}"}
    patient: dict[str, Any] = await good(await w.clinician.call("POST", "/api/patients", body))
    typed = f"zoe+{family.replace('Å', 'a').replace('ö', 'O')}+29%2F2%2F1980"
    for query in (f"q={typed}", f"identifier={body['mrn']}", f"family={family}&birth_date=ge1980-02&total=true"):
        found = await good(await w.clinician.call("GET", f"/api/patients?{query}"))
        assert [each["id"] for each in found["patients"]] == [patient["id"]], query
        assert found["fhir_ready"] is True
        others = await good(await elsewhere.clinician.call("GET", f"/api/patients?{query}"))
        assert (others["patients"], others["fhir_ready"]) == ([], True)
    assert found["total"] == 1
    refused = await w.clinician.call("GET", "/api/patients?birth_date=yesterday")
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "birth_date"]
