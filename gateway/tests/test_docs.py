import re

import aiohttp
import pytest


@pytest.mark.parametrize("path", ["/api/docs", "/api/redoc"])
async def test_a_page_and_all_it_loads_come_from_the_gateway(client: aiohttp.ClientSession, path: str) -> None:
    answer = await client.get(path)
    page = await answer.text()
    assert (answer.status, answer.content_type) == (200, "text/html")
    (policy,) = answer.headers.getall("Content-Security-Policy")
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy  # what may run is what the gateway serves, as `default-src` says
    loaded = re.findall(r'(?:src|href|spec-url)="([^"]+)"', page)
    assert len(loaded) >= 3
    for link in loaded:
        assert link.startswith("/api/")
        asset = await client.get(link)
        assert (asset.status, asset.headers["Cache-Control"]) == (200, "no-store")
        assert len(await asset.read()) > 100
    assert "<script>" not in page
    assert not re.search(r"\son[a-z]+=", page)


async def test_only_the_files_of_the_pages_are_served(client: aiohttp.ClientSession) -> None:
    for name in ("core.py", "..", "%2e%2e", "..%2f__init__.py", "", "swagger-ui.css/x", "favicon.ico"):
        assert (await client.get(f"/api/docs/assets/{name}")).status == 404
