"""A service that did not hear of a write is named in its answer, and shows nobody anything until it has heard of it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest
from system.running import RunningSystem
from system.sight import NoAnswer, Sight, View
from system.turns import Place, place

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(400)]

ASKED: dict[str, Callable[[Sight], View]] = {
    "auth": lambda sees: sees.picker,
    "letters": lambda sees: sees.letters,
    "messaging": lambda sees: sees.inbox,
    "patients": lambda sees: sees.record,
}
TIMES = 20


@contextmanager
def _stopped(system: RunningSystem, *names: str) -> Iterator[dict[str, int]]:
    """Processes that do not run inside the block: their numbers, by name."""
    numbers = {name: int(system.processes()[name]["pid"]) for name in names}
    for number in numbers.values():
        os.kill(number, signal.SIGSTOP)
    try:
        yield numbers
    finally:
        for number in numbers.values():
            if _lives(number):
                os.kill(number, signal.SIGCONT)


def _lives(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


async def _views(system: RunningSystem, sees: Sight, names: Sequence[str]) -> list[View]:
    """What `names` show, each asked through the gateway and directly."""
    views = []
    for name in names:
        direct = system.stranger(system.processes()[name]["url"])
        direct.http.headers["Authorization"] = f"Bearer {sees.person.http.cookies['access_token']}"
        there = Sight(direct, sees.patient_id, sees.conversation, sees.organisation)
        views += [ASKED[name](sees), ASKED[name](there)]
    return views


async def _seen(view: View) -> bool | None:
    """What is shown; None when there is no answer yet."""
    try:
        return await view()
    except (NoAnswer, httpx.TransportError):
        return None


async def _removed(where: Place, user_id: int) -> httpx.Response:
    return await where.admin.call("DELETE", f"/api/organizations/{where.organisation}/staff/{user_id}")


@pytest.mark.parametrize(("names", "killed"), [(("letters",), True), (tuple(ASKED), False)], ids=["killed", "stopped"])
async def test_who_did_not_hear_is_named_and_shows_nothing_until_it_has_heard(
    system: RunningSystem, names: tuple[str, ...], killed: bool
) -> None:
    where = await place(system, await system.visitor())
    user_id, sees = await where.colleague()
    views = await _views(system, sees, names)
    assert [await view() for view in views] == [True] * len(views)
    with _stopped(system, *names) as numbers:
        removed = await _removed(where, user_id)
        assert (removed.status_code, removed.json()) == (200, {"status": "removed"})
        assert removed.headers["x-quill-pending"] == ",".join(names)
        with _stopped(system, "orgs"):  # nobody can catch up with it
            for number in numbers.values():
                os.kill(number, signal.SIGKILL if killed else signal.SIGCONT)
            if killed:
                await asyncio.to_thread(system.wait_until_up, names[0], numbers[names[0]])
            seen = {await _seen(view) for _ in range(TIMES) for view in views}
            assert seen == {None}
        for view in views:
            while (shown := await _seen(view)) is None:
                continue
            assert shown is False
    for name in ("orgs", *names):
        await asyncio.to_thread(system.wait_until_ready, name)
