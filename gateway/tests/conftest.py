from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from quill_common.identity import ensure_service_keys
from quill_common.topology import SERVICES
from quill_gateway.app import create_app
from quill_gateway.settings import GatewaySettings
from quill_gateway.testing.doubles import FakeAuth, FakeService, Person
from quill_gateway.testing.running import StartGateway, eventually, serving


@pytest.fixture
def auth(tmp_path: Path) -> FakeAuth:
    ensure_service_keys(tmp_path)
    return FakeAuth(tmp_path / "keys")


@pytest.fixture
async def services(auth: FakeAuth) -> AsyncIterator[dict[str, FakeService]]:
    """All five, running; `auth` is the fixture of that name."""
    doubles: dict[str, FakeService] = {name: auth if name == "auth" else FakeService(name) for name in SERVICES}
    for double in doubles.values():
        await double.start()
    yield doubles
    for double in doubles.values():
        await double.stop()


@pytest.fixture
async def start_gateway(services: dict[str, FakeService], tmp_path: Path) -> AsyncIterator[StartGateway]:
    """Start a gateway in front of the services, with the given settings; gives its URL when it is ready."""
    async with AsyncExitStack() as stack:

        async def start(*, wait_until_ready: bool = True, **settings: Any) -> str:
            urls = {f"{name}_url": double.url for name, double in services.items()}
            app = create_app(GatewaySettings(**({"data_dir": tmp_path} | urls | settings)))
            url = await stack.enter_async_context(serving(app))
            if wait_until_ready:
                await _until_ready(url)
            return url

        yield start


async def _until_ready(url: str) -> None:
    async with aiohttp.ClientSession(base_url=url) as session:

        async def ready() -> bool:
            async with session.get("/health/ready") as answer:
                return answer.status == 200

        await eventually(ready)


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> str:
    return await start_gateway()


@pytest.fixture
async def client(gateway: str) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that keeps no cookies and adds no headers of its own."""
    async with aiohttp.ClientSession(
        base_url=gateway,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=["Accept-Encoding"],
    ) as session:
        yield session


@pytest.fixture
def person(auth: FakeAuth) -> Person:
    return auth.sign_in()
