"""`/internal/patients/{id}/communications`: what an account may read of a patient's messages, for the FHIR door."""

from typing import Any

import httpx
import pytest
from quill_common.testing.kit import SESSION, Person, ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, read, send, start


async def _asked(kit: ServiceKit, person: Person, patient_id: str = PATIENT, **query: Any) -> httpx.Response:
    params = {"user_id": person.id, "session_id": SESSION, **query}
    return await kit.service("patients").get(f"/internal/patients/{patient_id}/communications", params=params)


async def _ids(kit: ServiceKit, person: Person, patient_id: str = PATIENT) -> list[str]:
    response = await _asked(kit, person, patient_id)
    assert response.status_code == 200, response.text
    return [each["id"] for each in response.json()["communications"]]


async def test_it_is_what_the_conversations_show(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    await kit.patient("other", HOSPITAL)
    amara, admin = await kit.clinician(HOSPITAL), await kit.admin()
    stranger, patient = await kit.clinician(PRACTICE), await kit.person("patient", patient_id=PATIENT)
    first, second = (await start(amara))["id"], (await start(amara, include_patient_as_participant=True))["id"]
    await start(amara, "other")
    for number in (second, first):
        await send(amara, number)
    shown = {
        one["fhir_communication_id"] for number in (first, second) for one in (await read(amara, number))["messages"]
    }
    found = await _ids(kit, amara)
    assert (set(found), len(found)) == (shown, 4)
    assert await _ids(kit, stranger) == await _ids(kit, admin) == []
    assert await _ids(kit, patient) == [
        one["fhir_communication_id"] for one in (await read(patient, second))["messages"]
    ]
    granted = await kit.person("external_hcp")
    await kit.grant(granted, PATIENT)
    assert await _ids(kit, granted) == found


async def test_pages_follow_each_other_oldest_first(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    number = (await start(amara))["id"]
    for text in ("a", "b", "c", "d"):
        await send(amara, number, text)
    found, cursor = [], None
    while True:
        page = (await _asked(kit, amara, limit=2, **({"cursor": cursor} if cursor else {}))).json()
        found += [each["id"] for each in page["communications"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == [one["fhir_communication_id"] for one in (await read(amara, number))["messages"]]
    assert (await _asked(kit, amara, cursor="x")).status_code == 400


async def test_a_full_page_takes_no_more_statements_than_a_short_one(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    number = (await start(amara))["id"]
    for _ in range(20):
        await send(amara, number)
    counts = []
    for limit in (1, 20):
        with kit.statements() as statements:
            page = (await _asked(kit, amara, limit=limit)).json()["communications"]
        assert len(page) == limit
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_who_looked_is_on_record(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    await start(amara)
    await _asked(kit, amara)
    [entry] = [one for one in await kit.audited() if one["action"] == "communication.list"]
    assert (entry["actor_id"], entry["actor_service"], str(entry["session_id"])) == (amara.id, "patients", SESSION)
    assert (entry["patient_id"], entry["details"]) == (PATIENT, {"shown": 1})


async def test_it_is_for_the_patients_service_and_known_accounts(kit: ServiceKit) -> None:
    amara, inactive = await kit.clinician(HOSPITAL), await kit.person("staff", is_active=False)
    path = f"/internal/patients/{PATIENT}/communications?user_id={amara.id}&session_id={SESSION}"
    assert (await kit.anonymous.get(path)).status_code == 401
    assert (await amara.client.get(path)).status_code == 401
    for service in ("letters", "gateway", "operator"):
        assert (await kit.service(service).get(path)).status_code == 403, service
    assert (await _asked(kit, inactive)).status_code == 403
    assert (await _asked(kit, amara, user_id=2**40)).status_code == 403
    for bad in ({"user_id": "x"}, {"user_id": 2**70}, {"session_id": "x"}, {"limit": 0}):
        assert (await _asked(kit, amara, **bad)).status_code == 422


async def test_a_message_without_its_resource_is_no_short_list(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kit.patient(PATIENT, HOSPITAL)
    amara = await kit.clinician(HOSPITAL)
    await start(amara)

    async def gone(*_: Any) -> dict[str, Any]:
        return {}

    monkeypatch.setattr(kit.app.state.communications, "read_all", gone)
    assert (await _asked(kit, amara)).status_code == 503
