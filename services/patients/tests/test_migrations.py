"""Records of before come through the migrations whole, also those that share an NHS number."""

import asyncio
from typing import Any

import asyncpg
import orjson
from quill_common.database.migration import upgrade
from quill_common.database.provision import provision
from quill_common.testing.database import TestDatabase, migrated_database

SYSTEM = "https://fhir.nhs.uk/Id/nhs-number"
NUMBER = "9434765919"
BEFORE: dict[str, tuple[str, dict[str, Any]]] = {
    "p-a": ("2026-03-01", {"identifier": [{"system": SYSTEM, "value": NUMBER}]}),
    "p-b": ("2026-01-01", {"identifier": [{"system": SYSTEM, "value": "943 476 5919"}]}),
    "p-c": ("2026-02-01", {"identifier": [{"system": SYSTEM, "value": NUMBER, "use": "old"}]}),
    "p-d": ("2026-02-01", {"identifier": [{"system": SYSTEM, "value": "none"}, {"value": NUMBER}]}),
    "p-e": ("2026-02-01", {"gender": "female"}),
}


async def _as_before(database: TestDatabase) -> None:
    await upgrade("patients", database.admin_url, "patients_0001")
    connection = await asyncpg.connect(database.admin_url)
    for patient_id, (created, elements) in BEFORE.items():
        content = orjson.dumps({"resourceType": "Patient", "id": patient_id, **elements}).decode()
        values = f"('{patient_id}', 'Patient', 1, '{created}', '{content}'"
        await connection.execute(f"INSERT INTO patients.fhir_patient VALUES {values}, '', '')")
        await connection.execute(f"INSERT INTO patients.fhir_patient_version VALUES {values})")
    await connection.close()


async def test_numbers_are_taken_over_and_the_first_holder_has_a_shared_one(postgres_url: str) -> None:
    async with migrated_database(postgres_url) as database:
        await provision(database.admin_url, "patients", "secret")
        await _as_before(database)
        await upgrade("patients", database.admin_url)
        connection = await asyncpg.connect(database.admin_url)
        rows = await connection.fetch("SELECT id, nhs_number, nhs_number_shared FROM patients.fhir_patient ORDER BY id")
        deleted = await connection.fetchval("SELECT count(*) FROM patients.fhir_patient_version WHERE deleted")
        await connection.close()
    assert [tuple(row) for row in rows] == [
        ("p-a", NUMBER, True),
        ("p-b", NUMBER, False),
        ("p-c", None, False),
        ("p-d", None, False),
        ("p-e", None, False),
    ]
    assert deleted == 0


async def test_what_code_of_before_writes_while_records_are_read_counts(postgres_url: str) -> None:
    async with migrated_database(postgres_url) as database:
        await provision(database.admin_url, "patients", "secret")
        await _as_before(database)
        connection, watcher = [await asyncpg.connect(database.admin_url) for _ in range(2)]
        changing = connection.transaction()
        await changing.start()
        content = orjson.dumps({"identifier": [{"system": SYSTEM, "value": "9434765870"}]}).decode()
        await connection.execute("UPDATE patients.fhir_patient SET version = 2, content = $1 WHERE id = 'p-e'", content)
        migrating = asyncio.create_task(upgrade("patients", database.admin_url))
        waits = "SELECT count(*) FROM pg_locks WHERE relation = 'patients.fhir_patient'::regclass AND NOT granted"
        async with asyncio.timeout(60):
            # It has read all when it waits for the lock; PostgreSQL tells nobody.
            while not await watcher.fetchval(waits):  # noqa: ASYNC110 - there is nothing to wait on
                await asyncio.sleep(0.01)
        await changing.commit()
        await migrating
        number = await connection.fetchval("SELECT nhs_number FROM patients.fhir_patient WHERE id = 'p-e'")
        await asyncio.gather(connection.close(), watcher.close())
    assert number == "9434765870"
