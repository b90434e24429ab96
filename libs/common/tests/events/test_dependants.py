"""A write that others decide by is in force everywhere when it is answered, or the answer says where not."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quill_common.events.catalogue.orgs import StaffAdded, StaffRemoved
from quill_common.testing.database import TestDatabase
from quill_common.testing.together import Together, together

AWAY = "letters,messaging"


@pytest.fixture
async def three(shared_database: TestDatabase, key_directory: Path) -> AsyncIterator[Together]:
    async with together(shared_database, key_directory, ("auth", "orgs", "patients")) as three:
        for service in three.services.values():
            await service.level()
        yield three


async def test_a_write_has_reached_its_dependants_when_it_is_answered(three: Together) -> None:
    for number in range(1, 51):
        status, pending = await three.write("orgs", StaffAdded(organisation_id=1, user_id=7, is_primary=False))
        assert (status, pending) == (201, AWAY), number
        assert await three["patients"].value("SELECT count(*) FROM access_staff WHERE user_id = 7") == 1
        status, pending = await three.write("orgs", StaffRemoved(organisation_id=1, user_id=7))
        assert (status, pending) == (201, AWAY), number
        assert await three["auth"].value("SELECT count(*) FROM access_staff WHERE user_id = 7") == 0
