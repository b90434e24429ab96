"""Whether lists and searches take as long with 100,000 patients as with 1,000."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from quill_common.testing.crowd import NHS_NUMBER, PATIENTS_EACH, Growth, nhs_number

from quill_operator.bench.scenarios import ask
from quill_operator.bench.scene import new_clinician
from quill_operator.bench.timing import WARM_UP, Median, median_of
from quill_operator.visitor import Visitor

LIMIT: Final = 50
MOST_TIMES_LONGER: Final = 1.5
ALL: Final = {"scope": "admin"}


@dataclass(frozen=True)
class Person:
    """Who asks."""

    username: str
    password: str


@dataclass(frozen=True)
class Request:
    """What is asked, under the name of the table; `as_admin` or as a clinician of the organisation that came last."""

    name: str
    path: str
    as_admin: bool


def requests(growth: Growth, deep: Mapping[bool, str]) -> list[Request]:
    """All that is measured; the first asks for no patient and tells how the machine itself has changed.

    `deep` are cursors near the end of the list, of the admin and of the clinician.
    """
    last = growth.organisations[-1]
    found = f"{NHS_NUMBER}|{nhs_number((last - 1) * PATIENTS_EACH)}"
    asked = [Request("GET /api/auth/me", "/api/auth/me", as_admin=False)]
    for as_admin in (False, True):
        for name, query in {
            "first page": {},
            "page deep in the list": {"cursor": deep[as_admin]},
            "name=smi": {"name": "smi"},
            "identifier": {"identifier": found},
        }.items():
            path = f"/api/patients?{urlencode({'limit': LIMIT, **query, **(ALL if as_admin else {})})}"
            asked.append(Request(f"GET /api/patients, {name}", path, as_admin))
    return [
        *asked,
        Request("GET /api/organizations, two of them", "/api/organizations?limit=2", as_admin=True),
        Request("GET /api/organizations/{id}", f"/api/organizations/{last}", as_admin=True),
    ]


async def measure(url: str, admin: Person, growth: Growth, tries: int) -> dict[tuple[str, bool], Median]:
    """The median of each request, by its name and whether the admin asked, one at a time through the gateway."""
    async with Visitor(url) as visitor:
        (await visitor.sign_in(admin.username, admin.password)).raise_for_status()
        clinician = Person(*await new_clinician(visitor, growth.organisations[-1]))
    measured: dict[tuple[str, bool], Median] = {}
    async with _session(url) as one, _session(url) as other:
        await _sign_in(one, url, clinician)
        await _sign_in(other, url, admin)
        of = {False: one, True: other}
        deep = {as_admin: await _deep(session, url, ALL if as_admin else {}) for as_admin, session in of.items()}
        for request in requests(growth, deep):
            times = await _times(of[request.as_admin], f"{url}{request.path}", tries)
            measured[request.name, request.as_admin] = median_of(times)
    return measured


def _session(url: str) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))


async def _sign_in(session: aiohttp.ClientSession, url: str, person: Person) -> None:
    await ask(session, "POST", f"{url}/api/auth/login", {"username": person.username, "password": person.password})


async def _times(session: aiohttp.ClientSession, url: str, tries: int) -> list[float]:
    times = []
    for number in range(WARM_UP + tries):
        started = perf_counter()
        await ask(session, "GET", url)
        if number >= WARM_UP:
            times.append((perf_counter() - started) * 1000)
    return times


async def _deep(session: aiohttp.ClientSession, url: str, query: dict[str, str]) -> str:
    """A cursor that has nearly the whole list before it: that of the fifth page of a hundred from the end, or so."""
    cursors: list[str] = []
    while True:
        after = {"cursor": cursors[-1]} if cursors else {}
        async with session.get(f"{url}/api/patients", params={"limit": "100", **query, **after}) as response:
            response.raise_for_status()
            cursor: Any = (await response.json())["next_cursor"]
        if cursor is None:
            return cursors[-2]
        cursors.append(cursor)
