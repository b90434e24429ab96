"""The pytest plugin of every test in the repository: a real PostgreSQL, RabbitMQ and Redis where there are, the kit."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from quill_common.database import engine
from quill_common.limits import failures
from quill_common.testing import postgres, rabbitmq, redis
from quill_common.testing.kit import ServiceKit

_STACK = pytest.StashKey[ExitStack]()


def pytest_configure(config: pytest.Config) -> None:
    """The controller of a parallel run starts both once and hands their URLs to its workers."""
    if not getattr(config.option, "numprocesses", None) or hasattr(config, "workerinput"):
        return
    stack = config.stash[_STACK] = ExitStack()
    os.environ[postgres.URL_VARIABLE] = stack.enter_context(postgres.postgres_server())
    broker = stack.enter_context(rabbitmq.rabbitmq_server())
    os.environ[rabbitmq.URL_VARIABLE] = broker or rabbitmq.NONE


def pytest_unconfigure(config: pytest.Config) -> None:
    stack = config.stash.get(_STACK, None)
    if stack is not None:
        stack.close()


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Where tests starve each other, whoever waits in this process is served late, and not refused with a 503."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "CONNECT_SECONDS", 60)
        patch.setattr(engine, "STATEMENT_MS", 60_000)
        patch.setattr(failures, "_PATIENCE_SECONDS", 60.0)
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The administrator's URL of a real server."""
    with postgres.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """The URL of a real RabbitMQ; a test that asks for it is skipped, saying so, where there is none."""
    with rabbitmq.rabbitmq_server() as url:
        if url is None:
            pytest.skip("no RabbitMQ: this test needs a broker (see `make test` in the README)")
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a real Redis; a test that asks for it is skipped, saying so, where there is none."""
    with redis.redis_server() as url:
        if url is None:
            pytest.skip(f"no Redis: this test needs redis-server on the PATH, or {redis.URL_VARIABLE}")
        yield url


@pytest.fixture
async def kit(session_kit: ServiceKit) -> ServiceKit:
    """The service that the nearest conftest runs (`kit_fixture`), emptied."""
    await session_kit.empty()
    return session_kit
