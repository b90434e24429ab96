"""What every resource store keeps to."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
from quill_common.database.engine import Database
from quill_common.fhir.json_text import parse
from quill_common.fhir.resource import StoredResource
from quill_common.fhir.store import ResourceExists, ResourceStore, VersionConflict
from sqlalchemy import text

# A FHIR server knows nothing of our transactions, nor of columns in our schema.
built_in_only = pytest.mark.parametrize("store", ["built-in"], indirect=True)


def _patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p-1", **more}


async def _create(database: Database, store: ResourceStore, resource: dict[str, Any]) -> StoredResource:
    async with database.writer() as writer:
        return await store.create(writer, resource)


async def _read(database: Database, store: ResourceStore) -> StoredResource | None:
    async with database.reader() as reader:
        return await store.read(reader, "Patient", "p-1")


async def test_a_created_resource_is_version_1_and_is_read_as_it_was_answered(
    database: Database, store: ResourceStore
) -> None:
    created = await _create(database, store, _patient(name=[{"family": "Marsh"}]))
    assert (created.version, created.etag) == (1, 'W/"1"')
    assert await _read(database, store) == created
    meta = created.resource()["meta"]
    assert meta["versionId"] == "1"
    assert meta["lastUpdated"] == created.last_updated.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


async def test_an_unknown_resource_is_none_and_has_no_history(database: Database, store: ResourceStore) -> None:
    assert await _read(database, store) is None
    async with database.reader() as reader:
        assert await store.history(reader, "Patient", "p-1") == []


async def test_many_are_read_at_once_and_what_is_not_there_is_left_out(
    database: Database, store: ResourceStore
) -> None:
    made = [await _create(database, store, {"resourceType": "Patient", "id": f"p-{n}"}) for n in range(120)]
    await _create(database, store, {"resourceType": "Communication", "id": "c-1"})
    async with database.reader() as reader:
        found = await store.read_all(reader, "Patient", [*(each.id for each in made[5:]), "nobody", "c-1"])
        assert found == {each.id: each for each in made[5:]}
        assert await store.read_all(reader, "Patient", []) == {}


async def test_ids_of_another_type_are_other_resources(database: Database, store: ResourceStore) -> None:
    await _create(database, store, _patient())
    await _create(database, store, {"resourceType": "Communication", "id": "p-1"})
    found = await _read(database, store)
    assert found is not None
    assert found.resource_type == "Patient"


async def test_everything_that_came_is_kept_in_its_order_and_to_the_digit(
    database: Database, store: ResourceStore
) -> None:
    came = (
        '{"meta":{"profile":["http://example.org/p"],"tag":[{"code":"x"}],"versionId":"77"},"unknown":{"b":1,"a":[{}]},'
        '"resourceType":"Patient","extension":[{"url":"urn:x","valueDecimal":0.10},{"url":"urn:y","valueDecimal":'
        '42.380104191349123456789},{"url":"urn:z","valueInteger64":123456789012345678901234567890}],"id":"p-1"}'
    )
    created = await _create(database, store, parse(came))
    time = orjson.loads(created.content)["meta"]["lastUpdated"]
    assert created.content == came.replace(
        '"versionId":"77"}',
        f'"versionId":"1","lastUpdated":"{time}"}}',
    )


async def test_a_second_create_is_refused_and_changes_nothing(database: Database, store: ResourceStore) -> None:
    created = await _create(database, store, _patient(gender="female"))
    with pytest.raises(ResourceExists):
        await _create(database, store, _patient(gender="male"))
    assert await _read(database, store) == created


async def test_a_refused_create_leaves_the_transaction_usable(database: Database, store: ResourceStore) -> None:
    await _create(database, store, _patient())
    async with database.writer() as writer:
        with pytest.raises(ResourceExists):
            await store.create(writer, _patient())
        await store.create(writer, _patient(id="p-2"))
    async with database.reader() as reader:
        assert await store.read(reader, "Patient", "p-2")


async def test_of_simultaneous_creates_one_wins(database: Database, store: ResourceStore) -> None:
    tries = (_create(database, store, _patient(gender=gender)) for gender in ("male", "female", "other", "unknown"))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    won = [answer for answer in answers if isinstance(answer, StoredResource)]
    assert [type(answer) for answer in answers if answer not in won] == [ResourceExists] * 3
    assert [await _read(database, store)] == won


async def test_an_update_makes_the_next_version_and_history_keeps_every_one(
    database: Database, store: ResourceStore
) -> None:
    first = await _create(database, store, _patient(gender="male"))
    async with database.writer() as writer:
        second = await store.update(writer, _patient(gender="female"), 1)
    assert await _read(database, store) == second
    assert (second.version, second.resource()["meta"]["versionId"]) == (2, "2")
    assert second.last_updated - first.last_updated >= timedelta()
    async with database.reader() as reader:
        assert await store.history(reader, "Patient", "p-1") == [second, first]


async def test_an_update_from_another_version_is_refused(database: Database, store: ResourceStore) -> None:
    created = await _create(database, store, _patient())
    for expected in (0, 2, 99):
        async with database.writer() as writer:
            with pytest.raises(VersionConflict):
                await store.update(writer, _patient(gender="male"), expected)
    assert await _read(database, store) == created


async def test_an_update_of_an_unknown_resource_is_refused(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        with pytest.raises(VersionConflict):
            await store.update(writer, _patient(), 1)
    assert await _read(database, store) is None


async def test_simultaneous_changes_all_count_and_leave_no_hole(database: Database, store: ResourceStore) -> None:
    await _create(database, store, _patient(multipleBirthInteger=0))

    async def count_on() -> None:
        async with database.writer() as writer:
            stored = await store.read_to_change(writer, "Patient", "p-1")
            assert stored is not None
            resource = stored.resource()
            resource["multipleBirthInteger"] += 1
            await store.update(writer, resource, stored.version)

    await asyncio.gather(*(count_on() for _ in range(16)))
    async with database.reader() as reader:
        versions = await store.history(reader, "Patient", "p-1")
    assert [version.version for version in versions] == list(range(17, 0, -1))
    assert versions[0].resource()["multipleBirthInteger"] == 16


@built_in_only
async def test_what_the_transaction_undoes_was_never_there(database: Database, store: ResourceStore) -> None:
    async with database.writer() as writer:
        with suppress(RuntimeError):
            async with writer.savepoint():
                await store.create(writer, _patient())
                raise RuntimeError
    assert await _read(database, store) is None
    async with database.reader() as reader:
        assert await store.history(reader, "Patient", "p-1") == []


@built_in_only
async def test_search_columns_follow_the_resource(database: Database, store: ResourceStore) -> None:
    await _create(database, store, _patient(name=[{"family": "Marsh"}]))
    async with database.writer() as writer:
        await store.update(writer, _patient(name=[{"family": "Fenn"}]), 1)
        assert await writer.value(text("SELECT family FROM kept")) == "Fenn"
