"""Cross-origin access (contract 1.9): none, unless origins are named."""

import aiohttp
import pytest
from pydantic import ValidationError
from quill_gateway.settings import GatewaySettings
from quill_gateway.testing.doubles import Person
from quill_gateway.testing.running import StartGateway

UNIT = "/api/organizations"
APP = "https://app.example"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrf-token"}


def cors(answer: aiohttp.ClientResponse) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}


async def test_without_configured_origins_there_is_none(client: aiohttp.ClientSession, person: Person) -> None:
    for headers in ({"Origin": APP}, person.headers() | {"Origin": APP}):
        answer = await client.get(UNIT, headers=headers)
        assert cors(answer) == {}
        assert "Vary" not in answer.headers
    answer = await client.options(UNIT, headers={"Origin": APP} | PREFLIGHT)
    assert (answer.status, cors(answer)) == (405, {})


async def test_a_named_origin_may_ask_with_credentials(start_gateway: StartGateway, person: Person) -> None:
    url = await start_gateway(cors_origins=[APP])
    async with aiohttp.ClientSession(base_url=url) as client:
        answer = await client.options(UNIT, headers={"Origin": APP} | PREFLIGHT)
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] == APP
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, PUT, PATCH, DELETE"
        assert "X-CSRF-Token" in answer.headers["Access-Control-Allow-Headers"]
        for headers, status in ((person.headers(), 200), ({}, 401)):
            answer = await client.get(UNIT, headers=headers | {"Origin": APP})
            assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, APP)
            assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://app.example.evil", "http://app.example"])
async def test_another_origin_gets_nothing(start_gateway: StartGateway, person: Person, origin: str) -> None:
    url = await start_gateway(cors_origins=[APP])
    async with aiohttp.ClientSession(base_url=url) as client:
        answer = await client.options(UNIT, headers={"Origin": origin} | PREFLIGHT)
        assert (answer.status, cors(answer)) == (405, {})
        answer = await client.get(UNIT, headers=person.headers() | {"Origin": origin})
        assert (cors(answer), answer.headers["Vary"]) == ({}, "Origin")


@pytest.mark.parametrize(
    "value", ['["*"]', "*", "https://*.example", "app.example", "https://app.example/", "[1]", "[oops"]
)
def test_what_is_no_single_origin_is_refused_at_start(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", value)
    with pytest.raises(ValidationError, match="CORS_ORIGINS"):
        GatewaySettings()


@pytest.mark.parametrize(
    "value", ['["https://a.example", "http://localhost:3000"]', "https://a.example, http://localhost:3000"]
)
def test_origins_are_given_as_json_or_separated_by_commas(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CORS_ORIGINS", value)
    assert GatewaySettings().cors_origins == ["https://a.example", "http://localhost:3000"]
