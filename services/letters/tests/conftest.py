"""One running letters service for all tests of this folder, emptied before each."""

import pytest
from quill_common.testing.kit import Person, ServiceKit, kit_fixture
from quill_letters.app import create_app
from quill_letters.settings import Settings

PATIENT = "5f0c7a52-8f0e-4c3e-9d5e-0a9b1c2d3e4f"


session_kit = kit_fixture("letters", create_app, Settings)


@pytest.fixture
async def patient(kit: ServiceKit) -> str:
    """A patient of organisation 1."""
    return await kit.patient(PATIENT, 1)


@pytest.fixture
async def clinician(kit: ServiceKit) -> Person:
    """A clinician of organisation 1."""
    return await kit.clinician(1, full_name="Dr Ada Byron")
