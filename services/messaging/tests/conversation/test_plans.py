"""The lists read indexes: what they cost depends on the page, not on how much there is."""

import itertools
from typing import Any

import asyncpg
from quill_common.testing.kit import ServiceKit
from quill_messaging.testing.threads import HOSPITAL, PATIENT, PRACTICE, start
from sqlalchemy import event, text

MANY = 30_000

_CONVERSATIONS = text(
    "INSERT INTO conversations (fhir_conversation_id, patient_id, created_at, updated_at) "
    "SELECT 'c' || n, 'p' || n % 3000, now() - n * interval '1 s', now() - n * interval '1 s' "
    "FROM generate_series(1, :many) n"
)
_ORGANISATIONS = text(
    "INSERT INTO message_organisation SELECT id, :hospital, status, updated_at FROM conversations WHERE id > 1"
)
_PARTICIPANTS = text(
    "INSERT INTO conversation_participants "
    "(conversation_id, user_id, joined_at, conversation_status, conversation_updated_at) "
    "SELECT id, :user, created_at, status, updated_at FROM conversations WHERE id > 1"
)
_MESSAGES = text(
    "INSERT INTO messages (fhir_communication_id, conversation_id, sender_id, body, created_at) "
    "SELECT 'm' || c.id || '/' || n, c.id, 999, 'text', c.created_at FROM conversations c, generate_series(1, 3) n"
)


async def test_a_page_of_a_few_or_of_tens_of_thousands_reads_no_table_from_end_to_end(kit: ServiceKit) -> None:
    await kit.patient(PATIENT, PRACTICE)
    few, many = await kit.clinician(PRACTICE), await kit.clinician(HOSPITAL)
    await start(few)
    await kit.write(_CONVERSATIONS, {"many": MANY})
    await kit.write(_ORGANISATIONS, {"hospital": HOSPITAL})
    await kit.write(_PARTICIPANTS, {"user": many.id})
    await kit.write(_MESSAGES)
    connection = await asyncpg.connect(kit.database.admin_url, server_settings={"search_path": "messaging"})
    try:
        await connection.execute("ANALYZE")
        for person, query in itertools.product((few, many), ({}, {"status": "new"}, {"status": "closed"})):
            page = person.client.get("/api/conversations", params={"limit": "50"} | query)
            statement, params = await list_statement(kit, page)
            plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *params))
            assert "Seq Scan on conversation" not in plan, plan
            assert "Seq Scan on message" not in plan, plan
    finally:
        await connection.close()


async def list_statement(kit: ServiceKit, request: Any) -> tuple[str, Any]:
    """The statement that fetched the page, and its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_: Any, __: Any, statement: str, params: Any, *___: Any) -> None:
        seen.append((statement, params))

    engine = kit.parts.database.engines[0].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await request).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    (found,) = [one for one in seen if "unread_count" in one[0]]
    return found
