"""Revoking (contract 5.16)."""

import asyncio

import pytest
from quill_common.testing.kit import Person, ServiceKit
from quill_common.testing.on_record import acts_of, refused
from sqlalchemy import text

PATIENT = "p-1"
PATH = f"/api/patients/{PATIENT}/external-access"
REVOKED = (200, {"status": "revoked"})
NOT_FOUND = (404, {"detail": "Active access grant not found"})
EVENT = "quill.orgs.access.revoked.v1"


@pytest.fixture
async def gp(kit: ServiceKit) -> Person:
    """Somebody with a live grant."""
    await kit.patient(PATIENT)
    person = await kit.person("external_hcp")
    await kit.grant(person, PATIENT)
    row = "INSERT INTO external_patient_access (user_id, patient_id, granted_by_user_id) VALUES (:id, :patient, 7)"
    await kit.write(text(row), {"id": person.id, "patient": PATIENT})
    return person


async def revoke(caller: Person, user_id: object, path: str = PATH) -> tuple[int, object]:
    response = await caller.client.delete(f"{path}/{user_id}")
    return response.status_code, response.json()


async def test_a_revoked_grant_stays_as_a_row_and_opens_nothing(kit: ServiceKit, admin: Person, gp: Person) -> None:
    other = await kit.person("external_hcp")
    await kit.grant(other, PATIENT)
    assert await revoke(admin, gp.id) == REVOKED
    [row] = await kit.read("SELECT *, clock_timestamp() AS now FROM external_patient_access")
    assert row["granted_at"] < row["revoked_at"] < row["now"]
    assert row["revoked_by_user_id"] == admin.id
    assert await kit.published() == [{"user_id": gp.id, "patient_id": PATIENT}]
    assert len(await kit.published(EVENT)) == 1
    assert await kit.read("SELECT user_id FROM access_grant") == [{"user_id": other.id}]
    assert await revoke(admin, gp.id) == NOT_FOUND
    assert len(await kit.published()) == 1


@pytest.mark.parametrize("level", ["staff", "patient", "external_hcp", "patient_advocate", "root"])
async def test_nobody_below_admin_revokes_not_even_the_patient(kit: ServiceKit, gp: Person, level: str) -> None:
    caller = await kit.person(level, roles=("Clinician",), patient_id=PATIENT)
    refusal = (403, {"detail": "Admin only"})
    assert await revoke(caller, gp.id) == await revoke(gp, gp.id) == refusal
    assert await revoke(caller, 404, "/api/patients/unknown/external-access") == refusal
    assert len(await kit.read("SELECT 1 FROM external_patient_access WHERE revoked_at IS NULL")) == 1
    assert (await acts_of(kit, caller))[0] == refused("grant.revoke", 403, patient_id=PATIENT, subject_user_id=gp.id)


async def test_what_is_no_live_grant_is_not_found(kit: ServiceKit, admin: Person, gp: Person) -> None:
    for user_id in (404, 0, -1, 2**63 - 1):
        assert await revoke(admin, user_id) == NOT_FOUND
    assert await revoke(admin, gp.id, "/api/patients/p-2/external-access") == NOT_FOUND


@pytest.mark.parametrize("bad", ["x", "1e3", 2**63, "%00"])
async def test_an_id_that_is_none_is_a_422(admin: Person, bad: object) -> None:
    assert (await revoke(admin, bad))[0] == 422
    assert (await revoke(admin, 1, "/api/patients/a_b/external-access"))[0] == 422


async def test_of_many_revocations_at_once_one_revokes(kit: ServiceKit, admin: Person, gp: Person) -> None:
    answers = await asyncio.gather(*(revoke(admin, gp.id) for _ in range(6)))
    assert sorted(status for status, _ in answers) == [200] + [404] * 5
    assert len(await kit.published(EVENT)) == 1


async def test_a_failing_commit_revokes_and_publishes_nothing(kit: ServiceKit, admin: Person, gp: Person) -> None:
    for table in ("external_patient_access", "outbox", "audit_entry"):
        async with kit.failing_commits(table):
            assert (await revoke(admin, gp.id))[0] == 503
        assert await kit.published() == []
        assert len(await kit.read("SELECT 1 FROM access_grant")) == 1
    assert await revoke(admin, gp.id) == REVOKED


async def test_who_revoked_whose_access_is_on_record(kit: ServiceKit, admin: Person, gp: Person) -> None:
    await revoke(admin, gp.id)
    await revoke(admin, gp.id)
    named = {"patient_id": PATIENT, "subject_user_id": gp.id}
    assert await acts_of(kit, admin) == [{"action": "grant.revoke", **named}, refused("grant.revoke", 404, **named)]


async def test_the_database_itself_allows_one_grant_of_a_user_and_patient(kit: ServiceKit, gp: Person) -> None:
    row = "INSERT INTO external_patient_access (user_id, patient_id, granted_by_user_id) VALUES (:id, :patient, 7)"
    with pytest.raises(Exception, match="uq_external_patient_access_user_id_patient_id"):
        await kit.write(text(row), {"id": gp.id, "patient": PATIENT})


async def test_without_clinical_services_nothing_is_revoked(admin: Person, gp: Person, clinical_off: None) -> None:
    assert (await revoke(admin, gp.id))[0] == 503
