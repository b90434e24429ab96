"""Rate limits as somebody outside meets them: through the gateway, whatever they say about their address."""

import httpx
import pytest
from system.running import ADMIN, RunningSystem

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(300)]


async def test_made_up_addresses_do_not_evade_the_limit_of_sign_ins(limited: RunningSystem) -> None:
    async with httpx.AsyncClient(base_url=limited.url, trust_env=False) as client:

        async def guess(number: int) -> httpx.Response:
            made_up = {"X-Forwarded-For": f"198.51.100.{number}", "Forwarded": f"for=198.51.100.{number}"}
            body = {"username": f"somebody {number}", "password": "guess"}
            return await client.post("/api/auth/login", json=body, headers=made_up)

        answers = [await guess(number) for number in range(8)]
        assert [answer.status_code for answer in answers] == [400] * 5 + [429] * 3
        text = "Rate limit exceeded: 5 per 1 minute"
        assert answers[-1].json() == {"error": text, "detail": text}
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        right = await client.post("/api/auth/login", json={"username": ADMIN[0], "password": ADMIN[1]})
        assert right.status_code == 429
