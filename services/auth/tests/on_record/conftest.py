"""People of whom something is put on record."""

import pytest
from quill_auth.second_factor import totp
from quill_auth.testing.people import People
from quill_auth.testing.scene import NAME, Scene
from quill_auth.testing.second_factors import NOW, Factors
from quill_common.testing.kit import ServiceKit


@pytest.fixture
async def scene(kit: ServiceKit, people: People, monkeypatch: pytest.MonkeyPatch) -> Scene:
    factors = Factors(kit, people)
    monkeypatch.setattr(totp, "now", lambda: NOW + factors.passed)
    admin = await people.visitor("admin")
    made = Scene(kit, people, factors, admin, await people.visitor("staff", full_name=NAME))
    await made.begin()
    return made
