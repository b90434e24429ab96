"""What a write has answered is visible to every later request, through every other service."""

import pytest
from system.running import RunningSystem
from system.ward import Ward, good, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

ROUNDS = 60


async def _never_stale(w: Ward) -> None:
    staff = f"/api/organizations/{w.organisation}/staff"
    for _ in range(ROUNDS):
        await good(await w.admin.call("DELETE", f"{staff}/{w.clinician_id}"))
        await _sees(w, False)
        await good(await w.admin.call("POST", staff, {"user_id": w.clinician_id}))
        await _sees(w, True)
    for _ in range(ROUNDS):
        await good(await w.admin.call("PATCH", f"/api/users/{w.clinician_id}", {"system_permissions": "patient"}))
        await _sees(w, False)
        await good(await w.admin.call("PATCH", f"/api/users/{w.clinician_id}", {"system_permissions": "staff"}))
        await _sees(w, True)


async def _sees(w: Ward, expected: bool) -> None:
    status = 200 if expected else 403
    record = await w.clinician.call("GET", f"/api/patients/{w.patient_id}")
    letters = await w.clinician.call("GET", f"/api/patients/{w.patient_id}/letters")
    assert record.status_code == status
    assert letters.status_code == status
    listed = (await w.clinician.call("GET", "/api/patients")).json()
    assert listed["fhir_ready"] is True
    assert ([entry["id"] for entry in listed["patients"]] == [w.patient_id]) is expected


async def test_no_stale_answer_without_a_broker(system: RunningSystem) -> None:
    await _never_stale(await ward(system))


@pytest.mark.broker
async def test_no_stale_answer_with_a_broker(brokered: RunningSystem) -> None:
    await _never_stale(await ward(brokered))


async def test_a_stopped_dependant_is_named_and_has_caught_up_before_it_answers_again(system: RunningSystem) -> None:
    w = await ward(system)
    old = system.kill("letters")
    removed = await w.admin.call("DELETE", f"/api/organizations/{w.organisation}/staff/{w.clinician_id}")
    assert removed.status_code == 200
    if "x-quill-pending" in removed.headers:  # the supervisor may have been faster than the request
        assert removed.headers["x-quill-pending"] == "letters"
    answers = {(await w.clinician.call("GET", f"/api/patients/{w.patient_id}/letters")).status_code for _ in range(50)}
    assert answers <= {403, 503}
    system.wait_until_replaced("letters", old)
    assert (await w.clinician.call("GET", f"/api/patients/{w.patient_id}/letters")).status_code == 403
