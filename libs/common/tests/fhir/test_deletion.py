"""What is deleted is read by nobody, keeps its history, and may come back."""

import asyncio
from typing import Any

import pytest
from quill_common.database.engine import Database
from quill_common.fhir.resource import StoredResource
from quill_common.fhir.store import ResourceExists, ResourceStore, VersionConflict
from sqlalchemy import text

# A FHIR server of the site's own knows no deletion by us (contract 13.1).
pytestmark = pytest.mark.parametrize("store", ["built-in"], indirect=True)

PATIENT: dict[str, Any] = {"resourceType": "Patient", "id": "p-1", "gender": "female"}


@pytest.fixture
async def deleted(database: Database, store: ResourceStore) -> StoredResource:
    """The version of `p-1` that says deleted: the second."""
    async with database.writer() as writer:
        await store.create(writer, PATIENT)
        return await store.delete(writer, "Patient", "p-1", 1)


async def _history(database: Database, store: ResourceStore, **asked: int) -> list[tuple[int, bool]]:
    async with database.reader() as reader:
        versions = await store.history(reader, "Patient", "p-1", **asked)
    return [(version.version, version.deleted) for version in versions]


async def test_a_deleted_resource_is_not_read_and_no_table_of_present_ones_has_it(
    database: Database, store: ResourceStore, deleted: StoredResource
) -> None:
    assert (deleted.version, deleted.deleted, deleted.content) == (2, True, "")
    async with database.writer() as writer:
        assert await store.read(writer, "Patient", "p-1") is None
        assert await store.read_to_change(writer, "Patient", "p-1") is None
        assert await writer.values(text("SELECT id FROM kept")) == []


async def test_its_history_says_so_and_keeps_what_was_before(
    database: Database, store: ResourceStore, deleted: StoredResource
) -> None:
    assert await _history(database, store) == [(2, True), (1, False)]
    async with database.reader() as reader:
        assert await store.read_version(reader, "Patient", "p-1", 2) == deleted
        first = await store.read_version(reader, "Patient", "p-1", 1)
        assert first is not None
        assert first.resource()["gender"] == "female"
        assert await store.read_version(reader, "Patient", "p-1", 3) is None
        assert await store.read_version(reader, "Communication", "p-1", 1) is None


@pytest.mark.parametrize("expected", [0, 2, 99])
async def test_only_the_present_version_is_deleted(database: Database, store: ResourceStore, expected: int) -> None:
    async with database.writer() as writer:
        await store.create(writer, PATIENT)
        with pytest.raises(VersionConflict):
            await store.delete(writer, "Patient", "p-1", expected)
        with pytest.raises(VersionConflict):
            await store.delete(writer, "Patient", "p-2", 1)
    assert await _history(database, store) == [(1, False)]


@pytest.mark.usefixtures("deleted")
async def test_its_id_is_taken_for_good(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        with pytest.raises(ResourceExists) as refused:
            await store.create(writer, PATIENT)
    assert refused.value.taken == "id"
    assert await _history(database, store) == [(2, True), (1, False)]


@pytest.mark.usefixtures("deleted")
async def test_an_update_from_that_version_brings_it_back(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        for expected in (1, 3):
            with pytest.raises(VersionConflict):
                await store.update(writer, PATIENT, expected)
        back = await store.update(writer, {**PATIENT, "gender": "other"}, 2)
    async with database.reader() as reader:
        assert await store.read(reader, "Patient", "p-1") == back
    assert await _history(database, store) == [(3, False), (2, True), (1, False)]


@pytest.mark.usefixtures("deleted")
async def test_of_many_who_bring_it_back_one_wins_and_deleting_it_again_goes_on(
    database: Database, store: ResourceStore
) -> None:
    async def restore() -> StoredResource:
        async with database.writer() as writer:
            return await store.update(writer, PATIENT, 2)

    answers = await asyncio.gather(*(restore() for _ in range(8)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["StoredResource"] + ["VersionConflict"] * 7
    async with database.writer() as writer:
        await store.delete(writer, "Patient", "p-1", 3)
    assert await _history(database, store) == [(4, True), (3, False), (2, True), (1, False)]


async def test_changing_and_deleting_at_once_leaves_no_hole(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        await store.create(writer, PATIENT)

    async def change(number: int) -> None:
        async with database.writer() as writer:
            if number % 2:
                await store.update(writer, PATIENT, 1)
            else:
                await store.delete(writer, "Patient", "p-1", 1)

    answers = await asyncio.gather(*(change(number) for number in range(8)), return_exceptions=True)
    assert [type(answer) for answer in answers if answer is not None] == [VersionConflict] * 7
    assert [version for version, _ in await _history(database, store)] == [2, 1]


async def test_history_is_read_in_pages(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        await store.create(writer, PATIENT)
        for version in range(1, 5):
            await store.update(writer, PATIENT, version)
    assert await _history(database, store, limit=2) == [(5, False), (4, False)]
    assert await _history(database, store, limit=2, before=4) == [(3, False), (2, False)]
    assert await _history(database, store, before=2) == [(1, False)]
    assert await _history(database, store, before=1) == []
