import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from quill_common.identity import (
    InvalidToken,
    KeysUnavailable,
    RemoteJwks,
    SigningKeys,
    TokenSigner,
    TokenVerifier,
)

SESSION = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"


class Publisher:
    """An auth service reduced to its JWKS; counts how often it is asked, and can break down."""

    def __init__(self, keys: SigningKeys) -> None:
        self.keys = keys
        self.asked = 0
        self.broken = False
        self.url = ""
        self.read = asyncio.Event()

    async def answer(self, _: web.Request) -> web.Response:
        self.asked += 1
        published = self.keys.jwks()
        self.read.set()
        await asyncio.sleep(0.02)
        return web.Response(status=500) if self.broken else web.json_response(published)


@pytest.fixture
async def publisher(keys: SigningKeys) -> AsyncIterator[Publisher]:
    publisher = Publisher(keys)
    app = web.Application()
    app.router.add_get("/.well-known/jwks.json", publisher.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    publisher.url = f"http://{host}:{port}/.well-known/jwks.json"
    yield publisher
    await runner.cleanup()


def csrf(keys: SigningKeys) -> str:
    return TokenSigner(keys).csrf(1, SESSION, lifetime=60)


async def test_many_first_requests_cause_one_fetch(publisher: Publisher, keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url))
    await asyncio.gather(*(verifier.csrf(csrf(keys)) for _ in range(20)))
    assert publisher.asked == 1


async def test_a_rotated_key_is_fetched_when_it_first_appears(publisher: Publisher, keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url, min_interval=0.1))
    await verifier.csrf(csrf(keys))
    keys.rotate(at_once=True)
    await verifier.csrf(csrf(keys))
    assert publisher.asked == 2


async def test_a_key_made_while_the_document_is_under_way_is_asked_for_again(
    publisher: Publisher, keys: SigningKeys
) -> None:
    source = RemoteJwks(publisher.url, min_interval=0.05)
    under_way = asyncio.create_task(source.refresh())
    await publisher.read.wait()
    keys.rotate(at_once=True)
    await TokenVerifier(source).csrf(csrf(keys))
    await under_way
    assert publisher.asked == 2


async def test_keys_of_refresh_tokens_are_neither_known_nor_asked_for(publisher: Publisher, keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url))
    await verifier.csrf(csrf(keys))
    with pytest.raises(InvalidToken):
        await verifier.refresh(TokenSigner(keys).refresh(1, SESSION, lifetime=60))
    assert publisher.asked == 1


async def test_a_verifier_that_was_cut_off_during_a_rotation_takes_the_new_keys_at_once(
    publisher: Publisher, keys: SigningKeys
) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url, min_interval=0.01, max_age=0.02))
    old = csrf(keys)
    await verifier.csrf(old)
    publisher.broken = True
    keys.rotate(at_once=True)
    new = csrf(keys)
    with pytest.raises(KeysUnavailable):  # not refused: it is not known yet, and the client may try again
        await verifier.csrf(new)
    await verifier.csrf(old)
    publisher.broken = False
    assert (await verifier.csrf(new)).user_id == (await verifier.csrf(old)).user_id == 1


async def test_a_flood_of_unknown_key_ids_fetches_no_faster_than_allowed(
    publisher: Publisher, keys: SigningKeys
) -> None:
    source = RemoteJwks(publisher.url, min_interval=0.2)
    started = time.monotonic()
    for _ in range(3):
        found = await asyncio.gather(*(source.look_up("access", f"made-up-{n}") for n in range(50)))
        assert found == [None] * 50
    assert publisher.asked == 3
    assert time.monotonic() - started >= 0.4


async def test_a_removed_key_is_forgotten_when_the_document_is_old(publisher: Publisher, keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url, min_interval=0.05, max_age=0.1))
    token = csrf(keys)
    await verifier.csrf(token)
    keys.rings["csrf"].replace_all()

    async def use_for_a_minute() -> None:
        async with asyncio.timeout(60):
            while True:  # one of these finds the document old and starts the refresh in the background
                await verifier.csrf(token)
                await asyncio.sleep(0.05)

    with pytest.raises(InvalidToken):
        await use_for_a_minute()


async def test_without_any_key_nothing_can_be_decided(publisher: Publisher, keys: SigningKeys) -> None:
    publisher.broken = True
    verifier = TokenVerifier(RemoteJwks(publisher.url, min_interval=0.01))
    with pytest.raises(KeysUnavailable):
        await verifier.csrf(csrf(keys))
    publisher.broken = False
    await verifier.csrf(csrf(keys))


async def test_known_keys_go_on_while_the_publisher_is_away(publisher: Publisher, keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url, min_interval=0.01, max_age=0.02))
    await verifier.csrf(csrf(keys))
    publisher.broken = True
    async with asyncio.timeout(60):
        while publisher.asked < 3:  # the first time for the keys, and twice in vain
            await asyncio.sleep(0.05)
            await verifier.csrf(csrf(keys))


async def test_a_caller_that_gives_up_does_not_spoil_the_fetch_for_others(
    publisher: Publisher, keys: SigningKeys
) -> None:
    verifier = TokenVerifier(RemoteJwks(publisher.url))
    impatient = asyncio.create_task(verifier.csrf(csrf(keys)))
    patient = asyncio.create_task(verifier.csrf(csrf(keys)))
    await asyncio.sleep(0.01)
    impatient.cancel()
    assert (await patient).user_id == 1


async def test_nobody_listening_is_keys_unavailable(keys: SigningKeys) -> None:
    verifier = TokenVerifier(RemoteJwks("http://127.0.0.1:1/jwks", timeout=0.5))
    with pytest.raises(KeysUnavailable):
        await verifier.csrf(csrf(keys))
