"""One running orgs service for all tests of this folder, emptied before each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quill_common.testing.kit import ServiceKit, service_kit
from quill_orgs.app import create_app
from quill_orgs.settings import Settings


@pytest.fixture(scope="session")
async def session_kit(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    directory: Path = tmp_path_factory.mktemp("orgs")
    async with service_kit("orgs", create_app, Settings, postgres_url, directory) as kit:
        yield kit


@pytest.fixture
async def kit(session_kit: ServiceKit) -> ServiceKit:
    await session_kit.empty()
    return session_kit
