"""One running auth service for all tests of this folder, emptied before each."""

import pytest
from quill_auth.app import create_app
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit, kit_fixture

session_kit = kit_fixture("auth", create_app, Settings, keep=frozenset({"roles"}))


@pytest.fixture
def people(kit: ServiceKit) -> People:
    return People(kit)
