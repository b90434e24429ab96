"""Guesses at a locked name: on record, but never so many that they fill the trail."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from quill_auth.app import create_app
from quill_auth.settings import Settings
from quill_auth.testing.people import PASSWORD, People
from quill_auth.testing.scene import GUESS, NOBODY
from quill_common.testing.kit import ServiceKit, service_kit

GUESSES = 60


@pytest.fixture(scope="module")
async def limited(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    async with service_kit(
        "auth",
        create_app,
        Settings,
        postgres_url,
        tmp_path_factory.mktemp("limited"),
        keep=frozenset({"roles"}),
        rate_limits=True,
        limit_login="off",
        limit_login_failures="3 per 15 minute",
        limit_locks_recorded="2 per 5 minute",
    ) as kit:
        yield kit


@pytest.mark.parametrize("known", [True, False])
async def test_of_many_guesses_few_are_on_record(limited: ServiceKit, known: bool) -> None:
    people = People(limited)
    name, user_id = NOBODY, None
    if known:
        user_id, name = await people.account()
    before = len(await limited.audited())
    answers = await asyncio.gather(*(people.login(name, GUESS) for _ in range(GUESSES)))
    assert Counter(answer.status_code for answer in answers) == {400: 3, 429: GUESSES - 3}
    assert (await people.login(name, PASSWORD)).status_code == 429
    found = (await limited.audited())[before:]
    reasons = Counter(entry["details"]["reason"] for entry in found)
    assert reasons == {"password" if known else "unknown name": 3, "locked": 2}
    assert {(entry["action"], entry["outcome"], entry["actor_id"], entry["subject_user_id"]) for entry in found} == {
        ("session.refuse", "refused", None, user_id)
    }
    assert not [secret for secret in (GUESS, NOBODY, PASSWORD) if secret in str(found)]


async def test_once_it_is_recorded_a_locked_guess_asks_the_database_nothing(limited: ServiceKit) -> None:
    people = People(limited)
    for _ in range(3 + 3):
        await people.login("quiet", GUESS)
    with limited.statements() as seen:
        assert (await people.login("quiet", GUESS)).status_code == 429
    assert seen == []
