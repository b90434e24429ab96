"""Who looked at a record: asked through the gateway, and proved by the operator."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from quill_common.topology import SERVICES
from system.running import RunningSystem
from system.ward import PASSWORD, account, good, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

SEALED_WITHIN_SECONDS = 60


async def _verify(system: RunningSystem) -> tuple[int, str]:
    done = await asyncio.to_thread(system.command, "audit", "verify")
    return done.returncode, done.stdout + done.stderr


async def _sealed(system: RunningSystem) -> None:
    """Return when every entry there is has its place in the chain."""
    async with asyncio.timeout(SEALED_WITHIN_SECONDS):
        for service in SERVICES:
            while await system.query(f"SELECT FROM {service}.audit_entry WHERE position IS NULL LIMIT 1"):  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _changed(system: RunningSystem, service: str, change: str, back: str) -> AsyncIterator[None]:
    await system.query(change.format(table=f"{service}.audit_entry"))
    try:
        yield
    finally:
        await system.query(back.format(table=f"{service}.audit_entry"))


async def test_patients_see_who_looked_at_their_record_in_every_service(system: RunningSystem) -> None:
    place = await ward(system)
    person_id, person = await account(place.admin, "patient", "patient")
    link = {"fhir_patient_id": place.patient_id}
    await good(await place.admin.call("PATCH", f"/api/users/{person_id}/link-patient", link))
    record = f"/api/patients/{place.patient_id}"
    letter = {"title": "Clinic letter", "body": "All is well."}
    await good(await place.clinician.call("GET", record))
    await good(await place.clinician.call("POST", f"{record}/letters", letter))
    await good(await place.clinician.call("GET", "/api/patients"))
    conversation = {"patient_id": place.patient_id, "subject": "Hello", "initial_message": "How are you?"}
    started = await place.clinician.call("POST", "/api/conversations", conversation)
    assert started.status_code == 200, started.text
    outsider = await system.visitor((await account(place.admin))[1], PASSWORD)
    refused = await outsider.call("GET", record)
    assert refused.status_code == 403

    patient = await system.visitor(person, PASSWORD)
    found = await good(await patient.call("GET", f"{record}/audit"))
    by_clinician = {
        (entry["service"], entry["outcome"]) for entry in found["entries"] if entry["actor_id"] == place.clinician_id
    }
    assert by_clinician == {(name, "success") for name in ("patients", "letters", "messaging")}
    assert ("patients", "refused") in {(entry["service"], entry["outcome"]) for entry in found["entries"]}
    assert (await place.clinician.call("GET", f"{record}/audit")).status_code == 403


async def test_pages_of_the_whole_trail_neither_skip_nor_repeat(system: RunningSystem) -> None:
    place = await ward(system)
    for _ in range(5):
        await good(await place.clinician.call("GET", f"/api/patients/{place.patient_id}"))
    superadmin = place.admin
    path, cursor = f"/api/audit?patient_id={place.patient_id}&limit=3", ""
    seen: list[tuple[Any, ...]] = []
    while cursor is not None:
        page = await good(await superadmin.call("GET", f"{path}&outcome=success&action=patient.read{cursor}"))
        seen += [(entry["service"], entry["id"]) for entry in page["entries"]]
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 5


async def test_the_operator_can_prove_the_trail_and_see_one_changed_row(system: RunningSystem) -> None:
    place = await ward(system)
    await good(await place.clinician.call("GET", f"/api/patients/{place.patient_id}"))
    await _sealed(system)
    code, said = await _verify(system)
    assert code == 0, said
    row = (
        await system.query(
            "SELECT id, actor_id FROM patients.audit_entry WHERE action = 'patient.read' ORDER BY id DESC"
        )
    )[0]
    change = f"UPDATE {{table}} SET actor_id = 1 WHERE id = {row['id']}"
    back = f"UPDATE {{table}} SET actor_id = {row['actor_id']} WHERE id = {row['id']}"
    async with _changed(system, "patients", change, back):
        code, said = await _verify(system)
        assert code == 1
        assert "patients: position" in said
        assert "does not match" in said
    code, said = await _verify(system)
    assert code == 0, said


@pytest.mark.parametrize("service", SERVICES)
async def test_no_service_can_change_what_it_recorded(system: RunningSystem, service: str) -> None:
    database = (await system.query("SELECT current_database() AS name"))[0]["name"]
    rights = await system.query(
        "SELECT bool_or(has_table_privilege($1, each.relid, 'UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')) AS any "
        f"FROM pg_partition_tree('{service}.audit_entry') AS each",
        f"{database}_{service}",
    )
    assert rights[0]["any"] is False
