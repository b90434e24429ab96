"""What happens around every request: its id, and what no path or query may hold."""

import pytest
from quill_common.testing.kit import ServiceKit

GOOD = ["a", "A-z_0.9", "x" * 64]
BAD = ["", "x" * 65, "a b", "é", "a/b", "a\tb", "<script>", "a\x7f", "a\x00", "a%0a"]


@pytest.mark.parametrize("given", GOOD)
async def test_a_good_request_id_comes_back(kit: ServiceKit, given: str) -> None:
    response = await kit.anonymous.get("/api/things", headers={"X-Request-ID": given})
    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", BAD)
async def test_another_is_replaced(kit: ServiceKit, given: str) -> None:
    response = await kit.anonymous.get("/api/things", headers=[(b"X-Request-ID", given.encode())])
    [made_up] = response.headers.get_list("x-request-id")
    assert made_up != given
    assert len(made_up) == 32


async def test_every_answer_has_a_request_id_of_its_own(kit: ServiceKit) -> None:
    paths = ["/api/things", "/api/nothing", "/api/raise/runtime", "/api/raise/os", "/health/live", "/api/things?a=%00"]
    answers = [await kit.anonymous.get(path) for path in paths]
    assert len({answer.headers["x-request-id"] for answer in answers}) == len(paths)


@pytest.mark.parametrize("path", ["/api/raise/%00", "/api/%00", "/%00", "/api/things?cursor=%00", "/api/things?%00=1"])
async def test_a_nul_in_path_or_query_is_a_422(kit: ServiceKit, path: str) -> None:
    response = await kit.anonymous.get(path)
    assert response.status_code == 422
    assert isinstance(response.json()["detail"], list)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/%ff", 404), ("/api/things?cursor=%ff", 400), ("/api/things?limit=%ff", 422), ("/api/things?%ff=1", 200)],
)
async def test_invalid_utf8_in_path_or_query_is_no_failure(kit: ServiceKit, path: str, status: int) -> None:
    assert (await kit.anonymous.get(path)).status_code == status
