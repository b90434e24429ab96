"""A FHIR server of the site's own that misbehaves: what is not known is said to be failing, never absent."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError
from quill_common.database.engine import Database
from quill_common.fhir.http_client import FhirClient
from quill_common.fhir.http_settings import FhirServerSettings
from quill_common.fhir.http_store import HttpResourceStore
from quill_common.fhir.resource import StoredResource
from quill_common.fhir.store import DeletionRefused, ResourceExists, StoreFailing, VersionConflict
from quill_common.testing.fhir_faults import FaultKind
from quill_common.testing.fhir_server import FhirServer

PATIENT = {"resourceType": "Patient", "id": "p-1", "gender": "female"}

FAILS: tuple[FaultKind, ...] = (
    "slow", "500", "503", "429", "reset", "truncated", "not json", "html", "empty", "word for a version", "no version",
    "huge version", "another resource", "another type", "redirect",
)  # fmt: skip

Call = Callable[[HttpResourceStore, Database], Awaitable[Any]]


async def _read(store: HttpResourceStore, _: Database) -> Any:
    return await store.present("Patient", "p-1")


async def _read_version(store: HttpResourceStore, database: Database) -> Any:
    async with database.reader() as reader:
        return await store.read_version(reader, "Patient", "p-1", 1)


async def _history(store: HttpResourceStore, database: Database) -> Any:
    async with database.reader() as reader:
        return await store.history(reader, "Patient", "p-1")


async def _page(store: HttpResourceStore, database: Database) -> Any:
    async with database.reader() as reader:
        return await store.page(reader, "Patient", None, 10)


async def _create(store: HttpResourceStore, database: Database) -> StoredResource:
    async with database.writer() as writer:
        return await store.create(writer, PATIENT)


async def _update(store: HttpResourceStore, database: Database, expected: int = 1, **elements: Any) -> StoredResource:
    async with database.writer() as writer:
        return await store.update(writer, {**PATIENT, "gender": "male", **elements}, expected)


@pytest.mark.parametrize("kind", FAILS)
@pytest.mark.parametrize("call", [_read, _read_version, _history, _page])
async def test_what_cannot_be_read_is_failing_and_not_absent(
    database: Database, double: FhirServer, external: HttpResourceStore, call: Call, kind: FaultKind
) -> None:
    double.put(PATIENT)
    with double.failing(kind), pytest.raises(StoreFailing):
        await call(external, database)
    assert await call(external, database)


@pytest.mark.parametrize("kind", [kind for kind in FAILS if kind not in ("429", "redirect")])
async def test_a_write_whose_outcome_stays_unknown_is_failing(
    database: Database, double: FhirServer, external: HttpResourceStore, kind: FaultKind
) -> None:
    with double.failing(kind, "PUT"), double.failing("503", "GET", skip=1), pytest.raises(StoreFailing):
        await _create(external, database)
    if double.present("Patient", "p-1") is None:
        assert (await _create(external, database)).version == 1
    else:
        with pytest.raises(ResourceExists):
            await _create(external, database)


@pytest.mark.parametrize(
    "kind", ["answer lost", "truncated", "not json", "html", "empty", "no version", "another resource"]
)
async def test_a_write_whose_answer_is_lost_is_found_and_not_done_twice(
    database: Database, double: FhirServer, external: HttpResourceStore, kind: FaultKind
) -> None:
    with double.failing(kind, "PUT"):
        assert (await _create(external, database)).version == 1
        assert (await _update(external, database)).version == 2
    assert [version.number for version in double.resources["Patient", "p-1"]] == [1, 2]


@pytest.mark.parametrize("kind", ["reset", "500", "503", "slow"])
async def test_a_write_that_did_not_arrive_is_sent_once_more(
    database: Database, double: FhirServer, external: HttpResourceStore, kind: FaultKind
) -> None:
    with double.failing(kind, "PUT", times=1):
        assert (await _create(external, database)).version == 1
    with double.failing(kind, "PUT", times=1):
        assert (await _update(external, database)).version == 2
    assert [version.number for version in double.resources["Patient", "p-1"]] == [1, 2]


async def test_a_lost_answer_of_a_change_that_another_overtook_is_a_conflict(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    double.put(PATIENT)
    double.put({**PATIENT, "gender": "other"})
    with double.failing("reset", "PUT", times=1), pytest.raises(VersionConflict):
        await _update(external, database, 1)
    assert double.present("Patient", "p-1")["gender"] == "other"  # type: ignore[index]  # it is there


async def test_a_write_that_the_server_refuses_is_not_sent_again(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    with double.failing("429", "PUT"), pytest.raises(StoreFailing):
        await _create(external, database)
    assert sum(line.startswith("PUT") for line in double.requests) == 1


async def test_an_answer_of_an_older_version_than_was_changed_is_failing(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    for _ in range(3):
        double.put(PATIENT)
    with double.failing("old version", "PUT"), pytest.raises(StoreFailing):
        await _update(external, database, 3)


async def test_a_server_that_ignores_conditions_still_gets_our_writers_one_by_one(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    double.knows_conditions = False
    answers = await asyncio.gather(*(_create(external, database) for _ in range(6)), return_exceptions=True)
    assert sum(isinstance(answer, StoredResource) for answer in answers) == 1
    assert sum(isinstance(answer, ResourceExists) for answer in answers) == 5
    assert len(double.resources["Patient", "p-1"]) == 1


async def test_another_client_of_the_server_is_noticed(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    await _create(external, database)
    double.put({**PATIENT, "gender": "other"})
    with pytest.raises(VersionConflict):
        await _update(external, database, 1)
    assert (await _update(external, database, 2)).version == 3


async def test_what_others_deleted_is_absent_and_keeps_its_id_and_history(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    await _create(external, database)
    double.remove("Patient", "p-1")
    assert await _read(external, database) is None
    with pytest.raises(ResourceExists):
        await _create(external, database)
    versions = await _history(external, database)
    assert [(one.version, one.deleted, bool(one.content)) for one in versions] == [(2, True, False), (1, False, True)]
    async with database.reader() as reader:
        assert await external.read_version(reader, "Patient", "p-1", 2) == versions[0]
        assert await external.read_version(reader, "Patient", "p-1", 3) is None
        assert await external.history(reader, "Patient", "p-1", limit=1, before=2) == [versions[1]]


async def test_it_does_not_delete(database: Database, double: FhirServer, external: HttpResourceStore) -> None:
    await _create(external, database)
    async with database.writer() as writer:
        with pytest.raises(DeletionRefused):
            await external.delete(writer, "Patient", "p-1", 1)
    assert double.present("Patient", "p-1")


async def test_of_many_each_is_told_what_became_of_it(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    double.put({**PATIENT, "id": "p-2"})
    ids = ["p-3", "p-2", "p-1", "p-3"]
    async with database.writer() as writer:
        told = await external.create_all(writer, [{**PATIENT, "id": one} for one in ids])
    assert [type(one) for one in told] == [StoredResource, ResourceExists, StoredResource, ResourceExists]
    assert {resource_id: len(versions) for (_, resource_id), versions in double.resources.items()} == dict.fromkeys(
        sorted(ids), 1
    )


async def test_a_history_is_read_to_the_end(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    for _ in range(double.page_size * 2 + 5):
        double.put(PATIENT)
    versions = await _history(external, database)
    assert [one.version for one in versions] == list(range(double.page_size * 2 + 5, 0, -1))


@pytest.mark.parametrize("kind", ["next elsewhere", "next in a circle"])
async def test_links_lead_nowhere_else_and_end(
    database: Database, double: FhirServer, external: HttpResourceStore, kind: FaultKind
) -> None:
    double.put(PATIENT)
    for call in (_history, _page):
        with double.failing(kind), pytest.raises(StoreFailing):
            await call(external, database)


async def test_a_page_that_fails_fails_the_whole(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    for _ in range(double.page_size + 1):
        double.put(PATIENT)
    with double.failing("500", pattern="_getpages"), pytest.raises(StoreFailing):
        await _history(external, database)


async def test_a_search_is_answered_anew(database: Database, double: FhirServer, external: HttpResourceStore) -> None:
    assert await _page(external, database) == []
    for number in range(3):
        double.put({**PATIENT, "id": f"p-{number}"})
        assert [one.id for one in await _page(external, database)] == [f"p-{n}" for n in range(number + 1)]


@pytest.mark.parametrize("resource_id", [".", "..", "...", "a.b-C", "0" * 64])
async def test_an_id_names_itself_and_nothing_else(
    database: Database, double: FhirServer, external: HttpResourceStore, resource_id: str
) -> None:
    assert await external.present("Patient", resource_id) is None
    assert all(line.endswith(f"/Patient/{resource_id}") for line in double.requests)
    assert bool(double.requests) == bool(resource_id.strip("."))


async def test_a_server_that_is_away_fails_and_is_well_when_it_is_back(
    database: Database, double: FhirServer, external: HttpResourceStore
) -> None:
    double.put(PATIENT)
    await double.stop()
    try:
        for call in (_read, _create):
            with pytest.raises(StoreFailing):
                await call(external, database)
        with pytest.raises(StoreFailing):
            await external.client.check()
    finally:
        await double.start()
    assert await _read(external, database)
    await external.client.check()


async def test_calls_at_once_are_bounded_and_those_that_wait_too_long_fail(double: FhirServer) -> None:
    double.put(PATIENT)
    settings = FhirServerSettings(fhir_server_url=double.url, fhir_server_seconds=0.5, fhir_server_calls=2)
    async with aiohttp.ClientSession() as http:
        client = FhirClient(http, settings)
        with double.failing("slow"):
            answers = await asyncio.gather(
                *(client.get(client.address("Patient", "p-1")) for _ in range(12)), return_exceptions=True
            )
            assert all(isinstance(answer, StoreFailing) for answer in answers)
            assert len(double.requests) < 12
        assert (await client.get(client.address("Patient", "p-1"))).is_good


async def test_health_is_asked_once_for_many(double: FhirServer, external: HttpResourceStore) -> None:
    await asyncio.gather(*(external.client.check() for _ in range(10)))
    assert double.requests == ["GET /fhir/Patient?_count=1"]


async def test_the_configured_header_is_sent_and_not_shown(double: FhirServer) -> None:
    double.put(PATIENT)
    secret = "Bearer s3cret"
    settings = FhirServerSettings(fhir_server_url=double.url, fhir_server_header=f"Authorization: {secret}")
    assert "s3cret" not in repr(settings)
    double.header = ("Authorization", secret)
    try:
        async with aiohttp.ClientSession() as http:
            client = FhirClient(http, settings)
            assert (await client.get(client.address("Patient", "p-1"))).is_good
    finally:
        double.header = None


@pytest.mark.parametrize("header", ["secret", "Host: elsewhere", "A: b\r\nC: d", ": x", "A b: c"])
def test_a_header_that_is_none_is_refused_and_not_told(header: str) -> None:
    with pytest.raises(ValidationError, match="must be one header"):
        FhirServerSettings(fhir_server_header=header)


@pytest.mark.parametrize("url", ["ftp://fhir", "http://u:p@fhir/", "http://fhir/?a=b", "fhir"])
def test_an_address_that_is_no_base_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        FhirServerSettings(fhir_server_url=url)


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_address_is_none(blank: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FHIR_SERVER_URL", blank)
    assert FhirServerSettings().fhir_server_url is None
