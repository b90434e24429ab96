"""A store of its own tables on a real database, emptied before each test."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from quill_common.database.base import Root, own_metadata
from quill_common.database.engine import Database
from quill_common.fhir.sql_store import SqlResourceStore
from quill_common.fhir.store import ResourceStore
from quill_common.fhir.tables import ResourceColumns, VersionColumns
from quill_common.testing.database import migrated_database
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


@pytest.fixture
async def database(fhir_database: Database) -> Database:
    async with fhir_database.writer() as writer:
        await writer.execute(text("TRUNCATE kept, kept_version"))
    return fhir_database


@pytest.fixture
def store() -> ResourceStore:
    return SqlResourceStore(Kept, KeptVersion, _columns, once="number")
