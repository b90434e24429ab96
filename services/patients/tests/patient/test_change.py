"""A store that cannot lock: who was faster is read again, a bounded number of times."""

from typing import Any

import pytest
from quill_common.database.session import Writer
from quill_common.fhir.resource import Resource, StoredResource
from quill_common.fhir.store import VersionConflict
from quill_common.http.errors import StoreUnavailable
from quill_common.testing.kit import ServiceKit
from quill_patients.patient.builtin import BuiltInPatients
from quill_patients.patient.service import TRIES, change


class Contended(BuiltInPatients):
    """Every update is beaten to it, `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    async def update(self, writer: Writer, resource: Resource, expected: int) -> StoredResource:
        if self.times > 0:
            self.times -= 1
            await super().update(writer, {**resource, "gender": "other", "active": True}, expected)
            raise VersionConflict
        return await super().update(writer, resource, expected)


def _set_gender(resource: Resource) -> None:
    resource["gender"] = "female"


async def test_the_change_is_made_again_from_what_the_other_wrote(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1")
    async with kit.parts.units.open() as work:
        stored = await change(work, Contended(TRIES - 1), "p-1", None, _set_gender)
    assert stored.version == TRIES + 1
    resource = stored.resource()
    assert (resource["gender"], resource["active"]) == ("female", True)


async def test_it_is_not_tried_for_ever(kit: ServiceKit, keep_patient: Any) -> None:
    await keep_patient("p-1")
    async with kit.parts.units.open() as work:
        with pytest.raises(StoreUnavailable):
            await change(work, Contended(TRIES), "p-1", None, _set_gender)
    assert await kit.published() == []
