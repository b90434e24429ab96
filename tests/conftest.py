"""A whole system for all tests of this folder: once with a broker, once without."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from quill_common.testing.fhir_server import ThreadedFhirServer
from quill_common.testing.private_rabbitmq import PrivateRabbitMQ, server_script
from quill_common.testing.rabbitmq import REQUIRED_VARIABLE
from sqlalchemy import make_url
from system.running import RunningSystem, start


@pytest.fixture(scope="session")
def private_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRabbitMQ]:
    """A broker that tests may kill."""
    if server_script() is None:
        reason = "no rabbitmq-server on the PATH: tests that kill the broker need one"
        if os.environ.get(REQUIRED_VARIABLE) == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    broker = PrivateRabbitMQ(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.kill()


@pytest.fixture(scope="session")
async def system(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSystem]:
    """The system without a broker: services follow each other's feeds. Nobody else's tests need a patient advocate."""
    directory = tmp_path_factory.mktemp("feeds")
    levels = {"QUILL_SECOND_FACTOR_LEVELS": "patient_advocate"}
    async with _system(postgres_url, directory, "quill_feeds", **levels) as running:
        yield running


@pytest.fixture(scope="session")
async def brokered(
    postgres_url: str, private_broker: PrivateRabbitMQ, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningSystem]:
    """The system with RabbitMQ."""
    directory = tmp_path_factory.mktemp("rabbit")
    async with _system(postgres_url, directory, "quill_rabbit", QUILL_AMQP_URL=private_broker.url) as running:
        yield running


@pytest.fixture(scope="session")
async def limited(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningSystem]:
    """The system with its rate limits as a site has them."""
    directory = tmp_path_factory.mktemp("limits")
    async with _system(postgres_url, directory, "quill_limits", QUILL_RATE_LIMITS="on") as running:
        yield running


@pytest.fixture(scope="session")
def site_server() -> Iterator[ThreadedFhirServer]:
    """A FHIR server of the site's own, with a patient from before Quill; tests may stop it and start it again."""
    running = ThreadedFhirServer()
    running.start()
    running.server.put({"resourceType": "Patient", "id": "of-the-site", "name": [{"family": "Fenn"}]})
    yield running
    running.close()


@pytest.fixture(scope="session")
async def external(
    postgres_url: str, tmp_path_factory: pytest.TempPathFactory, site_server: ThreadedFhirServer
) -> AsyncIterator[RunningSystem]:
    """The system with patients and messages in that server."""
    settings = {"FHIR_SERVER_URL": site_server.server.url, "QUILL_FHIR_SERVER_ADOPT_SECONDS": "1"}
    directory = tmp_path_factory.mktemp("external")
    async with _system(postgres_url, directory, "quill_external", **settings) as running:
        yield running


@asynccontextmanager
async def _system(server_url: str, directory: Path, name: str, **settings: str) -> AsyncIterator[RunningSystem]:
    server = make_url(server_url).set(drivername="postgresql")
    connection = await asyncpg.connect(server.render_as_string(hide_password=False))
    database = f"{name}_{await connection.fetchval('SELECT pg_backend_pid()')}"
    await connection.execute(f'CREATE DATABASE "{database}"')
    running = start(directory, server.set(database=database).render_as_string(hide_password=False), **settings)
    try:
        yield running
        await _prove_the_trail(running)
    finally:
        await running.part()
        assert running.stop() == 0, running.log()
        await connection.execute(f'DROP DATABASE "{database}" WITH (FORCE)')
        for role in await connection.fetch(
            "SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", f"{database}_"
        ):
            await connection.execute(f'DROP ROLE "{role["rolname"]}"')
        await connection.close()


async def _prove_the_trail(running: RunningSystem) -> None:
    """After all that the tests did to it, what was recorded is what is on record."""
    verified = await asyncio.to_thread(running.command, "audit", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
