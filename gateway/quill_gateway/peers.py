"""The gateway's own questions to the services: health, ended sessions, OpenAPI documents."""

from typing import Any

import aiohttp
import orjson
from quill_common.settings import CommonSettings
from quill_common.topology import Service


class PeerUnreachable(Exception):
    """The service could not be connected to, or broke off."""


class PeerSilent(Exception):
    """The service did not answer in time."""


class Peers:
    """A small client beside the forwarding one, so that full pools never hide a service's state."""

    def __init__(self, settings: CommonSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    def open(self) -> None:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(
        self,
        service: Service,
        path: str,
        *,
        seconds: float,
        token: str | None = None,
        query: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Status and JSON (None if it is none). Raises PeerUnreachable or PeerSilent."""
        if self._session is None:
            raise PeerUnreachable
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        timeout = aiohttp.ClientTimeout(total=seconds)
        url = self._settings.peer_url(service) + path
        try:
            async with self._session.get(
                url, headers=headers, params=query, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, _json(await answer.read())
        except TimeoutError as problem:
            raise PeerSilent from problem
        except (aiohttp.ClientError, OSError) as problem:
            raise PeerUnreachable from problem


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
