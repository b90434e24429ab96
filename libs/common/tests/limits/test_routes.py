"""Limits that routes declare."""

import re

import pytest
from fastapi import APIRouter, Depends
from quill_common.limits.routes import PerAddress
from quill_common.service import create_service
from quill_common.settings import ServiceSettings

from .conftest import Ask, Start


async def test_beyond_the_limit_the_answer_says_which_and_until_when(start: Start, knock: Ask) -> None:
    kit = await start()
    assert [(await knock(kit)).status_code for _ in range(3)] == [200] * 3
    for _ in range(2):
        refused = await knock(kit)
        assert refused.status_code == 429
        text = "Rate limit exceeded: 3 per 15 minute"
        assert refused.json() == {"error": text, "detail": text}
        assert 600 <= int(refused.headers["Retry-After"]) <= 900


async def test_bad_requests_count_and_the_limit_comes_before_everything_else(start: Start, knock: Ask) -> None:
    kit = await start()
    answers = [await knock(kit, content=b"{broken") for _ in range(2)]
    answers.append(await knock(kit, path="desk", content=b"{broken"))
    assert [answer.status_code for answer in answers] == [422, 422, 401]
    assert (await knock(kit, path="desk", content=b"{broken")).status_code == 429


async def test_each_address_has_a_limit_of_its_own(start: Start, knock: Ask) -> None:
    kit = await start()
    assert [(await knock(kit)).status_code for _ in range(4)][-1] == 429
    assert (await knock(kit, "192.0.2.2")).status_code == 200
    subscriber = [(await knock(kit, f"2001:db8::{number:x}")).status_code for number in range(4)]
    assert subscriber == [200, 200, 200, 429]


async def test_a_limit_per_user_counts_only_who_is_signed_in(start: Start, knock: Ask) -> None:
    kit = await start(limit_door="off")
    ada, ben = await kit.person(), await kit.person()
    assert [(await knock(kit, path="desk")).status_code for _ in range(5)] == [401] * 5
    body = {"word": "please"}
    assert [(await ada.client.post("/api/desk", json=body)).status_code for _ in range(3)] == [200, 200, 429]
    assert (await ben.client.post("/api/desk", json=body)).status_code == 200


async def test_counting_per_user_needs_no_second_connection(start: Start) -> None:
    """With a pool of one a request that held its connection while counting would never end."""
    kit = await start(database_pool=1, limit_desk="50 per 15 minute", limit_door="off")
    ada = await kit.person()
    for _ in range(3):
        assert (await ada.client.post("/api/desk", json={"word": "please"})).status_code == 200


async def test_limits_can_be_off_one_by_one_or_all(start: Start, knock: Ask) -> None:
    for settings in ({"limit_door": "off"}, {"rate_limits": False}):
        kit = await start(**settings)
        with kit.statements() as seen:
            assert [(await knock(kit)).status_code for _ in range(6)] == [200] * 6
        assert seen == []


async def test_a_limit_costs_one_statement_and_who_is_known_to_be_over_it_none(start: Start, knock: Ask) -> None:
    kit = await start()
    with kit.statements() as seen:
        for _ in range(3):
            await knock(kit)
        assert len(seen) == 3
        await knock(kit)
        counted = len(seen)
        assert [(await knock(kit)).status_code for _ in range(20)] == [429] * 20
    assert len(seen) == counted


async def test_what_is_stored_tells_no_address(start: Start, knock: Ask) -> None:
    kit = await start()
    await knock(kit, "198.51.100.77")
    rows = await kit.read("SELECT key, hits FROM rate_limit")
    assert [row["hits"] for row in rows] == [1]
    assert re.fullmatch(r"LIMITER/door/[0-9a-f]{32}/3/15/minute", rows[0]["key"])


async def test_without_its_database_nothing_is_let_through(start: Start, knock: Ask) -> None:
    kit = await start()
    await kit.parts.database.close()
    unreachable = kit.parts.database.url.set(host="127.0.0.1", port=9)
    kit.parts.limits.storage._database = type(kit.parts.database)(unreachable.render_as_string(hide_password=False))  # type: ignore[attr-defined] # the store behind the interface
    refused = await knock(kit)
    assert (refused.status_code, refused.json()) == (503, {"detail": "Service temporarily unavailable"})
    assert refused.headers["Retry-After"]


def test_a_route_that_names_an_unknown_limit_does_not_start() -> None:
    router = APIRouter()

    @router.get("/x", dependencies=[Depends(PerAddress("nonesuch"))])
    async def x() -> None: ...

    with pytest.raises(LookupError, match="nonesuch"):
        create_service("letters", ServiceSettings(database_url="postgresql://x"), [router])
