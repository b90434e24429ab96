"""People of a test: real accounts that sign in for real."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import Morsel, SimpleCookie

import httpx
from argon2 import PasswordHasher
from quill_common.access.tables import AccessStaff, AccessUser
from quill_common.testing.kit import ServiceKit
from sqlalchemy import insert, update

from quill_auth.account.creating import NewAccount, open_account
from quill_auth.account.tables import User

PASSWORD = "a quiet Tuesday afternoon"
_HASH = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(PASSWORD)


def cookies_of(response: httpx.Response) -> dict[str, Morsel[str]]:
    """The cookies that an answer sets, with their attributes."""
    cookies: dict[str, Morsel[str]] = {}
    for line in response.headers.get_list("set-cookie"):
        cookies.update(SimpleCookie(line))
    return cookies


@dataclass(frozen=True)
class Visitor:
    """Someone signed in: a client with the access token, and the tokens themselves."""

    id: int
    username: str
    client: httpx.AsyncClient
    access: str
    refresh: str
    csrf: str


@dataclass
class People:
    """Accounts in the service under test."""

    kit: ServiceKit
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    async def account(
        self,
        level: str = "staff",
        *,
        username: str | None = None,
        email: str | None = None,
        roles: tuple[str, ...] = (),
        profession: str = "consultant",
        organisations: tuple[int, ...] = (),
        patient_id: str | None = None,
        is_active: bool = True,
        full_name: str | None = None,
    ) -> tuple[int, str]:
        """Id and username of a new account with the password `PASSWORD`; the first organisation is primary."""
        number = next(self._numbers)
        name = username or f"{level}{number}"
        new = NewAccount(
            name, email or f"{name}@example.org", _HASH, full_name, system_permissions=level, base_profession=profession
        )
        async with self.kit.parts.units.open() as unit:
            user_id = await open_account(unit, new, roles)
            change = {"is_active": is_active}
            await unit.execute(update(User).where(User.id == user_id).values(**change, fhir_patient_id=patient_id))
            await unit.execute(
                update(AccessUser).where(AccessUser.id == user_id).values(**change, patient_id=patient_id)
            )
            for place, organisation in enumerate(organisations):
                staff = {"user_id": user_id, "organisation_id": organisation, "is_primary": place == 0}
                await unit.execute(insert(AccessStaff).values(staff))
        return user_id, name

    async def login(self, username: str, password: str = PASSWORD) -> httpx.Response:
        return await self.kit.anonymous.post("/api/auth/login", json={"username": username, "password": password})

    async def sign_in(self, username: str) -> Visitor:
        """Sign in with `PASSWORD`."""
        response = await self.login(username)
        assert response.status_code == 200, response.text
        cookies = cookies_of(response)
        access = cookies["access_token"].value
        claims = await self.kit.parts.tokens.access(access)
        return Visitor(
            claims.user_id,
            username,
            self.kit.client(access),
            access,
            cookies["refresh_token"].value,
            cookies["XSRF-TOKEN"].value,
        )

    async def visitor(
        self,
        level: str = "staff",
        *,
        roles: tuple[str, ...] = (),
        profession: str = "consultant",
        organisations: tuple[int, ...] = (),
        patient_id: str | None = None,
        full_name: str | None = None,
    ) -> Visitor:
        """A new account, signed in."""
        _, username = await self.account(
            level,
            roles=roles,
            profession=profession,
            organisations=organisations,
            patient_id=patient_id,
            full_name=full_name,
        )
        return await self.sign_in(username)

    async def refresh(self, token: str) -> httpx.Response:
        return await self.kit.anonymous.post("/api/auth/refresh", headers={"X-Quill-Refresh-Token": token})

    async def session_of(self, visitor: Visitor) -> str:
        return (await self.kit.parts.tokens.access(visitor.access)).session_id
