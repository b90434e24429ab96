"""A store of its own tables on a real database, emptied before each test."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import aiohttp
import pytest
from quill_common.database.base import Root, own_metadata
from quill_common.database.engine import Database
from quill_common.database.session import Reader
from quill_common.fhir.http_client import FhirClient
from quill_common.fhir.http_settings import FhirServerSettings
from quill_common.fhir.http_store import HttpResourceStore
from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.fhir.store import ResourceStore
from quill_common.fhir.tables import ResourceColumns, VersionColumns
from quill_common.testing.database import migrated_database
from quill_common.testing.fhir_server import FhirServer, fhir_server
from sqlalchemy import ARRAY, Text, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import Mapped, mapped_column


class Base(Root):
    __abstract__ = True
    metadata = own_metadata()


class Kept(ResourceColumns, Base):
    __tablename__ = "kept"

    family: Mapped[str]
    number: Mapped[str | None] = mapped_column(unique=True)
    words: Mapped[list[str]] = mapped_column(ARRAY(Text))


class KeptVersion(VersionColumns, Base):
    __tablename__ = "kept_version"


def _columns(resource: Mapping[str, Any]) -> dict[str, Any]:
    name = resource.get("name", [{}])[0]
    number = resource.get("identifier", [{}])[0].get("value")
    return {"family": name.get("family", ""), "number": number, "words": name.get("given", [])}


@pytest.fixture(scope="session")
async def fhir_database(postgres_url: str) -> AsyncIterator[Database]:
    async with migrated_database(postgres_url) as made:
        database = Database(made.admin_url)
        engine = create_async_engine(database.url)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        await engine.dispose()
        yield database
        await database.close()


@pytest.fixture(scope="session")
async def fhir_double() -> AsyncIterator[FhirServer]:
    async with fhir_server() as server:
        yield server


@pytest.fixture
async def database(fhir_database: Database) -> Database:
    async with fhir_database.writer() as writer:
        await writer.execute(text("TRUNCATE kept, kept_version"))
    return fhir_database


@pytest.fixture
def double(fhir_double: FhirServer) -> FhirServer:
    """The double of a FHIR server, empty and working well."""
    fhir_double.clear()
    return fhir_double


@pytest.fixture
async def external(double: FhirServer) -> AsyncIterator[HttpResourceStore]:
    """The adapter to it; what takes longer than a second is slow."""
    settings = FhirServerSettings(fhir_server_url=double.url, fhir_server_seconds=1.0)

    async def ids_after(_: Reader, after: str | None, limit: int) -> Sequence[str]:
        return sorted(resource_id for _, resource_id in double.resources if resource_id > (after or ""))[:limit]

    async with aiohttp.ClientSession() as http:
        yield HttpResourceStore(FhirClient(http, settings), ids_after)


@pytest.fixture(params=["built-in", "external"])
def store(request: pytest.FixtureRequest, external: HttpResourceStore) -> ResourceStore:
    """Both implementations: each test below runs with either."""
    return SqlResourceStore(Kept, KeptVersion, _columns, once="number") if request.param == "built-in" else external
