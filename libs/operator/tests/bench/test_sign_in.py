"""What is sent for known and unknown accounts, against the demo's API on a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import pytest
import uvicorn
from fastapi import FastAPI
from quill_operator.bench.sign_in import ACCOUNTS, MOST_TRIES, QUESTIONS, NotAnswered, accounts, measure
from quill_operator.bench.timing import WARM_UP
from quill_operator.testing.world import World, api

TRIES = 100


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@pytest.fixture
def asked() -> list[str]:
    """The addresses that forgot-password was asked about."""
    return []


@pytest.fixture
async def url(asked: list[str]) -> AsyncIterator[str]:
    app: FastAPI = api(World())

    @app.post("/api/auth/forgot-password")
    async def forgot(body: dict[str, str]) -> dict[str, str]:
        asked.append(body["email"])
        return {"detail": "ok"}

    server = _Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=0))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - the server tells nobody when it has started
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_known_and_unknown_are_asked_equally_often(url: str, asked: list[str]) -> None:
    known = await accounts(url, "admin", "right")
    assert len(set(known)) == ACCOUNTS
    compared = await measure(url, QUESTIONS[1], known, TRIES)
    assert compared.known.tries == compared.unknown.tries == TRIES
    addresses = {f"{name}@example.org" for name in known}
    of_known = [address for address in asked if address in addresses]
    assert len(of_known) == len(asked) - len(of_known) == TRIES + WARM_UP
    assert {len(address) for address in asked} == {len(asked[0])}


async def test_no_account_is_asked_about_more_often_than_mails_are_sent(url: str, asked: list[str]) -> None:
    await measure(url, QUESTIONS[1], await accounts(url, "admin", "right"), MOST_TRIES)
    assert max(asked.count(address) for address in set(asked)) == 5


async def test_another_answer_is_not_measured(url: str) -> None:
    with pytest.raises(NotAnswered, match="/api/auth/login answered 200"):
        await measure(url, QUESTIONS[0], ["somebody"], TRIES)
