"""What a request may carry, and in which order it is complained about."""

import orjson
import pytest
from quill_common.testing.kit import ServiceKit

JSON = {"Content-Type": "application/json"}
NOT_JSON = [
    b"{",
    b"nul",
    b'{"id": NaN}',
    b'{"id": "\xff"}',
    b'{"id": "\\ud800"}',
    b"[" * 50_000,
    b'{"id": ' + b"9" * 5000,
]


@pytest.mark.parametrize("content", NOT_JSON)
async def test_what_is_not_json_is_a_422_once_it_is_known_who_calls(kit: ServiceKit, content: bytes) -> None:
    admin, clinician = await kit.admin(), await kit.clinician()
    anonymous = await kit.anonymous.post("/api/things", content=content, headers=JSON)
    assert (anonymous.status_code, anonymous.json()) == (401, {"detail": "Not authenticated"})
    for person in (admin, clinician):
        response = await person.client.post("/api/things", content=content, headers=JSON)
        assert response.status_code == 422
        [problem] = response.json()["detail"]
        assert (problem["type"], problem["loc"][0]) == ("json_invalid", "body")
    assert await kit.read("SELECT 1 FROM access_patient") == []


@pytest.mark.parametrize("content", [b"", b"null", b"[]", b"7", b'"x"', b"[{}]", b"true"])
async def test_json_that_is_no_object_is_a_422(kit: ServiceKit, content: bytes) -> None:
    response = await (await kit.admin()).client.post("/api/things", content=content, headers=JSON)
    assert response.status_code == 422


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "\xff", ""])
async def test_a_body_that_does_not_say_it_is_json_is_a_422(kit: ServiceKit, kind: str) -> None:
    headers = [(b"Content-Type", kind.encode("latin-1"))]
    response = await (await kit.admin()).client.post("/api/things", content=b'{"id": "a"}', headers=headers)
    assert response.status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        {"text": "\x00"},
        {"trimmed": "a\x00"},
        {"optional": "\x00"},
        {"text": "x" * 1_000_001},
        {"text": None},
        {"id": 2**63},
        {"id": -(2**63)},
        {"id": "abc"},
        {"id": 1.5},
        {"free": []},
        {"free": {"a": "\x00"}},
        {"free": {"\x00": "a"}},
        {"free": {"a": [[{"b": "\x00"}]]}},
    ],
)
async def test_a_value_that_cannot_be_stored_is_a_422(kit: ServiceKit, body: dict[str, object]) -> None:
    response = await kit.anonymous.put("/api/shapes/1/a", json=body)
    assert response.status_code == 422, response.text


@pytest.mark.parametrize(("depth", "status"), [(50, 200), (70, 422), (1000, 422), (1500, 422)])
async def test_json_nested_too_deeply_is_a_422(kit: ServiceKit, depth: int, status: int) -> None:
    content = b'{"free": {"a": %s%s}}' % (b"[" * depth, b"]" * depth)
    response = await kit.anonymous.put("/api/shapes/1/a", content=content, headers=JSON)
    assert response.status_code == status


async def test_text_is_trimmed_or_absent_where_it_says_so(kit: ServiceKit) -> None:
    body = {
        "text": " a ",
        "trimmed": " a ",
        "optional": "  ",
        "id": 2**63 - 1,
        "free": {"é": [1, None, 0.5]},
        "more": 1,
    }
    answer = (await kit.anonymous.put("/api/shapes/1/a", content=orjson.dumps(body), headers=JSON)).json()
    expected = {"text": " a ", "trimmed": "a", "optional": None, "id": 2**63 - 1, "free": {"é": [1, None, 0.5]}}
    assert answer == expected


@pytest.mark.parametrize(
    "path", ["x/a", f"{2**63}/a", "1.5/a", "1/a_b", f"1/{'a' * 65}", "1/a%0A", "1/%C3%A9", "%ff/a"]
)
async def test_a_path_that_is_no_id_is_a_422(kit: ServiceKit, path: str) -> None:
    response = await kit.anonymous.put(f"/api/shapes/{path}", json={})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] == "path"


async def test_the_clinical_switch_answers_before_what_is_wrong_with_the_body(
    kit: ServiceKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kit.parts.settings, "clinical_services_enabled", False)
    response = await (await kit.person("patient")).client.post("/api/clinical", content=b"{", headers=JSON)
    off = {"detail": "Clinical services are not available in this deployment"}
    assert (response.status_code, response.json()) == (503, off)


async def test_no_dependency_of_a_request_runs_in_a_thread(kit: ServiceKit, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI hands every dependency that is not async to a thread, which costs more than a statement."""

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("ran in a thread")

    monkeypatch.setattr("fastapi.dependencies.utils.run_in_threadpool", refuse)
    admin = await kit.admin()
    assert (await admin.client.get("/api/things?limit=1")).status_code == 200
    assert (await admin.client.post("/api/things", json={"id": "a"})).status_code == 200
    assert (await admin.client.post("/api/clinical")).status_code == 200
