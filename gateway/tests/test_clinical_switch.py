"""The deployment without clinical services (contract 1.7)."""

import aiohttp
from quill_common.testing.refusals import detail_of
from quill_gateway.routes import ROUTES, Route
from quill_gateway.testing.doubles import FakeAuth, FakeService
from quill_gateway.testing.running import StartGateway

OFF = "Clinical services are not available in this deployment"


async def test_exactly_the_clinical_routes_are_switched_off(
    start_gateway: StartGateway, services: dict[str, FakeService], auth: FakeAuth
) -> None:
    person = auth.sign_in()
    headers = person.headers(csrf=True)
    headers["Cookie"] += "; refresh_token=x"
    url = await start_gateway(clinical_services_enabled=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        for route in ROUTES:
            async with client.request(route.method, _path(route), headers=headers) as answer:
                content = await answer.json()
                if route.clinical:
                    assert (answer.status, detail_of(content)) == (503, OFF), route
                else:
                    assert (answer.status, content) == (200, {"from": route.service}), route


async def test_even_then_nobody_is_told_more_than_who_they_are(start_gateway: StartGateway) -> None:
    url = await start_gateway(clinical_services_enabled=False)
    async with aiohttp.ClientSession(base_url=url) as client:
        assert (await client.get("/api/patients")).status == 401


async def test_otherwise_every_route_leads_to_its_service(
    client: aiohttp.ClientSession, services: dict[str, FakeService], auth: FakeAuth
) -> None:
    headers = auth.sign_in().headers(csrf=True)
    headers["Cookie"] += "; refresh_token=x"
    for route in ROUTES:
        answer = await client.request(route.method, _path(route), headers=headers)
        assert (answer.status, await answer.json()) == (200, {"from": route.service}), route
        seen = services[route.service].last
        assert (seen.method, seen.target) == (route.method, _path(route))


def _path(route: Route) -> str:
    return "/".join("x1" if part.startswith("{") else part for part in route.path.split("/"))
