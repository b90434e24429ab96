"""One running auth service for all tests of this folder, emptied before each; people, with a second factor or not."""

import pytest
from quill_auth.app import create_app
from quill_auth.second_factor import totp
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_auth.testing.second_factors import NOW, Factors
from quill_common.testing.kit import ServiceKit, kit_fixture

session_kit = kit_fixture("auth", create_app, Settings, keep=frozenset({"roles"}))


@pytest.fixture
def people(kit: ServiceKit) -> People:
    return People(kit)


@pytest.fixture
def factors(kit: ServiceKit, people: People, monkeypatch: pytest.MonkeyPatch) -> Factors:
    """The clock of second factors stands still."""
    made = Factors(kit, people)
    monkeypatch.setattr(totp, "now", lambda: NOW + made.passed)
    return made
