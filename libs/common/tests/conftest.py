"""One database for the tests of the event machinery, with the shared tables in a schema for each of four services."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quill_common.testing.database import TestDatabase, migrated_database


@pytest.fixture(scope="session")
async def shared_database(postgres_url: str) -> AsyncIterator[TestDatabase]:
    async with migrated_database(postgres_url, "auth", "orgs", "patients", "letters") as database:
        yield database


@pytest.fixture(scope="session")
def key_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")
