"""One running letters service for all tests of this folder, emptied before each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quill_common.testing.kit import Person, ServiceKit, service_kit
from quill_letters.app import create_app
from quill_letters.settings import Settings

PATIENT = "5f0c7a52-8f0e-4c3e-9d5e-0a9b1c2d3e4f"


@pytest.fixture(scope="session")
async def session_kit(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    directory: Path = tmp_path_factory.mktemp("letters")
    async with service_kit("letters", create_app, Settings, postgres_url, directory) as kit:
        yield kit


@pytest.fixture
async def kit(session_kit: ServiceKit) -> ServiceKit:
    await session_kit.empty()
    return session_kit


@pytest.fixture
async def patient(kit: ServiceKit) -> str:
    """A patient of organisation 1."""
    return await kit.patient(PATIENT, 1)


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    """A clinician of organisation 1."""
    return await kit.clinician(1, full_name="Dr Ada Byron")
