"""Whatever was done to the trail behind the service's back, verification says so and where."""

from collections.abc import AsyncIterator

import asyncpg
import pytest
from quill_common.audit.canonical import chained
from quill_common.audit.entry import AuditEntry
from quill_common.audit.verification import Head, Verified, verify
from quill_common.testing.database import assert_audit_verifies
from quill_common.testing.kit import SESSION, ServiceKit

ENTRY = AuditEntry(
    "patient.read",
    actor_id=1,
    actor_service="auth",
    session_id=SESSION,
    patient_id="p1",
    patient_ids=["p1", "p2"],
    subject_user_id=2,
    target="letter/1",
    request_id="r",
    address="192.0.2.1",
    details={"level": "staff"},
)


class Chain:
    """Six sealed entries, and the owner's hands on them."""

    def __init__(self, connection: asyncpg.Connection, schema: str) -> None:
        self.connection = connection
        self.schema = schema

    async def do(self, statement: str, *values: object) -> None:
        await self.connection.execute(statement, *values)

    async def verify(self, remembered: Head | None = None) -> Verified:
        return await verify(self.connection, self.schema, remembered)

    async def write_anew(self) -> None:
        """Give all that is left new positions and right hashes, as who knows the code could."""
        await self.do("CREATE TEMPORARY TABLE kept AS SELECT * FROM audit_entry ORDER BY id")
        await self.do("TRUNCATE audit_entry, audit_head")
        last = b""
        for position, row in enumerate(await self.connection.fetch("SELECT * FROM kept ORDER BY id"), start=1):
            last = chained(last, {**row, "position": position})
            await self.do("UPDATE kept SET position = $1, hash = $2 WHERE id = $3", position, last, row["id"])
        await self.do("INSERT INTO audit_entry SELECT * FROM kept")
        await self.do(
            "INSERT INTO audit_head SELECT true, position, hash, now() FROM kept ORDER BY position DESC LIMIT 1"
        )


@pytest.fixture
async def chain(kit: ServiceKit) -> AsyncIterator[Chain]:
    for _ in range(6):
        await kit.parts.audit.record(ENTRY)
    await kit.parts.sealer.seal()
    connection = await asyncpg.connect(kit.database.admin_url, server_settings={"search_path": kit.name})
    yield Chain(connection, kit.name)
    await connection.close()
    await kit.empty()


async def test_an_untouched_chain_verifies_again_and_again(chain: Chain, kit: ServiceKit) -> None:
    first = await chain.verify()
    assert (first.entries, first.fault, first.overdue, first.broken_at) == (6, None, 0, None)
    assert first.head is not None
    await kit.parts.audit.record(ENTRY)
    await kit.parts.sealer.seal()
    second = await chain.verify(first.head)
    assert (second.entries, second.fault) == (7, None)


async def test_an_empty_trail_verifies(kit: ServiceKit) -> None:
    connection = await asyncpg.connect(kit.database.admin_url)
    assert await verify(connection, kit.name) == Verified(0, None, 0)
    await connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "recorded_at = recorded_at + interval '1 microsecond'",
        "recorded_at = recorded_at - interval '20 years'",
        "id = 99",
        "actor_id = 9",
        "actor_id = NULL",
        "actor_service = 'orgs'",
        "session_id = NULL",
        "action = 'patient.write'",
        "outcome = 'refused'",
        "patient_id = 'p2'",
        "patient_ids = ARRAY['p2', 'p1']",
        "patient_ids = ARRAY['p1']",
        "subject_user_id = 3",
        "target = ''",
        "request_id = 's'",
        "address = '192.0.2.2'",
        'details = \'{"level": "admin"}\'',
        'details = \'{"level" :"staff"}\'',
        "hash = sha256('')",
        "hash = NULL",
        "position = NULL, hash = NULL",
    ],
)
async def test_a_changed_column_is_found_at_its_position(chain: Chain, change: str) -> None:
    await chain.do(f"UPDATE audit_entry SET {change} WHERE position = 3")
    found = await chain.verify()
    assert (found.entries, found.broken_at) == (2, 3)
    assert found.fault


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_entry SET position = 4 WHERE position = 3", 3),
        ("UPDATE audit_entry SET position = 3 WHERE position = 4", 3),
        ("UPDATE audit_entry SET position = 0 WHERE position = 6", 0),
        ("UPDATE audit_entry SET position = 7 - position WHERE position IN (3, 4)", 3),
        ("DELETE FROM audit_entry WHERE position = 1", 1),
        ("DELETE FROM audit_entry WHERE position = 4", 4),
        ("DELETE FROM audit_entry WHERE position > 4", 5),
        ("DELETE FROM audit_entry", 1),
        ("DELETE FROM audit_head", 7),
        ("UPDATE audit_head SET hash = sha256('')", 7),
        ("INSERT INTO audit_entry SELECT now(), 0, actor_id, actor_service, session_id, action, outcome, patient_id, "
         "patient_ids, subject_user_id, target, request_id, address, details, position, hash "
         "FROM audit_entry WHERE position = 3", 3),
    ],
)  # fmt: skip
async def test_a_moved_missing_or_added_entry_is_found(chain: Chain, statement: str, broken_at: int) -> None:
    await chain.do(statement)
    found = await chain.verify()
    assert found.fault
    assert found.broken_at == broken_at


async def test_a_cut_end_is_found_by_what_was_remembered(chain: Chain) -> None:
    head = (await chain.verify()).head
    await chain.do("DELETE FROM audit_entry WHERE position > 4")
    await chain.do(
        "UPDATE audit_head SET (position, hash) = (SELECT position, hash FROM audit_entry WHERE position = 4)"
    )
    assert (await chain.verify()).fault is None
    found = await chain.verify(head)
    assert (found.broken_at, found.fault) == (5, "the chain once reached position 6: its end was cut off")


async def test_a_chain_written_anew_is_found_by_what_was_remembered(chain: Chain) -> None:
    head = (await chain.verify()).head
    await chain.do("UPDATE audit_entry SET actor_id = 9 WHERE position = 2")
    await chain.write_anew()
    assert (await chain.verify()).fault is None
    found = await chain.verify(head)
    assert (found.broken_at, found.entries) == (6, 6)
    assert "written anew" in (found.fault or "")


async def test_entries_that_nobody_seals_are_counted(chain: Chain) -> None:
    await chain.do("INSERT INTO audit_entry (action, outcome, recorded_at) "
                   "VALUES ('a', 'success', now() - interval '2 minutes'), ('a', 'success', now())")  # fmt: skip
    found = await chain.verify()
    assert (found.fault, found.overdue) == (None, 1)


async def test_a_test_run_that_breaks_a_trail_fails(chain: Chain, kit: ServiceKit) -> None:
    await assert_audit_verifies(kit.database.admin_url, [kit.name])
    await chain.do("UPDATE audit_entry SET actor_id = 9 WHERE position = 2")
    with pytest.raises(AssertionError, match="the audit trail of letters is broken at 2"):
        await assert_audit_verifies(kit.database.admin_url, [kit.name])
