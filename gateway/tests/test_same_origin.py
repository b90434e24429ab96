"""Changing calls made by pages of other sites (the second line of contract 1.5)."""

import json
from ipaddress import ip_network
from pathlib import Path

import aiohttp
import pytest
from pydantic import ValidationError
from quill_common.testing.refusals import detail_of
from quill_gateway.client_address import ClientAddress
from quill_gateway.errors import BadCsrf
from quill_gateway.headers import Incoming
from quill_gateway.routes import ROUTES, Caller, Route
from quill_gateway.same_origin import SAFE_METHODS, SameOrigin
from quill_gateway.settings import GatewaySettings
from quill_gateway.testing.doubles import FakeService, Person
from quill_gateway.testing.running import StartGateway

UNIT = "/api/organizations"
HOST = "quill.example"
PROXY, STRANGER = "10.0.0.1", "198.51.100.7"
SAME_ORIGIN = SameOrigin(["https://app.example"], ClientAddress([ip_network("10.0.0.0/8")]))

# What browsers send with a fetch(), by the Fetch Metadata specification and MDN; `Host` is added by the tests.
CHROME = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0.0.0 Safari/537.36",
    "Accept": "*/*",
    "Accept-Language": "en-GB,en;q=0.9",
    "sec-ch-ua": '"Chromium";v="141", "Not?A_Brand";v="8"',
    "sec-ch-ua-mobile": "?0",
    "sec-ch-ua-platform": '"Linux"',
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
}
FIREFOX = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Accept": "*/*",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Priority": "u=0",
}
SAFARI = {
    "User-Agent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/26.0 Safari/605.1.15",
    "Accept": "*/*",
    "Sec-Fetch-Mode": "cors",
    "Sec-Fetch-Dest": "empty",
    "Priority": "u=3, i",
}
OLD_SAFARI = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 15_6 like Mac OS X) Version/15.6 Mobile/15E148 Safari/604.1",
    "Accept": "*/*",
}
CURL = {"User-Agent": "curl/8.14.1", "Accept": "*/*"}
SERVICE = {"User-Agent": "python-httpx/0.28.1", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
MODERN = (CHROME, FIREFOX, SAFARI)

Headers = dict[str, str]


def passes(headers: Headers, peer: str = STRANGER) -> bool:
    lines = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    try:
        SAME_ORIGIN.check(Incoming(lines), peer)
    except BadCsrf:
        return False
    return True


@pytest.mark.parametrize("browser", MODERN)
def test_a_modern_browser_says_whose_page_calls(browser: Headers) -> None:
    here = browser | {"Host": HOST, "Origin": f"https://{HOST}"}
    assert passes(here | {"Sec-Fetch-Site": "same-origin"})
    assert passes(browser | {"Host": HOST, "Sec-Fetch-Site": "none"})
    elsewhere = browser | {"Host": HOST, "Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert not passes(elsewhere)
    assert not passes(elsewhere | {"Origin": "https://other.quill.example", "Sec-Fetch-Site": "same-site"})


@pytest.mark.parametrize("browser", MODERN)
def test_a_form_of_another_site_is_refused_and_so_is_one_that_hides_its_origin(browser: Headers) -> None:
    form = browser | {
        "Host": HOST,
        "Content-Type": "text/plain",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
        "Sec-Fetch-User": "?1",
        "Sec-Fetch-Site": "cross-site",
    }
    for origin in ({}, {"Origin": "null"}, {"Origin": f"https://{HOST}"}, {"Origin": "https://evil.example"}):
        assert not passes(form | origin)


@pytest.mark.parametrize("browser", MODERN)
def test_a_frontend_of_a_named_origin_passes_from_wherever_it_is(browser: Headers) -> None:
    for site in ("cross-site", "same-site"):
        assert passes(browser | {"Host": HOST, "Origin": "https://app.example", "Sec-Fetch-Site": site})
        for other in ("https://app.example.evil", "http://app.example", "https://app.example:8443", "https://"):
            assert not passes(browser | {"Host": HOST, "Origin": other, "Sec-Fetch-Site": site})


@pytest.mark.parametrize("site", ["", "Same-Origin", "same-origin,none", "anything"])
def test_a_value_that_no_browser_sends_is_refused(site: str) -> None:
    assert not passes(CHROME | {"Host": HOST, "Origin": f"https://{HOST}", "Sec-Fetch-Site": site})


@pytest.mark.parametrize(
    ("host", "origin", "good"),
    [
        (HOST, f"https://{HOST}", True),
        (HOST, f"http://{HOST}", True),
        (f"{HOST}:443", f"https://{HOST}", True),
        (HOST.upper(), f"https://{HOST}", True),
        ("localhost:8080", "http://localhost:8080", True),
        ("localhost:5173", "http://localhost:5173", True),  # a development server that proxies /api
        ("[::1]:8080", "http://[::1]:8080", True),
        (HOST, "https://app.example", True),
        (HOST, "https://evil.example", False),
        (HOST, f"https://{HOST}.evil.example", False),
        (HOST, f"https://evil.example/{HOST}", False),
        (HOST, f"https://{HOST}:8443", False),
        (f"{HOST}:8443", f"https://{HOST}", False),
        ("localhost:8080", "http://localhost:5173", False),  # a proxy that changes the host: name it in FRONTEND_URL
        (HOST, "null", False),
        (HOST, "", False),
        (HOST, "https://", False),
        (HOST, HOST, False),
        (HOST, f"file://{HOST}", False),
        (HOST, f"chrome-extension://{HOST}", False),
        (HOST, f"https://{HOST} https://evil.example", False),
        ("", "https://", False),
    ],
)
def test_an_old_browser_is_judged_by_its_origin(host: str, origin: str, good: bool) -> None:
    assert passes(OLD_SAFARI | {"Host": host, "Origin": origin}) is good


@pytest.mark.parametrize("client", [CURL, SERVICE, OLD_SAFARI])
def test_what_says_nothing_is_no_browser_on_another_page(client: Headers) -> None:
    assert passes(client | {"Host": HOST})


def test_a_proxy_tells_the_name_that_was_called_if_it_is_trusted() -> None:
    call = OLD_SAFARI | {"Host": "gateway:8080", "Origin": f"https://{HOST}"}
    for forwarded in (HOST, f"{HOST}:443", f"{HOST}, gateway.inner"):
        assert passes(call | {"X-Forwarded-Host": forwarded}, PROXY)
        assert not passes(call | {"X-Forwarded-Host": forwarded}, STRANGER)
    assert not passes(call, PROXY)
    assert not passes(call | {"X-Forwarded-Host": "other.example"}, PROXY)
    modern = CHROME | {"Host": "gateway:8080", "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}
    assert passes(modern, STRANGER)


@pytest.mark.parametrize("name", [b"origin", b"sec-fetch-site"])
def test_two_answers_to_one_question_are_none(name: bytes) -> None:
    good = {b"origin": b"https://app.example", b"sec-fetch-site": b"same-origin"}
    lines = [(b"host", HOST.encode()), *good.items(), (name, good[name])]
    with pytest.raises(BadCsrf):
        SAME_ORIGIN.check(Incoming(lines), STRANGER)


EVIL = CHROME | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method not in SAFE_METHODS], ids=lambda r: f"{r.method} {r.path}"
)
async def test_every_changing_route_refuses_the_page_of_another_site(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person, route: Route
) -> None:
    method, path = route.method, route.path.replace("{", "").replace("}", "")
    cookie = {"Cookie": f"{person.cookie}; refresh_token=r", "X-CSRF-Token": person.csrf}
    refused = await client.request(method, path, headers=EVIL | cookie, data=b"{}")
    assert (refused.status, detail_of(await refused.json())) == (403, "CSRF failed")
    assert not any(service.received for service in services.values())
    own = await client.request(method, path, headers=CHROME | cookie | {"Sec-Fetch-Site": "same-origin"}, data=b"{}")
    assert own.status == 200


async def test_nobody_is_told_so_before_and_reading_is_free(
    client: aiohttp.ClientSession, services: dict[str, FakeService], person: Person
) -> None:
    for path, detail in ((UNIT, "Not authenticated"), ("/api/auth/refresh", "No refresh token")):
        answer = await client.post(path, headers=EVIL, json={})
        assert (answer.status, await answer.json()) == (401, {"detail": detail})
    assert not any(service.received for service in services.values())
    assert (await client.get(UNIT, headers=EVIL | person.headers())).status == 200


async def test_the_configured_frontend_passes_and_still_needs_the_csrf_token(
    start_gateway: StartGateway, person: Person
) -> None:
    url = await start_gateway(frontend_url="https://quill.example:443/app/", cors_origins=["https://app.example"])
    async with aiohttp.ClientSession(base_url=url) as client:
        for origin in ("https://quill.example", "https://app.example"):
            page = CHROME | {"Origin": origin, "Sec-Fetch-Site": "cross-site"}
            assert (await client.post("/api/auth/login", headers=page, json={})).status == 200
            assert (await client.post(UNIT, headers=page | person.headers(csrf=True), json={})).status == 200
            assert (await client.post(UNIT, headers=page | person.headers(), json={})).status == 403
        assert (await client.post("/api/auth/login", headers=EVIL, json={})).status == 403


async def test_a_trusted_proxy_passes_the_name_on(start_gateway: StartGateway) -> None:
    url = await start_gateway(trusted_proxies="127.0.0.0/8")
    page = OLD_SAFARI | {"Origin": f"https://{HOST}"}
    async with aiohttp.ClientSession(base_url=url) as client:
        passed = await client.post("/api/auth/login", headers=page | {"X-Forwarded-Host": HOST}, json={})
        assert passed.status == 200
        refused = await client.post("/api/auth/login", headers=page | {"X-Forwarded-Host": "other"}, json={})
        assert (refused.status, json.loads(await refused.read())) == (403, {"detail": "CSRF failed"})


def test_a_csrf_token_is_asked_of_those_only_who_have_a_session() -> None:
    assert {route.caller for route in ROUTES if route.csrf} == {Caller.SIGNED_IN, Caller.BEARER_TOO}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://quill.example", "https://quill.example"),
        ("https://Quill.example/", "https://quill.example"),
        ("http://localhost:3000/app?x=1", "http://localhost:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://quill.example:80", "http://quill.example"),
    ],
)
def test_a_frontend_is_named_by_its_address(url: str, origin: str, tmp_path: Path) -> None:
    assert GatewaySettings(data_dir=tmp_path, frontend_url=url).frontend_origins == [origin]


@pytest.mark.parametrize("url", ["quill.example", "ftp://quill.example", "https://", "https://me@quill.example", "*"])
def test_what_is_no_address_is_refused_at_start(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTEND_URL", url)
    with pytest.raises(ValidationError, match="FRONTEND_URL"):
        GatewaySettings()


def test_a_blank_frontend_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTEND_URL", " ")
    assert GatewaySettings().frontend_origins == []
