"""Second factors of a test: real secrets, and codes of the step that the test wants."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
import pyotp
from quill_common.testing.kit import ServiceKit

from quill_auth.second_factor.totp import STEP_SECONDS
from quill_auth.testing.people import PASSWORD, People, Visitor

NOW: Final = 1_790_000_000.0
_WAITING: Final = (
    "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' LIMIT 1"
)


async def until_someone_waits(kit: ServiceKit) -> None:
    """Until a transaction of the service waits for a lock that the test holds."""
    async with asyncio.timeout(60):
        while not await kit.read(_WAITING):  # noqa: ASYNC110 - PostgreSQL has no event for it
            await asyncio.sleep(0.01)


def secret_of(response: httpx.Response) -> str:
    """The secret in the answer of a set-up."""
    assert response.status_code == 200, response.text
    uri: str = response.json()["provision_uri"]
    return parse_qs(urlsplit(uri).query)["secret"][0]


@dataclass
class Device:
    """Someone's telephone and paper."""

    visitor: Visitor
    secret: str
    factors: "Factors"
    recovery_codes: list[str] = field(default_factory=list)

    def code(self, steps: int = 0) -> str:
        """The code of now, or of `steps` later."""
        return pyotp.TOTP(self.secret).generate_otp(int(NOW + self.factors.passed) // STEP_SECONDS + steps)


@dataclass
class Factors:
    """Sets up second factors in the service under test, whose clock shows `NOW` and the seconds that `passed`."""

    kit: ServiceKit
    people: People
    passed: float = 0.0

    async def pending(self, visitor: Visitor) -> Device:
        return Device(visitor, secret_of(await visitor.client.post("/api/auth/totp/setup")), self)

    async def enabled(self, level: str = "staff") -> Device:
        """Someone new with the factor on; the step that verified it has passed."""
        device = await self.pending(await self.people.visitor(level))
        response = await device.visitor.client.post("/api/auth/totp/verify", json={"code": device.code()})
        assert response.status_code == 200, response.text
        device.recovery_codes = response.json()["recovery_codes"]
        self.next_step()
        return device

    def next_step(self) -> None:
        self.passed += STEP_SECONDS

    async def login(self, username: str, code: object = None, password: str = PASSWORD) -> httpx.Response:
        body = {"username": username, "password": password, "totp_code": code}
        return await self.kit.anonymous.post("/api/auth/login", json=body)

    @contextmanager
    def required_of(self, *levels: str) -> Iterator[None]:
        """Inside, these levels must have a second factor."""
        settings = self.kit.app.state.auth.settings
        settings.second_factor_levels = frozenset(levels)
        try:
            yield
        finally:
            settings.second_factor_levels = frozenset()
