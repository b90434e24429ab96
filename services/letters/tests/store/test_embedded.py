"""The built-in store keeps its promises, and says so when it cannot."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from uuid import uuid4

import pytest
import structlog
from quill_common.http.errors import StoreUnavailable
from quill_common.testing.database import execute
from quill_common.testing.kit import Person, ServiceKit
from quill_letters.openehr.version_uid import VersionUid
from quill_letters.store.embedded import EmbeddedReader, EmbeddedStore
from quill_letters.store.interface import ContentRefused, NewVersion
from sqlalchemy import text

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNAVAILABLE = {"detail": "Clinical store unavailable"}


def version(uid: VersionUid, content: str = "{}") -> NewVersion:
    return NewVersion(uid, "t", "a", 1, NOW, content)


@pytest.fixture
def log(kit: ServiceKit) -> Iterator[BytesIO]:
    """What the service logs."""
    factory, lines = structlog.get_config()["logger_factory"], BytesIO()
    structlog.configure(logger_factory=structlog.BytesLoggerFactory(lines))
    yield lines
    structlog.configure(logger_factory=factory)


@asynccontextmanager
async def broken_store(kit: ServiceKit) -> AsyncIterator[None]:
    """Inside, every statement about compositions fails."""
    await execute(kit.database.admin_url, "ALTER TABLE letters.composition RENAME TO away")
    try:
        yield
    finally:
        await execute(kit.database.admin_url, "ALTER TABLE letters.away RENAME TO composition")


async def test_writing_the_same_version_again_changes_nothing(kit: ServiceKit) -> None:
    uid = VersionUid(uuid4(), "quill", 1)
    async with kit.parts.database.writer() as writer:
        store = EmbeddedStore(writer, "quill")
        ehr_id = await store.ehr_of("p")
        assert await store.write(ehr_id, "p", version(uid, '{"first":1}'))
        assert not await store.write(ehr_id, "p", version(uid, '{"second":2}'))
        assert await store.read("p", uid) == '{"first":1}'


async def test_what_is_read_is_byte_for_byte_what_was_written(kit: ServiceKit) -> None:
    uid = VersionUid(uuid4(), "quill", 1)
    content = '{ "b":1.0,  "a": "ü\\u0001" }'
    async with kit.parts.database.writer() as writer:
        store = EmbeddedStore(writer, "quill")
        await store.write(await store.ehr_of("p"), "p", version(uid, content))
        assert await store.read("p", uid) == content
        assert await store.read("p", uid.object_id) == content
        assert await store.read("other", uid) is None


async def test_content_that_the_store_will_not_hold_is_no_outage(kit: ServiceKit) -> None:
    with pytest.raises(ContentRefused):
        async with kit.parts.database.writer() as writer:
            await EmbeddedStore(writer, "quill").write(uuid4(), "p", version(VersionUid(uuid4(), "quill", 1)))


async def test_a_letter_that_cannot_be_stored_is_not_told_to_the_log(
    kit: ServiceKit, clinician: Person, patient: str, log: BytesIO
) -> None:
    admin, letter = kit.database.admin_url, {"title": "poison", "body": "she confided"}
    await execute(admin, "ALTER TABLE letters.composition ADD CONSTRAINT picky CHECK (title <> 'poison')")
    try:
        answer = await clinician.client.post(f"/api/patients/{patient}/letters", json=letter)
    finally:
        await execute(admin, "ALTER TABLE letters.composition DROP CONSTRAINT picky")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal server error"})
    assert b"picky" in log.getvalue()
    assert b"she confided" not in log.getvalue()
    assert b"poison" not in log.getvalue()


async def test_a_statement_that_fails_is_logged_by_its_code(
    kit: ServiceKit, clinician: Person, patient: str, log: BytesIO
) -> None:
    async with broken_store(kit):
        await clinician.client.get(f"/api/patients/{patient}/letters")
    assert b'"sqlstate":"42P01"' in log.getvalue()


async def test_a_connection_that_breaks_is_the_store_being_away(kit: ServiceKit) -> None:
    async def read_on_a_broken_connection() -> None:
        async with kit.parts.database.writer() as writer:
            pid = await writer.value(text("SELECT pg_backend_pid()"))
            await execute(kit.database.admin_url, f"SELECT pg_terminate_backend({pid})")
            await EmbeddedReader(writer).read("p", uuid4())

    with pytest.raises(StoreUnavailable):
        await read_on_a_broken_connection()


async def test_a_store_that_fails_is_never_an_empty_list_or_a_missing_letter(
    kit: ServiceKit, clinician: Person, patient: str
) -> None:
    letters = f"/api/patients/{patient}/letters"
    async with broken_store(kit):
        answers = [
            await clinician.client.get(letters),
            await clinician.client.get(f"{letters}/{uuid4()}"),
            await clinician.client.post(letters, json={"title": "t", "body": "b"}),
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()) == (503, UNAVAILABLE)
        assert int(answer.headers["Retry-After"]) > 0
    assert await kit.read("SELECT 1 FROM ehr") == []
    assert await kit.published() == []


async def test_a_failing_store_tells_nothing_to_who_has_no_access(kit: ServiceKit, patient: str) -> None:
    stranger = await kit.clinician(2)
    async with broken_store(kit):
        answer = await stranger.client.get(f"/api/patients/{patient}/letters")
    assert (answer.status_code, answer.json()) == (403, {"detail": "Access denied"})
