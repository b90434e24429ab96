"""Auth beside four other services that have a trail: each a real HTTP server that answers as `/internal/audit` does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
from aiohttp import web
from quill_auth.app import create_app
from quill_auth.settings import Settings
from quill_auth.testing.trails import Peer
from quill_common.identity.service_tokens import ServiceTokenVerifier
from quill_common.testing.kit import ServiceKit, service_kit
from quill_common.topology import SERVICES


@pytest.fixture(scope="module")
async def peers() -> dict[str, Peer]:
    return {name: Peer(name) for name in SERVICES if name != "auth"}


@pytest.fixture(scope="module")
async def session_kit(
    peers: dict[str, Peer], postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceKit]:
    async with AsyncExitStack() as stack:
        urls = {f"{name}_url": await _serve(stack, peer) for name, peer in peers.items()}
        directory = tmp_path_factory.mktemp("auth")
        yield await stack.enter_async_context(
            service_kit("auth", create_app, Settings, postgres_url, directory, keep=frozenset({"roles"}), **urls)
        )


@pytest.fixture(autouse=True)
def fresh_peers(peers: dict[str, Peer]) -> None:
    for peer in peers.values():
        peer.forget()


@pytest.fixture
def tokens(kit: ServiceKit) -> dict[str, ServiceTokenVerifier]:
    """Tell who a token was made for, as each peer would."""
    file = kit.directory / "keys" / "services.jwks.json"
    return {name: ServiceTokenVerifier(name, file) for name in SERVICES}


async def _serve(stack: AsyncExitStack, peer: Peer) -> str:
    application = web.Application()
    application.router.add_get("/internal/audit", peer.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}"
