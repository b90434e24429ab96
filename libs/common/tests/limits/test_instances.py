"""Several instances of one service, and a store that goes away."""

import asyncio
import socket

import pytest
from quill_common.testing.cut import way_to
from quill_common.testing.kit import ServiceKit
from structlog.testing import capture_logs

from .conftest import Ask, Start


@pytest.mark.parametrize("where", ["database", "redis"])
async def test_two_instances_count_together(
    start: Start, knock: Ask, where: str, request: pytest.FixtureRequest
) -> None:
    settings = {"redis_url": request.getfixturevalue("redis_url")} if where == "redis" else {}
    first, second = await start(**settings), await start(**settings)
    address = f"two instances on {where}"
    answers = await asyncio.gather(*(knock(kit, address) for kit in (first, second) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [429] * 17
    stored = await first.read("SELECT key FROM rate_limit")
    assert len(stored) == (1 if where == "database" else 0)


async def test_while_redis_is_away_each_process_counts_for_itself(start: Start, knock: Ask, redis_url: str) -> None:
    async with way_to(redis_url) as way:
        settings = {"redis_url": str(way.url), "log_level": "WARNING"}
        first, second = await start(**settings), await start(**settings)
        for kit in (first, second):
            kit.parts.limits.storage._retry_seconds = 0.0  # type: ignore[attr-defined] # the store behind the interface
        assert [(await knock(first, "a")).status_code for _ in range(2)] == [200, 200]
        way.close()
        with capture_logs() as lines:
            assert [await _status(knock, first, "a") for _ in range(5)] == [200, 200, 200, 429, 429]
            assert [await _status(knock, second, "a") for _ in range(4)] == [200, 200, 200, 429]
        told = [line["event"] for line in lines if "rate limits" in line["event"]]
        assert told == ["rate limits are counted in this process alone"] * 2
        way.open()
        assert [await _status(knock, kit, "b") for kit in (first, second, first, second)] == [200, 200, 200, 429]


async def test_a_redis_that_never_was_there_refuses_nobody_at_first(start: Start, knock: Ask) -> None:
    kit = await start(redis_url="redis://127.0.0.1:9/0")
    assert [await _status(knock, kit, "a") for _ in range(4)] == [200, 200, 200, 429]


async def test_a_redis_that_does_not_answer_holds_up_one_request_now_and_then(start: Start, knock: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # the kernel takes the connection, nobody answers
        url = f"redis://127.0.0.1:{silent.getsockname()[1]}/0"
        kit = await start(redis_url=url, limit_door="1000 per 1 minute")
        async with asyncio.timeout(60):  # a hundred times a second are more
            assert [await _status(knock, kit, "a") for _ in range(100)] == [200] * 100


async def _status(knock: Ask, kit: ServiceKit, address: str) -> int:
    return (await knock(kit, address)).status_code
