"""A schema with the access projection, empty before each test."""

from collections.abc import AsyncIterator

import pytest
from quill_common.database.engine import Database
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import empty_schema


@pytest.fixture
async def database(shared_database: TestDatabase) -> AsyncIterator[Database]:
    await empty_schema(shared_database, "letters")
    database = Database(shared_database.urls["letters"], 3)
    yield database
    await database.close()
