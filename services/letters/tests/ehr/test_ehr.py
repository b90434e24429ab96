"""Each patient has one EHR, made with the first letter."""

import asyncio
from uuid import UUID

import orjson
from quill_common.testing.kit import ServiceKit
from quill_letters.ehr.status import ehr_status
from quill_letters.store.embedded import EmbeddedStore
from quill_letters.testing.reference_model import faults


def test_the_status_names_the_patient_by_fhir_id() -> None:
    status = ehr_status("p-1")
    assert status["subject"] == {
        "_type": "PARTY_SELF",
        "external_ref": {
            "_type": "PARTY_REF",
            "namespace": "fhir",
            "type": "PERSON",
            "id": {"_type": "GENERIC_ID", "value": "p-1", "scheme": "fhir"},
        },
    }
    assert status["is_modifiable"] is True
    assert status["is_queryable"] is True
    assert status["archetype_node_id"] == "openEHR-EHR-EHR_STATUS.generic.v1"


def test_the_reference_model_finds_no_fault_in_the_status() -> None:
    assert faults(ehr_status("p-1"), "EHR_STATUS") == []


async def ask(kit: ServiceKit, patient_id: str, hold: float = 0) -> UUID:
    async with kit.parts.database.writer() as writer:
        found = await EmbeddedStore(writer, "quill").ehr_of(patient_id)
        await asyncio.sleep(hold)
        return found


async def test_sixteen_that_ask_at_once_get_the_same_ehr(kit: ServiceKit) -> None:
    found = await asyncio.gather(*(ask(kit, "p-1", hold=0.01) for _ in range(16)))
    assert len(set(found)) == 1
    (row,) = await kit.read("SELECT ehr_id, system_id, patient_id, status FROM ehr")
    assert (row["ehr_id"], row["system_id"], row["patient_id"]) == (found[0], "quill", "p-1")
    assert orjson.loads(row["status"]) == ehr_status("p-1")


async def test_an_ehr_that_was_undone_does_not_stand_in_the_way(kit: ServiceKit) -> None:
    async def undone() -> None:
        async with kit.parts.database.writer() as writer:
            await EmbeddedStore(writer, "quill").ehr_of("p-1")
            await asyncio.sleep(0.05)
            raise RuntimeError("half-way")

    failed, kept = await asyncio.gather(undone(), ask(kit, "p-1"), return_exceptions=True)
    assert isinstance(failed, RuntimeError)
    assert [row["ehr_id"] for row in await kit.read("SELECT ehr_id FROM ehr")] == [kept]


async def test_two_patients_have_two(kit: ServiceKit) -> None:
    assert await ask(kit, "p-1") != await ask(kit, "p-2")
    assert await ask(kit, "p-1") == await ask(kit, "p-1")
