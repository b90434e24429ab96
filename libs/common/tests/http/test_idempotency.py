"""`Idempotency-Key` (contract 1.8)."""

import asyncio
import gc
import hashlib
import hmac

import pytest
from quill_common.http.idempotency import forget_old_answers
from quill_common.testing.database import execute
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

THINGS = "SELECT id FROM access_patient ORDER BY id"
DIFFERENT = (422, {"detail": "Idempotency-Key was used with a different request"})
IN_PROGRESS = (409, {"detail": "A request with this Idempotency-Key is still in progress"})

NOT_REMEMBERED = """
CREATE FUNCTION {schema}.forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$;
CREATE TRIGGER forget BEFORE INSERT ON {schema}.idempotent_answer FOR EACH ROW EXECUTE FUNCTION {schema}.forget();
"""


async def post(person: Person, thing: str, key: str | bytes = "k") -> tuple[int, object]:
    headers = [(b"Idempotency-Key", key.encode() if isinstance(key, str) else key)]
    response = await person.client.post("/api/things", json={"id": thing}, headers=headers)
    return response.status_code, response.json()


async def ids(kit: ServiceKit) -> list[str]:
    return [row["id"] for row in await kit.read(THINGS)]


async def test_a_repeat_gets_the_first_answer_and_does_nothing(kit: ServiceKit) -> None:
    admin = await kit.admin()
    first = await post(admin, "a")
    await kit.write(text("DELETE FROM access_patient"))
    assert await post(admin, "a") == first == (200, {"id": "a"})
    assert await ids(kit) == []


async def test_a_repeat_tells_who_has_not_confirmed_by_now(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    admin = await kit.admin()
    await post(admin, "a")
    pending = ["orgs"]

    async def confirm() -> list[str]:
        return pending

    monkeypatch.setattr(kit.parts.dependants, "confirm", confirm)
    for expected in ("orgs", None):
        response = await admin.client.post("/api/things", json={"id": "a"}, headers={"Idempotency-Key": "k"})
        assert (response.status_code, response.headers.get("X-Quill-Pending")) == (200, expected)
        pending = []


async def test_the_same_key_with_another_body_is_refused(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await post(admin, "a")
    assert await post(admin, "b") == DIFFERENT
    assert await ids(kit) == ["a"]


async def test_who_reads_the_table_and_guesses_the_key_cannot_try_bodies(kit: ServiceKit) -> None:
    """A body may hold a password, and trying words on a fast hash is cheap."""
    assert (await post(await kit.admin(), "a", "1"))[0] == 200
    (row,) = await kit.read("SELECT fingerprint FROM idempotent_answer")
    guess = b'POST\n/api/things\n{"id":"a"}'
    assert row["fingerprint"] != hmac.digest(b"1", guess, hashlib.sha256)
    secret = kit.parts.calls.secret("idempotency")
    assert row["fingerprint"] == hmac.digest(secret + b"1", guess, hashlib.sha256)


async def test_keys_belong_to_their_caller(kit: ServiceKit) -> None:
    one, two = await kit.admin(), await kit.admin()
    assert (await post(one, "a"), await post(two, "b")) == ((200, {"id": "a"}), (200, {"id": "b"}))


async def test_anonymous_keys_belong_to_the_address(kit: ServiceKit) -> None:
    async def from_address(address: str, thing: str) -> int:
        headers = {"Idempotency-Key": "k", "X-Forwarded-For": address}
        return (await kit.anonymous.post("/api/anonymous", json={"id": thing}, headers=headers)).status_code

    assert [await from_address("192.0.2.1", "a"), await from_address("192.0.2.2", "b")] == [200, 200]
    assert [await from_address("192.0.2.1", "a"), await from_address("192.0.2.1", "c")] == [200, 422]
    assert await ids(kit) == ["a", "b"]


async def test_while_the_first_is_running_a_repeat_is_told_so(
    kit: ServiceKit, has_arrived: asyncio.Event, release: asyncio.Event
) -> None:
    admin = await kit.admin()
    first = asyncio.create_task(post(admin, "slow"))
    await has_arrived.wait()
    assert await post(admin, "slow") == IN_PROGRESS
    assert await post(admin, "other", key="k2") == (200, {"id": "other"})
    release.set()
    assert await first == await post(admin, "slow") == (200, {"id": "slow"})


@pytest.mark.parametrize(("thing", "status"), [("refused", 409), ("broken", 500)])
async def test_a_failure_is_not_remembered_and_stores_nothing(kit: ServiceKit, thing: str, status: int) -> None:
    admin = await kit.admin()
    for _ in range(2):
        assert (await post(admin, thing))[0] == status
    assert await ids(kit) == []
    assert (await post(admin, "a"))[0] == 200


async def test_a_repeat_needs_the_access_that_the_first_had(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await post(admin, "a")
    await kit.write(text("UPDATE access_user SET level = 'staff'"))
    assert (await post(admin, "a"))[0] == 403


async def test_after_a_day_a_key_is_new(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await post(admin, "a")
    await kit.write(text("UPDATE idempotent_answer SET created_at = created_at - interval '24 hours'"))
    assert await post(admin, "b") == (200, {"id": "b"})
    assert await post(admin, "b") == (200, {"id": "b"})
    assert await ids(kit) == ["a", "b"]


async def test_only_old_answers_are_forgotten(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await post(admin, "a", "old")
    await kit.write(text("UPDATE idempotent_answer SET created_at = created_at - interval '25 hours'"))
    await post(admin, "b", "new")
    async with kit.parts.database.writer() as writer:
        assert await forget_old_answers(writer) == 1
    assert await kit.read("SELECT body FROM idempotent_answer") == [{"body": b'{"id":"b"}'}]


@pytest.mark.parametrize("key", ["", "x" * 256, b"a\x00b"])
async def test_a_key_of_the_wrong_length_or_with_a_nul_is_a_422(kit: ServiceKit, key: str | bytes) -> None:
    status, body = await post(await kit.admin(), "a", key)
    assert status == 422
    assert isinstance(body, dict)
    assert body["detail"][0]["loc"] == ["header", "Idempotency-Key"]
    assert await ids(kit) == []


@pytest.mark.parametrize("key", ["x", "x" * 255, "'; --", "%00", b"\xc3\xa9", b"\xff\xfe", b"a\tb"])
async def test_any_other_key_is_taken(kit: ServiceKit, key: str | bytes) -> None:
    admin = await kit.admin()
    assert await post(admin, "a", key) == await post(admin, "a", key) == (200, {"id": "a"})
    assert await ids(kit) == ["a"]


async def test_a_commit_that_fails_is_not_remembered(kit: ServiceKit) -> None:
    admin = await kit.admin()
    async with kit.failing_commits("access_patient"):
        assert (await post(admin, "a"))[0] == 503
    assert await kit.read("SELECT 1 FROM idempotent_answer") == []
    assert await post(admin, "a") == (200, {"id": "a"})


async def test_an_answer_that_cannot_be_remembered_keeps_no_connection_and_no_lock(kit: ServiceKit) -> None:
    admin = await kit.admin()
    await execute(kit.database.admin_url, NOT_REMEMBERED.format(schema=kit.name))
    gc.disable()  # sooner or later it would give back both
    try:
        tries = [await post(admin, "a") for _ in range(kit.parts.settings.database_pool + 1)]
    finally:
        gc.enable()
        await execute(kit.database.admin_url, f"DROP FUNCTION {kit.name}.forget() CASCADE")
    assert {status for status, _ in tries} == {500}
    assert await post(admin, "a") == (200, {"id": "a"})
