"""Keyset paging (contract 1.8)."""

import base64

import orjson
import pytest
from quill_common.http.paging import InvalidCursor, Page
from quill_common.testing.kit import ServiceKit


def cursor_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def pages(kit: ServiceKit, limit: int) -> list[list[str]]:
    found, query = [], {"limit": str(limit)}
    while True:
        body = (await kit.anonymous.get("/api/things", params=query)).json()
        found.append(body["things"])
        if body["next_cursor"] is None:
            return found
        query["cursor"] = body["next_cursor"]


@pytest.mark.parametrize(("limit", "sizes"), [(1, [1] * 6), (2, [2, 2, 2]), (4, [4, 2]), (6, [6]), (1000, [6])])
async def test_pages_hold_every_row_once_and_none_is_empty(kit: ServiceKit, limit: int, sizes: list[int]) -> None:
    names = ["é", "a", "Z", "x" * 500, "🏥", '"[],']
    for name in names:
        await kit.patient(name)
    found = await pages(kit, limit)
    assert [len(page) for page in found] == sizes
    assert sorted(name for page in found for name in page) == sorted(names)


async def test_a_row_put_in_before_the_cursor_moves_no_page(kit: ServiceKit) -> None:
    for name in "bcd":
        await kit.patient(name)
    first = (await kit.anonymous.get("/api/things", params={"limit": "2"})).json()
    await kit.patient("a")
    rest = (await kit.anonymous.get("/api/things", params={"cursor": first["next_cursor"]})).json()
    assert (first["things"], rest["things"]) == (["b", "c"], ["d"])


FOREIGN = ["x", "=", "!!!", "é", "a b", "A" * 3999, cursor_of(b"null"), cursor_of(b'"a"')]
FOREIGN += [cursor_of(raw) for raw in (b"{}", b"[]", b"[1]", b'["a","b"]', b"[null]", b"[[]]", b'["a\\u0000"]')]
FOREIGN += [cursor_of(raw) for raw in (b'["\\ud800"]', b'["\xff"]', b"[" * 1500, b'["a"]x', b"[true]", b"[NaN]")]


@pytest.mark.parametrize("cursor", FOREIGN)
async def test_a_cursor_that_is_not_ours_is_refused(kit: ServiceKit, cursor: str) -> None:
    response = await kit.anonymous.get("/api/things", params={"cursor": cursor})
    assert (response.status_code, response.json()) == (400, {"detail": "Invalid cursor"})


async def test_every_tampered_byte_of_a_cursor_is_survived(kit: ServiceKit) -> None:
    for name in "ab":
        await kit.patient(name)
    cursor = (await kit.anonymous.get("/api/things", params={"limit": "1"})).json()["next_cursor"]
    for place in range(len(cursor)):
        for other in "A_-9=+/ ~":
            tampered = cursor[:place] + other + cursor[place + 1 :]
            response = await kit.anonymous.get("/api/things", params={"cursor": tampered})
            assert response.status_code in (200, 400), tampered


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=-1", "limit=x", f"cursor={'a' * 4001}"])
async def test_a_parameter_out_of_bounds_is_a_422(kit: ServiceKit, query: str) -> None:
    response = await kit.anonymous.get(f"/api/things?{query}")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", query.split("=")[0]]


async def test_an_empty_cursor_is_the_first_page(kit: ServiceKit) -> None:
    await kit.patient("a")
    assert (await kit.anonymous.get("/api/things?cursor=")).json()["things"] == ["a"]


@pytest.mark.parametrize("key", [[True], [1.0], ["1"], [2**63], [-(2**63)], [1, 2], [None]])
def test_a_number_in_a_cursor_is_an_integer_that_the_database_can_hold(key: list[object]) -> None:
    page = Page(10, cursor_of(orjson.dumps(key)))
    with pytest.raises(InvalidCursor):
        page.after(int)


def test_what_a_page_was_cut_at_is_where_the_next_begins() -> None:
    shown, cursor = Page(2).cut([(5, "é"), (4, ""), (3, "c")], lambda row: row)
    assert shown == [(5, "é"), (4, "")]
    assert Page(2, cursor).after(int, str) == (4, "")
