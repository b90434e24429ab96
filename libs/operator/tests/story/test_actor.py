"""People of the story, played again at once."""

import httpx
import pytest
from quill_operator.story.actor import Actor, NotAsTheContractSays

SIGNED_IN = {"detail": "ok", "user": {"username": "ada", "roles": []}}
LIMITED = {"error": "Rate limit exceeded: 5 per 1 minute", "detail": "Rate limit exceeded: 5 per 1 minute"}


async def _actor(*answers: httpx.Response) -> Actor:
    actor = Actor("Ada", "http://quill")
    await actor.visitor.http.aclose()
    left = iter(answers)
    transport = httpx.MockTransport(lambda _: next(left))
    actor.visitor.http = httpx.AsyncClient(base_url="http://quill", transport=transport)
    return actor


def _answer(status: int, body: object) -> httpx.Response:
    return httpx.Response(
        status, json=body, headers={"X-Request-ID": "r", "Retry-After": "0", "Cache-Control": "no-store"}
    )


async def test_someone_who_signs_in_too_often_waits_as_told() -> None:
    actor = await _actor(_answer(429, LIMITED), _answer(200, SIGNED_IN))
    await actor.sign_in("ada", "secret")


async def test_waiting_does_not_go_on_for_ever() -> None:
    actor = await _actor(_answer(429, LIMITED), _answer(429, LIMITED))
    with pytest.raises(NotAsTheContractSays, match="answered 429 instead of 200"):
        await actor.sign_in("ada", "secret")
