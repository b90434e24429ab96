"""One service under test: real PostgreSQL, its real application, callers declared instead of built by hand."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import httpx
import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text
from sqlalchemy.dialects.postgresql import insert

from quill_common.access.tables import AccessGrant, AccessPatient, AccessPatientMember, AccessStaff, AccessUser
from quill_common.audit.entry import FACTS
from quill_common.identity.key_sources import KeySource
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.identity.signing_keys import SigningKeys
from quill_common.identity.tokens import TokenSigner
from quill_common.service import Parts
from quill_common.settings import ServiceSettings
from quill_common.testing.database import TestDatabase, execute, migrated_database
from quill_common.topology import Service

SESSION = "11111111-1111-4111-8111-111111111111"
CLINICIAN = ("access_patient_records", "modify_patient_records")

S = TypeVar("S", bound=ServiceSettings)


class CreateApp(Protocol):
    """The shape of every service's `create_app`."""

    def __call__(self, settings: Any, *, isolated: bool, keys: KeySource | None) -> FastAPI: ...


@dataclass(frozen=True)
class Person:
    """A known account and a client that is signed in as it."""

    id: int
    username: str
    client: httpx.AsyncClient


@dataclass
class ServiceKit:
    """A running service. What a test declares goes straight into its projection, as events would put it there."""

    name: Service
    app: FastAPI
    database: TestDatabase
    keys: SigningKeys
    directory: Path
    keep: frozenset[str] = frozenset()
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def parts(self) -> Parts:
        parts: Parts = self.app.state.parts
        return parts

    @property
    def anonymous(self) -> httpx.AsyncClient:
        return self.client()

    async def person(
        self,
        level: str = "staff",
        *,
        roles: tuple[str, ...] = (),
        competencies: tuple[str, ...] = CLINICIAN,
        organisations: tuple[int, ...] = (),
        patient_id: str | None = None,
        is_active: bool = True,
        full_name: str | None = None,
    ) -> Person:
        """An account of `level`, staff member of `organisations` (the first is primary)."""
        user_id = next(self._ids)
        username = f"person{user_id}"
        row = {
            "id": user_id,
            "username": username,
            "full_name": full_name,
            "email": f"{username}@example.org",
            "level": level,
            "roles": list(roles),
            "competencies": list(competencies),
            "is_active": is_active,
            "patient_id": patient_id,
        }
        async with self.parts.database.writer() as writer:
            await writer.execute(insert(AccessUser).values(row))
            for number, organisation in enumerate(organisations):
                staff = {"user_id": user_id, "organisation_id": organisation, "is_primary": number == 0}
                await writer.execute(insert(AccessStaff).values(staff))
        return Person(user_id, username, self.client(self.access_token(user_id)))

    async def clinician(self, *organisations: int, **more: Any) -> Person:
        """A staff account with the role Clinician."""
        return await self.person("staff", roles=("Clinician",), organisations=organisations, **more)

    async def admin(self) -> Person:
        return await self.person("admin")

    async def patient(self, patient_id: str, *organisations: int) -> str:
        """A patient that exists, member of `organisations`."""
        async with self.parts.database.writer() as writer:
            await writer.execute(insert(AccessPatient).values(id=patient_id).on_conflict_do_nothing())
            for organisation in organisations:
                member = {"patient_id": patient_id, "organisation_id": organisation}
                await writer.execute(insert(AccessPatientMember).values(member))
        return patient_id

    async def grant(self, person: Person, patient_id: str) -> None:
        async with self.parts.database.writer() as writer:
            await writer.execute(insert(AccessGrant).values(user_id=person.id, patient_id=patient_id))

    async def write(self, statement: Any, params: Any = None) -> None:
        """Run one statement with the service's own rights, in a transaction of its own."""
        async with self.parts.database.writer() as writer:
            await writer.execute(statement, params)

    async def read(self, sql: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a query, as the service sees them."""
        async with self.parts.database.reader() as reader:
            return [dict(row._mapping) for row in await reader.rows(text(sql), params)]

    async def published(self, event_type: str | None = None) -> list[dict[str, Any]]:
        """The `data` of the events published so far, oldest first."""
        rows = await self.read("SELECT type, data FROM outbox ORDER BY id")
        return [orjson.loads(row["data"]) for row in rows if event_type in (None, row["type"])]

    async def audited(self) -> list[dict[str, Any]]:
        """What is on record so far, oldest first: the columns of `audit_entry` without time and seal."""
        columns = ", ".join(FACTS)
        return await self.read(f"SELECT {columns} FROM audit_entry ORDER BY id")

    def access_token(self, user_id: int, session_id: str = SESSION) -> str:
        signer = TokenSigner(self.keys)
        return signer.access(user_id, session_id, roles=(), competencies=(), lifetime=600)

    def client(self, token: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url=f"http://{self.name}", headers=headers)

    def service(self, name: str) -> httpx.AsyncClient:
        """A client that calls as another service, the gateway or the operator."""
        key = self.directory / "keys" / "services" / f"{name}.pem"
        return self.client(ServiceTokens(name, key).token(self.name))

    async def empty(self) -> None:
        """Take out all rows but those that the migrations put in."""
        await execute(
            self.database.admin_url, EMPTY_SCHEMA.format(schema=self.name, keep="', '".join(_KEPT | self.keep))
        )
        self.parts.sequencer.head = 0

    @asynccontextmanager
    async def failing_commits(self, table: str) -> AsyncIterator[None]:
        """Inside, the COMMIT of every transaction that inserted into or changed `table` fails."""
        await execute(self.database.admin_url, FAILING_COMMIT.format(schema=self.name, table=table))
        try:
            yield
        finally:
            await execute(self.database.admin_url, f"DROP TRIGGER fail_commit ON {self.name}.{table}")

    @contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The SQL statements that the service ran inside the block."""
        seen: list[str] = []
        with self.executed(lambda statement, _: seen.append(statement)):
            yield seen

    @contextmanager
    def executed(self, note: Callable[[str, Any], None]) -> Iterator[None]:
        """Inside, `note` is told every statement that the service runs, with its parameters."""

        def heard(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            note(statement, parameters)

        engines = [engine.sync_engine for engine in self.parts.database.engines]
        for engine in engines:
            event.listen(engine, "before_cursor_execute", heard)
        try:
            yield
        finally:
            for engine in engines:
                event.remove(engine, "before_cursor_execute", heard)


@asynccontextmanager
async def service_kit(
    name: Service,
    create_app: CreateApp,
    settings: Callable[..., S],
    server_url: str,
    directory: Path,
    *,
    keep: frozenset[str] = frozenset(),
    **more: Any,
) -> AsyncIterator[ServiceKit]:
    """Run the service `name` on a database of its own. `keep` names tables that `empty` leaves alone."""
    ensure_service_keys(directory)
    keys = SigningKeys(directory / "keys" / "auth")
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(migrated_database(server_url, name))
        values = {"database_url": database.urls[name], "data_dir": directory, "log_level": "ERROR", **_USUAL, **more}
        app = create_app(settings(**values), isolated=True, keys=keys)
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield ServiceKit(name, app, database, keys, directory, keep)


def kit_fixture(
    name: Service, create_app: CreateApp, settings: type[ServiceSettings], *, keep: frozenset[str] = frozenset()
) -> Any:
    """The fixture `session_kit` of a conftest: one running service for all tests below it. Tests ask for `kit`."""

    @pytest.fixture(scope="session")
    async def session_kit(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
        directory = tmp_path_factory.mktemp(name)
        async with service_kit(name, create_app, settings, postgres_url, directory, keep=keep) as kit:
            yield kit

    return session_kit


_USUAL: dict[str, Any] = {"rate_limits": False}  # tests ask more often than people; those of limits say otherwise
_KEPT = frozenset({"alembic_version", "outbox_head", "outbox_relay"})

EMPTY_SCHEMA = """
DO $$
DECLARE tables text;
BEGIN
    -- The audit trail is many tables, and mostly empty: a TRUNCATE of each costs every test some milliseconds.
    SELECT string_agg(oid::regclass::text, ', ') INTO tables
    FROM pg_class WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname NOT IN ('{keep}')
    AND (relname <> 'audit_entry' OR EXISTS (SELECT FROM {schema}.audit_entry));
    EXECUTE 'TRUNCATE ' || tables || ' RESTART IDENTITY CASCADE';
    UPDATE {schema}.outbox_head SET position = 0;
    UPDATE {schema}.outbox_relay SET published = 0;
END $$;
"""

FAILING_COMMIT = """
CREATE OR REPLACE FUNCTION {schema}.fail_commit() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the commit fails' USING ERRCODE = 'deadlock_detected'; END $$;
CREATE CONSTRAINT TRIGGER fail_commit AFTER INSERT OR UPDATE ON {schema}.{table}
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.fail_commit();
"""
