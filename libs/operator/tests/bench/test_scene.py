"""A system that counts sign-ins is not measured."""

import httpx
import pytest
from quill_operator.bench import scene
from quill_operator.visitor import Visitor


@pytest.mark.parametrize(("allowed", "limited"), [(5, True), (1000, False)])
async def test_a_system_with_rate_limits_is_known(monkeypatch: pytest.MonkeyPatch, allowed: int, limited: bool) -> None:
    asked = 0

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(422 if asked <= allowed else 429, json={"detail": "x"})

    def visitor(url: str) -> Visitor:
        made = Visitor(url)
        made.http = httpx.AsyncClient(base_url=url, transport=httpx.MockTransport(answer))
        return made

    monkeypatch.setattr(scene, "Visitor", visitor)
    assert await scene.is_limited("http://quill") is limited
