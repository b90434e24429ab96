"""The demo fills an empty system once, and only adds what is missing after that."""

from functools import partial

import httpx
import pytest
from quill_operator.demo import people
from quill_operator.demo.client import DemoError
from quill_operator.demo.load import load, sign_ins
from quill_operator.testing.world import World, api


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()
    client = partial(httpx.AsyncClient, transport=httpx.ASGITransport(api(world)))
    monkeypatch.setattr("quill_operator.visitor.httpx.AsyncClient", client)
    return world


async def load_into_it(admin_password: str) -> None:
    await load("http://quill", "admin", admin_password, "demo-password")


async def test_everyone_and_everything_promised_is_there(world: World) -> None:
    await load_into_it("right")
    assert len(world.organisations) == 2
    assert sum(user["system_permissions"] == "admin" for user in world.users) == 1
    assert sum(user["system_permissions"] == "staff" for user in world.users) == 3
    linked = [user["fhir_patient_id"] for user in world.users if "fhir_patient_id" in user]
    assert len(linked) == 6
    assert set(linked) == set(world.patients)
    assert sum(len(letters) for letters in world.letters.values()) == len(people.LETTERS)
    assert [len(one["messages"]) for one in world.conversations] == [1 + len(people.CONVERSATION_MESSAGES)]
    assert {member[0] for member in world.members} == {"staff", "patients"}


async def test_loading_again_creates_nothing_new(world: World) -> None:
    await load_into_it("right")
    before = (len(world.users), len(world.patients), len(world.members), str(world.letters), str(world.conversations))
    await load_into_it("right")
    after = (len(world.users), len(world.patients), len(world.members), str(world.letters), str(world.conversations))
    assert after == before


@pytest.mark.parametrize("broken", ["/users", "/staff", "/link-patient", "/letters", "/conversations"])
async def test_a_load_that_broke_half_way_is_completed_by_the_next(world: World, broken: str) -> None:
    world.broken_path = broken
    with pytest.raises(DemoError, match="answered 500"):
        await load_into_it("right")
    world.broken_path = ""
    await load_into_it("right")
    assert len(world.users) == len(people.STAFF) + len(people.PATIENTS)
    assert len(world.conversations) == 1


async def test_a_rate_limit_is_waited_for(world: World) -> None:
    world.busy = 2
    await load_into_it("right")
    assert len(world.conversations) == 1


async def test_a_wrong_password_is_told_with_the_servers_words(world: World) -> None:
    with pytest.raises(DemoError, match="Invalid credentials"):
        await load_into_it("wrong")
    assert world.writes == ["POST /api/auth/login"]


def test_every_demo_person_has_a_sign_in() -> None:
    names = [person.username for person in sign_ins("admin", "a", "b")]
    assert len(names) == len(set(names)) == 1 + len(people.STAFF) + len(people.PATIENTS)
