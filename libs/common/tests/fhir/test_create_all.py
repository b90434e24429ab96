"""Many at once: each is told what became of it, and nothing else may be there once more than once."""

import asyncio
from typing import Any

import pytest
from quill_common.database.engine import Database
from quill_common.fhir.resource import StoredResource
from quill_common.fhir.store import ResourceExists, ResourceStore
from sqlalchemy import event, text

# What else may be there once, and what is cheap in one statement, is the built-in store's; see `test_http_store`.
pytestmark = pytest.mark.parametrize("store", ["built-in"], indirect=True)


def _patient(patient_id: str, number: str | None = None, **more: Any) -> dict[str, Any]:
    identifier = {} if number is None else {"identifier": [{"value": number}]}
    return {"resourceType": "Patient", "id": patient_id, **identifier, **more}


def _told(results: Any) -> list[str]:
    return [result.taken if isinstance(result, ResourceExists) else f"v{result.version}" for result in results]


async def _create_all(database: Database, store: ResourceStore, *resources: dict[str, Any]) -> list[str]:
    async with database.writer() as writer:
        return _told(await store.create_all(writer, resources))


async def test_each_is_stored_as_it_came(database: Database, store: ResourceStore) -> None:
    given = [_patient(f"p-{n}", name=[{"family": f"O'N\\eill {n}", "given": ["Zoë", '"x']}]) for n in range(3)]
    async with database.writer() as writer:
        stored = await store.create_all(writer, given)
    async with database.reader() as reader:
        for one in stored:
            assert isinstance(one, StoredResource)
            assert await store.read(reader, "Patient", one.id) == one
            assert await store.history(reader, "Patient", one.id) == [one]
        assert await reader.values(text("SELECT words FROM kept")) == [["Zoë", '"x']] * 3


async def test_the_answers_are_in_the_order_given_and_say_what_is_taken(
    database: Database, store: ResourceStore
) -> None:
    await _create_all(database, store, _patient("p-5"), _patient("p-6", "n-6"))
    told = await _create_all(
        database,
        store,
        _patient("p-9"),
        _patient("p-5"),
        _patient("p-1", "n-6"),
        _patient("p-2", "n-2"),
        _patient("p-3", "n-2"),
        _patient("p-9"),
    )
    assert told == ["v1", "id", "number", "v1", "number", "id"]
    async with database.reader() as reader:
        assert await reader.values(text("SELECT id FROM kept ORDER BY id")) == ["p-2", "p-5", "p-6", "p-9"]
        assert await reader.values(text("SELECT id FROM kept_version ORDER BY id")) == ["p-2", "p-5", "p-6", "p-9"]


async def test_what_was_refused_for_its_number_is_stored_once_that_is_free(
    database: Database, store: ResourceStore
) -> None:
    await _create_all(database, store, _patient("p-1", "n"))
    assert await _create_all(database, store, _patient("p-2", "n")) == ["number"]
    async with database.writer() as writer:
        await store.delete(writer, "Patient", "p-1", 1)
    assert await _create_all(database, store, _patient("p-2", "n")) == ["v1"]
    async with database.writer() as writer:
        with pytest.raises(ResourceExists) as refused:
            await store.update(writer, _patient("p-1", "n"), 2)
        assert refused.value.taken == "number"
        back = await store.update(writer, _patient("p-1"), 2)  # the refusal of one brought back undoes nothing else
    assert back.version == 3


async def test_a_change_does_not_take_what_is_anothers(database: Database, store: ResourceStore) -> None:
    await _create_all(database, store, _patient("p-1", "n"), _patient("p-2", "m"))
    with pytest.raises(ResourceExists) as refused:
        async with database.writer() as writer:
            await store.update(writer, _patient("p-2", "n"), 1)
    assert refused.value.taken == "number"
    async with database.reader() as reader:
        assert await reader.values(text("SELECT version FROM kept ORDER BY id")) == [1, 1]
        assert await reader.values(text("SELECT count(*) FROM kept_version")) == [2]


async def test_of_many_at_once_one_gets_the_id_and_one_the_number(database: Database, store: ResourceStore) -> None:
    same_id = await asyncio.gather(*(_create_all(database, store, _patient("p-1")) for _ in range(8)))
    assert sorted(same_id) == [["id"]] * 7 + [["v1"]]
    same_number = await asyncio.gather(*(_create_all(database, store, _patient(f"q-{n}", "n")) for n in range(8)))
    assert sorted(same_number) == [["number"]] * 7 + [["v1"]]


async def test_none_is_none(database: Database, store: ResourceStore) -> None:
    assert await _create_all(database, store) == []


async def test_many_cost_one_statement_and_each_single_thing_one(database: Database, store: ResourceStore) -> None:
    seen: list[str] = []
    engines = [engine.sync_engine for engine in database.engines]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", lambda *about: seen.append(about[2]))
    await _create_all(database, store, *(_patient(f"p-{n}", f"n-{n}") for n in range(50)))
    assert len(seen) == 1
    async with database.writer() as writer:
        await store.create(writer, _patient("q"))
        await store.update(writer, _patient("q"), 1)
        await store.read(writer, "Patient", "q")
        await store.delete(writer, "Patient", "q", 2)
        await store.read_version(writer, "Patient", "q", 2)
        await store.history(writer, "Patient", "q", limit=2)
    assert len(seen) == 7
