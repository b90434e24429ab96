"""People see where they are signed in, and end what they do not know."""

import asyncio
import base64
import uuid
from datetime import datetime

import orjson
import pytest
from quill_auth.testing.people import People, Visitor, cookies_of
from quill_common.testing.kit import ServiceKit
from sqlalchemy import text

PATH = "/api/auth/sessions"
NOT_FOUND = (404, {"detail": "Session not found"})
REVOKED = "quill.auth.session.revoked.v1"


@pytest.fixture
async def ada(people: People) -> Visitor:
    return await people.visitor("patient")


async def test_the_list_shows_each_session_with_device_and_address(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    body = {"username": ada.username, "password": "a quiet Tuesday afternoon"}
    headers = {"User-Agent": "Tablet/1.0", "X-Forwarded-For": "203.0.113.9"}
    assert (await kit.anonymous.post("/api/auth/login", json=body, headers=headers)).status_code == 200
    answer = (await ada.client.get(PATH)).json()
    tablet, own = answer["sessions"]
    assert answer["next_cursor"] is None
    assert set(tablet) == {"id", "device", "address", "created_at", "last_used_at", "expires_at", "current"}
    assert (tablet["device"], tablet["address"], tablet["current"]) == ("Tablet/1.0", "203.0.113.9", False)
    assert (own["id"], own["current"]) == (await people.session_of(ada), True)
    assert tablet["created_at"] == tablet["last_used_at"]
    assert datetime.fromisoformat(tablet["expires_at"]) > datetime.fromisoformat(tablet["created_at"])
    assert tablet["created_at"].endswith("Z")


async def test_others_ended_and_expired_sessions_are_not_listed(kit: ServiceKit, people: People, ada: Visitor) -> None:
    await people.visitor()
    gone, expired = await people.sign_in(ada.username), await people.sign_in(ada.username)
    await gone.client.post("/api/auth/logout")
    late = "UPDATE session SET expires_at = clock_timestamp() - interval '1 second' WHERE id = CAST(:id AS uuid)"
    await kit.write(text(late), {"id": await people.session_of(expired)})
    shown = (await ada.client.get(PATH)).json()["sessions"]
    assert [session["id"] for session in shown] == [await people.session_of(ada)]


async def test_a_renewal_puts_a_session_first_with_where_it_came_from(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    await people.sign_in(ada.username)
    headers = {"X-Quill-Refresh-Token": ada.refresh, "User-Agent": "Phone/2", "X-Forwarded-For": "2001:db8::7"}
    await kit.anonymous.post("/api/auth/refresh", headers=headers)
    first = (await ada.client.get(PATH)).json()["sessions"][0]
    assert (first["current"], first["device"], first["address"]) == (True, "Phone/2", "2001:db8::7")
    assert first["created_at"] < first["last_used_at"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b"x" * 400, "x" * 255),
        (b"Bad\x7f\x85\tAgent", "BadAgent"),
        (b" \t ", None),
        (b"<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Zoë".encode("latin-1"), "Zoë"),
    ],
)
async def test_what_a_device_says_of_itself_is_cut_and_made_plain(
    kit: ServiceKit, people: People, ada: Visitor, sent: bytes, kept: str | None
) -> None:
    headers = [(b"X-Quill-Refresh-Token", ada.refresh.encode()), (b"User-Agent", sent)]
    assert (await kit.anonymous.post("/api/auth/refresh", headers=headers)).status_code == 200
    assert (await ada.client.get(PATH)).json()["sessions"][0]["device"] == kept


async def test_pages_follow_each_other_without_a_gap(kit: ServiceKit, people: People, ada: Visitor) -> None:
    # All used at the same moment: the id decides.
    many = """
        INSERT INTO session (id, user_id, expires_at, last_used_at)
        SELECT gen_random_uuid(), :ada, now() + interval '1 day', '2026-01-01' FROM generate_series(1, 11)
    """
    await kit.write(text(many), {"ada": ada.id})
    seen, cursor = [], ""
    for _ in range(4):
        page = (await ada.client.get(PATH, params={"limit": 3, "cursor": cursor})).json()
        seen += [session["id"] for session in page["sessions"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert len(seen) == len(set(seen)) == 12
    assert seen[0] == await people.session_of(ada)


@pytest.mark.parametrize(
    "key",
    [
        ["x", "y"],
        [1, "y"],
        ["2026-01-01", str(uuid.uuid4()), "z"],
        ["2026-01-01T00:00:00Z", "no id"],
        ["0001-01-01T00:00:00+14:00", str(uuid.uuid4())],
        {},
    ],
)
async def test_a_cursor_that_is_not_ours_is_refused(ada: Visitor, key: object) -> None:
    cursor = base64.urlsafe_b64encode(orjson.dumps(key)).decode()
    response = await ada.client.get(PATH, params={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


@pytest.mark.parametrize("limit", [0, 1001, "x"])
async def test_a_limit_that_makes_no_sense_is_a_422(ada: Visitor, limit: int | str) -> None:
    assert (await ada.client.get(PATH, params={"limit": limit})).status_code == 422


async def test_a_page_of_very_many_reads_only_its_own_rows(kit: ServiceKit, people: People, ada: Visitor) -> None:
    many = """
        INSERT INTO session (id, user_id, expires_at, last_used_at)
        SELECT gen_random_uuid(), :ada, now() + interval '1 day', now() - n * interval '1 second'
        FROM generate_series(1, 100000) n
    """
    await kit.write(text(many), {"ada": ada.id})
    await kit.write(text("ANALYZE session"))
    with kit.statements() as seen:
        page = (await ada.client.get(PATH, params={"limit": 5})).json()
    assert len(page["sessions"]) == 5
    assert len(seen) == 2
    plan = """
        EXPLAIN SELECT id FROM session
        WHERE user_id = :ada AND ended_at IS NULL AND expires_at > clock_timestamp()
        ORDER BY last_used_at DESC, id DESC LIMIT 6
    """
    lines = " ".join(row["QUERY PLAN"] for row in await kit.read(plan, ada=ada.id))
    assert "ix_session_live_by_use" in lines
    assert "Sort" not in lines


async def test_an_ended_session_is_named_published_and_dead(kit: ServiceKit, people: People, ada: Visitor) -> None:
    other = await people.sign_in(ada.username)
    session = await people.session_of(other)
    response = await ada.client.delete(f"{PATH}/{session}")
    assert (response.status_code, response.json()) == (200, {"detail": "ended", "ended": 1})
    assert response.headers["X-Quill-Revoked-Sessions"] == session
    assert "set-cookie" not in response.headers
    assert await kit.published(REVOKED) == [{"user_id": ada.id, "session_id": session}]
    assert (await other.client.get("/api/auth/me")).json() == {"detail": "Invalid token"}
    assert (await people.refresh(other.refresh)).json() == {"detail": "Bad refresh token"}
    assert (await ada.client.get("/api/auth/me")).status_code == 200


async def test_ending_the_session_that_asks_is_signing_out(people: People, ada: Visitor) -> None:
    response = await ada.client.delete(f"{PATH}/{await people.session_of(ada)}")
    assert response.json() == {"detail": "ended", "ended": 1}
    assert {cookie["max-age"] for cookie in cookies_of(response).values()} == {"0"}
    assert len(cookies_of(response)) == 3
    assert (await ada.client.get("/api/auth/me")).status_code == 401
    assert (await ada.client.delete(f"{PATH}/{await people.session_of(ada)}")).status_code == 401


async def test_what_is_no_live_session_of_ones_own_is_not_found(kit: ServiceKit, people: People, ada: Visitor) -> None:
    ben, ended = await people.visitor(), await people.sign_in(ada.username)
    await ended.client.post("/api/auth/logout")
    sessions = [await people.session_of(ben), await people.session_of(ended), str(uuid.uuid4())]
    for wrong in (*sessions, "1", "x" * 300, "%F0%9F%92%89", "' OR 1=1 --"):
        response = await ada.client.delete(f"{PATH}/{wrong}")
        assert (response.status_code, response.json()) == NOT_FOUND, wrong
    assert (await ben.client.get("/api/auth/me")).status_code == 200


async def test_all_others_end_and_the_one_that_asks_goes_on(kit: ServiceKit, people: People, ada: Visitor) -> None:
    ben = await people.visitor()
    others = [await people.sign_in(ada.username) for _ in range(3)]
    ended = {await people.session_of(other) for other in others}
    response = await ada.client.delete(PATH)
    assert (response.status_code, response.json()) == (200, {"detail": "ended", "ended": 3})
    assert set(response.headers["X-Quill-Revoked-Sessions"].split(",")) == ended
    assert {event["session_id"] for event in await kit.published(REVOKED)} == ended
    assert [(await other.client.get("/api/auth/me")).status_code for other in others] == [401] * 3
    for visitor in (ada, ben):
        assert (await visitor.client.get("/api/auth/me")).status_code == 200
    again = await ada.client.delete(PATH)
    assert again.json() == {"detail": "ended", "ended": 0}
    assert "X-Quill-Revoked-Sessions" not in again.headers


async def test_of_two_that_end_all_others_at_once_one_stays(kit: ServiceKit, people: People, ada: Visitor) -> None:
    for _ in range(5):
        pair = [await people.sign_in(ada.username) for _ in range(2)]
        answers = await asyncio.gather(*(visitor.client.delete(PATH) for visitor in pair))
        assert sorted(answer.status_code for answer in answers) == [200, 401]
        assert {"detail": "Invalid token"} in [answer.json() for answer in answers]


async def test_of_two_that_end_each_other_at_once_one_stays(people: People, ada: Visitor) -> None:
    for _ in range(5):
        one, two = [await people.sign_in(ada.username) for _ in range(2)]
        ends = ((one, await people.session_of(two)), (two, await people.session_of(one)))
        answers = await asyncio.gather(*(by.client.delete(f"{PATH}/{session}") for by, session in ends))
        assert sorted(answer.status_code for answer in answers) == [200, 401]


async def test_one_session_ended_many_times_at_once_ends_once(kit: ServiceKit, people: People, ada: Visitor) -> None:
    session = await people.session_of(await people.sign_in(ada.username))
    answers = await asyncio.gather(*(ada.client.delete(f"{PATH}/{session}") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404, 404]
    assert len(await kit.published(REVOKED)) == 1


async def test_a_renewal_beside_the_end_never_outlives_it(kit: ServiceKit, people: People, ada: Visitor) -> None:
    for _ in range(5):
        other = await people.sign_in(ada.username)
        renewals = [people.refresh(other.refresh) for _ in range(4)]
        await asyncio.gather(*renewals[:2], ada.client.delete(PATH), *renewals[2:])
        assert (await people.refresh(other.refresh)).status_code == 401
        assert len(await kit.read("SELECT id FROM session WHERE ended_at IS NULL")) == 1


async def test_an_end_that_cannot_be_committed_says_so_and_ends_nothing(
    kit: ServiceKit, people: People, ada: Visitor
) -> None:
    other = await people.sign_in(ada.username)
    async with kit.failing_commits("session"):
        for path in (PATH, f"{PATH}/{await people.session_of(other)}", f"{PATH}/{await people.session_of(ada)}"):
            response = await ada.client.delete(path)
            assert response.status_code >= 500
            assert "X-Quill-Revoked-Sessions" not in response.headers
            assert "set-cookie" not in response.headers
    assert (await other.client.get("/api/auth/me")).status_code == 200
    assert await kit.published(REVOKED) == []


async def test_nobody_without_a_session_gets_anywhere(kit: ServiceKit) -> None:
    for method, path in (("GET", PATH), ("DELETE", PATH), ("DELETE", f"{PATH}/{uuid.uuid4()}")):
        response = await kit.anonymous.request(method, path)
        assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})
