"""What an audited route leaves on record."""

from typing import Any

import pytest
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.identity.tokens import TokenSigner
from quill_common.testing.kit import SESSION, ServiceKit


def brief(entries: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [(entry["action"], entry["outcome"], entry["patient_id"]) for entry in entries]


async def test_a_read_is_on_record_with_who_session_request_and_address(kit: ServiceKit) -> None:
    reader = await kit.person("staff")
    headers = {"X-Request-ID": "request-1", "X-Forwarded-For": "192.0.2.7"}
    assert (await reader.client.get("/api/patients/p1", headers=headers)).status_code == 200
    [entry] = await kit.audited()
    assert {key: str(value) for key, value in entry.items() if value is not None} == {
        "actor_id": str(reader.id),
        "session_id": SESSION,
        "action": "patient.read",
        "outcome": "success",
        "patient_id": "p1",
        "request_id": "request-1",
        "address": "192.0.2.7",
    }


async def test_who_is_turned_away_for_want_of_a_second_factor_is_named(kit: ServiceKit) -> None:
    token = TokenSigner(kit.keys).access(
        7, SESSION, roles=(), competencies=(), lifetime=60, only_sets_up_second_factor=True
    )
    assert (await kit.client(token).get("/api/patients/p1")).status_code == 403
    [entry] = await kit.audited()
    assert brief([entry]) == [("patient.read", "refused", "p1")]
    assert (entry["actor_id"], str(entry["session_id"])) == (7, SESSION)


async def test_a_list_names_everybody_who_was_shown(kit: ServiceKit) -> None:
    reader = await kit.person("staff")
    for patient in ("p2", "p1"):
        await kit.patient(patient)
    assert (await reader.client.get("/api/patients")).json() == ["p1", "p2"]
    [entry] = await kit.audited()
    assert (entry["patient_ids"], entry["details"]) == (["p1", "p2"], {"count": 2})


async def test_a_change_is_on_record_with_what_its_handler_added(kit: ServiceKit) -> None:
    admin = await kit.admin()
    assert (await admin.client.post("/api/patients/p1")).status_code == 200
    [entry] = await kit.audited()
    assert brief([entry]) == [("patient.create", "success", "p1")]
    assert (entry["subject_user_id"], entry["target"]) == (admin.id, "letter/1")


async def test_a_repeated_request_is_on_record_again(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for _ in range(2):
        response = await admin.client.post("/api/patients/p1", headers={"Idempotency-Key": "once"})
        assert response.status_code == 200
    first, second = await kit.audited()
    assert (first["details"], second["details"]) == (None, {"repeated": True})
    assert brief([first]) == brief([second])


@pytest.mark.parametrize(("fail", "status"), [("missing", 404), ("bad", 400), ("conflict", 409)])
async def test_of_failures_only_refusals_are_on_record(kit: ServiceKit, fail: str, status: int) -> None:
    admin = await kit.admin()
    for call in (admin.client.get, admin.client.post):
        assert (await call("/api/patients/p1", params={"fail": fail})).status_code == status
    found = [(entry["outcome"], entry["details"]) for entry in await kit.audited()]
    assert found == ([("refused", {"status": 404})] * 2 if status == 404 else [])
    assert await kit.read("SELECT id FROM access_patient") == []


async def test_who_may_not_is_on_record_with_the_patient_asked_for(kit: ServiceKit) -> None:
    patient = await kit.person("patient")
    assert (await patient.client.get("/api/patients/p9")).status_code == 403
    assert (await patient.client.post("/api/patients/p9")).status_code == 403
    entries = await kit.audited()
    assert brief(entries) == [("patient.read", "refused", "p9"), ("patient.create", "refused", "p9")]
    assert {entry["actor_id"] for entry in entries} == {patient.id}


async def test_strangers_and_routes_without_the_mark_leave_nothing(kit: ServiceKit) -> None:
    reader = await kit.person("staff")
    assert (await kit.anonymous.get("/api/patients/p1")).status_code == 401
    assert (await reader.client.get("/api/plain/p1")).status_code == 200
    assert await kit.audited() == []


async def test_a_service_that_calls_is_named(kit: ServiceKit) -> None:
    assert (await kit.service("orgs").get("/internal/test/patients/p1")).status_code == 200
    [entry] = await kit.audited()
    assert (entry["actor_service"], entry["actor_id"], entry["patient_id"]) == ("orgs", None, "p1")


async def test_odd_content_of_a_request_does_not_stop_its_record(kit: ServiceKit) -> None:
    reader = await kit.person("staff")
    long = "x" * 5000
    response = await reader.client.get(f"/api/patients/{long}", headers={b"X-Forwarded-For": b"\xe9" * 600})
    assert response.status_code == 200
    [entry] = await kit.audited()
    assert entry["patient_id"] == long[:500]


async def test_a_change_and_its_record_commit_together_or_not_at_all(kit: ServiceKit) -> None:
    admin = await kit.admin()
    for table in ("audit_entry", "access_patient"):
        async with kit.failing_commits(table):
            assert (await admin.client.post("/api/patients/p1")).status_code == 503
        assert (await kit.audited(), await kit.read("SELECT id FROM access_patient")) == ([], [])


@pytest.mark.parametrize(
    ("held", "fail", "status", "outcome"),
    [(True, "", 200, "success"), (True, "conflict", 409, "success"), (False, "", 403, "refused")],
)
async def test_a_check_for_a_high_risk_competency_is_on_record_however_the_request_ends(
    kit: ServiceKit, held: bool, fail: str, status: int, outcome: str
) -> None:
    held_ones = ("certify_death", "access_patient_records") if held else ()
    doctor = await kit.person("staff", competencies=held_ones)
    for competency in ("certify_death", "access_patient_records"):
        response = await doctor.client.post(f"/api/competent/{competency}", params={"fail": fail})
        assert response.status_code == status
    [entry] = await kit.audited()
    assert (entry["action"], entry["outcome"], entry["target"]) == (
        "competency.use",
        outcome,
        "competency/certify_death",
    )
    assert entry["actor_id"] == doctor.id


async def test_a_competency_is_on_record_though_the_change_could_not_be_committed(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose_the_connection(_: UnitOfWork) -> None:
        raise ConnectionResetError

    doctor = await kit.person("staff", competencies=("certify_death",))
    monkeypatch.setattr(UnitOfWork, "write_outbox", lose_the_connection)
    assert (await doctor.client.post("/api/competent/certify_death")).status_code == 503
    [entry] = await kit.audited()
    assert (entry["action"], entry["actor_id"]) == ("competency.use", doctor.id)
