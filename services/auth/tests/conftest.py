"""One running auth service for all tests of this folder, emptied before each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quill_auth.app import create_app
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit, service_kit


@pytest.fixture(scope="session")
async def session_kit(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    directory: Path = tmp_path_factory.mktemp("auth")
    keep = frozenset({"roles"})
    async with service_kit("auth", create_app, Settings, postgres_url, directory, keep=keep) as kit:
        yield kit


@pytest.fixture
async def kit(session_kit: ServiceKit) -> ServiceKit:
    await session_kit.empty()
    return session_kit


@pytest.fixture
def people(kit: ServiceKit) -> People:
    return People(kit)
