"""The FHIR door at the gateway: a bearer token in place of the cookies, refusals as FHIR has them, its own address."""

import json
from typing import Any

import aiohttp
import pytest
from quill_gateway.routes import ROUTES, Caller
from quill_gateway.testing.doubles import FakeAuth, FakeService, Person
from quill_gateway.testing.running import StartGateway, eventually
from yarl import URL

PATIENT = "/api/fhir/R4/Patient"


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def _outcome(answer: aiohttp.ClientResponse) -> tuple[int, str, str]:
    assert answer.headers["Content-Type"] == "application/fhir+json"
    body: dict[str, Any] = json.loads(await answer.read())
    assert body["resourceType"] == "OperationOutcome"
    [issue] = body["issue"]
    assert issue["severity"] == "error"
    return answer.status, issue["code"], issue["details"]["text"]


async def test_a_bearer_token_is_as_good_as_the_cookie(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    for headers in (_bearer(person.access), {"Authorization": f"bearer  {person.access} "}, person.headers()):
        assert (await client.get(PATIENT, headers=headers)).status == 200
        assert services["patients"].last.headers.getall("Authorization") == [f"Bearer {person.access}"]
        assert "Cookie" not in services["patients"].last.headers


async def test_a_bearer_needs_no_csrf_token_and_a_cookie_does(client: aiohttp.ClientSession, person: Person) -> None:
    assert (await client.post(PATIENT, headers=_bearer(person.access), data=b"{}")).status == 200
    assert (await client.post(PATIENT, headers=person.headers(csrf=True), data=b"{}")).status == 200
    refused = await client.post(PATIENT, headers=person.headers(), data=b"{}")
    assert await _outcome(refused) == (403, "forbidden", "CSRF failed")


async def test_another_sites_page_is_refused_with_a_bearer_too(client: aiohttp.ClientSession, person: Person) -> None:
    page = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    refused = await client.post(PATIENT, headers=_bearer(person.access) | page, data=b"{}")
    assert await _outcome(refused) == (403, "forbidden", "CSRF failed")


async def test_the_bearer_says_who_calls_and_a_bad_one_is_not_made_good_by_a_cookie(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, person: Person
) -> None:
    other = auth.sign_in(8)
    await client.get(PATIENT, headers=person.headers() | _bearer(other.access))
    assert services["patients"].last.headers["Authorization"] == f"Bearer {other.access}"
    before = len(services["patients"].received)
    for value in ("", "Bearer", "Bearer ", "Bearer x", "Basic eDp5", f"Token {person.access}", person.access):
        refused = await client.get(PATIENT, headers=person.headers() | {"Authorization": value})
        assert await _outcome(refused) == (401, "login", "Invalid token"), value
        assert refused.headers["WWW-Authenticate"] == 'Bearer realm="Quill"'
    twice = [("Authorization", f"Bearer {person.access}"), ("Authorization", f"Bearer {other.access}")]
    assert (await client.get(PATIENT, headers=twice)).status == 401
    assert len(services["patients"].received) == before


async def test_tokens_for_other_uses_are_no_bearers(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    expired = auth.sign_in(lifetime=-600)
    for token in (person.csrf, expired.access, f"{person.access}x"):
        assert (await client.get(PATIENT, headers=_bearer(token))).status == 401


async def test_the_end_of_a_session_ends_its_bearer(
    client: aiohttp.ClientSession, auth: FakeAuth, person: Person
) -> None:
    assert (await client.get(PATIENT, headers=_bearer(person.access))).status == 200
    await auth.end(person.session_id)

    async def refused() -> bool:
        return (await client.get(PATIENT, headers=_bearer(person.access))).status == 401

    await eventually(refused, 60)


async def test_elsewhere_a_bearer_is_nobody(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth, person: Person
) -> None:
    for path in ("/api/patients", "/api/auth/me", "/api/patients/p-1"):
        answer = await client.get(path, headers=_bearer(person.access))
        assert (answer.status, await answer.json()) == (401, {"detail": "Not authenticated"})
    other = auth.sign_in(8)
    await client.get("/api/patients", headers=person.headers() | _bearer(other.access))
    assert services["patients"].last.headers["Authorization"] == f"Bearer {person.access}"
    assert {route.path.startswith("/api/fhir/R4/") for route in ROUTES if route.caller is Caller.BEARER_TOO} == {True}


async def test_what_the_door_tells_of_itself_is_for_anybody(
    client: aiohttp.ClientSession, services: dict[str, FakeService]
) -> None:
    for headers in ({}, _bearer("nonsense")):
        assert (await client.get("/api/fhir/R4/metadata", headers=headers)).status == 200
        assert "Authorization" not in services["patients"].last.headers


async def test_every_refusal_of_the_gateway_is_an_outcome(
    start_gateway: StartGateway, services: dict[str, FakeService], person: Person
) -> None:
    url = await start_gateway(body_limit=100)
    async with aiohttp.ClientSession(base_url=url, cookie_jar=aiohttp.DummyCookieJar()) as client:
        bearer = _bearer(person.access)

        async def refusal(method: str, path: str, **more: Any) -> tuple[int, str, str]:
            return await _outcome(await client.request(method, path, headers=bearer, **more))

        assert await _outcome(await client.get(PATIENT)) == (401, "login", "Not authenticated")
        for path in ("/api/fhir/R4", "/api/fhir/R4/Observation", "/api/fhir/R4/Patient/1/x", "/api/fhir/R4/Patient//"):
            assert await refusal("GET", path) == (404, "not-found", "Not Found"), path
        assert await refusal("GET", f"{PATIENT}?name=a%00b") == (400, "invalid", "Bad request")
        assert await refusal("DELETE", PATIENT) == (405, "not-supported", "Method Not Allowed")
        assert await refusal("POST", PATIENT, data=b"x" * 101) == (413, "too-long", "Request body too large")
        assert await refusal("GET", f"{PATIENT}?name={'x' * 9000}") == (414, "too-long", "URI too long")
        await services["patients"].stop()
        answer = await client.get(PATIENT, headers=bearer)
        assert await _outcome(answer) == (503, "transient", "Service temporarily unavailable")
        assert answer.headers["Retry-After"] == "2"
        elsewhere = await client.get("/api/fhir/R4x")
        assert (elsewhere.status, await elsewhere.json()) == (404, {"detail": "Not Found"})


async def test_the_switch_of_clinical_services_closes_the_door(start_gateway: StartGateway, person: Person) -> None:
    url = await start_gateway(clinical_services_enabled=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        for path in (PATIENT, "/api/fhir/R4/metadata"):
            assert (await _outcome(await client.get(path, headers=_bearer(person.access))))[0] == 503


async def test_names_with_fhirs_own_characters_reach_the_service(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    for path in (
        "/Patient/a.b-1/$everything",
        "/Patient/1/%24everything",
        "/Patient/1/_history/2?_count=1",
        "/Patient?x=a|b",
    ):
        target = f"/api/fhir/R4{path}"
        assert (await client.get(URL(target, encoded=True), headers=_bearer(person.access))).status == 200
        assert services["patients"].last.target == target


@pytest.mark.parametrize(
    ("proxies", "headers", "base"),
    [
        ("", {"Host": "quill.example:8080"}, "http://quill.example:8080"),
        ("", {"Host": "q", "X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https"}, "http://q"),
        ("", {"Host": "a b"}, None),
        ("", {"Host": "q/../x"}, None),
        ("", {"Host": "q", "X-Quill-Called-As": "https://evil"}, "http://q"),
        ("127.0.0.0/8", {"Host": "inner", "X-Forwarded-Host": "quill.example"}, "https://quill.example"),
        ("127.0.0.0/8", {"Host": "quill.example", "X-Forwarded-Proto": "http"}, "http://quill.example"),
        ("127.0.0.0/8", {"Host": "q", "X-Forwarded-Proto": "gopher"}, "https://q"),
        ("127.0.0.0/8", {"Host": "q", "X-Forwarded-Host": "a, b"}, None),
    ],
)
async def test_a_service_is_told_as_what_it_was_called(
    start_gateway: StartGateway,
    services: dict[str, FakeService],
    person: Person,
    proxies: str,
    headers: dict[str, str],
    base: str | None,
) -> None:
    url = await start_gateway(trusted_proxies=proxies)
    async with aiohttp.ClientSession(base_url=url) as client:
        answer = await client.get(PATIENT, headers=headers | _bearer(person.access))
        assert answer.status == 200
        assert services["patients"].last.headers.get("X-Quill-Called-As") == base
        await client.get("/api/patients", headers=headers | person.headers())
        assert "X-Quill-Called-As" not in services["patients"].last.headers
