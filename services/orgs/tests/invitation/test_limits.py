"""How often one address may accept (contract 1.6)."""

from collections.abc import AsyncIterator

import pytest
from quill_common.testing.kit import ServiceKit, service_kit
from quill_orgs.app import create_app
from quill_orgs.settings import Settings
from quill_orgs.testing.invitations import send

ALLOWED = 5


@pytest.fixture
async def limited(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ServiceKit]:
    """Orgs with its limits on."""
    directory = tmp_path_factory.mktemp("limited")
    # A window of a day: on a slow machine a minute may be over before the sixth request.
    limit = f"{ALLOWED} per 1 day"
    async with service_kit(
        "orgs", create_app, Settings, postgres_url, directory, rate_limits=True, limit_accept_invite=limit
    ) as kit:
        yield kit


def test_it_is_five_a_minute_unless_told_otherwise() -> None:
    assert Settings.model_fields["limit_accept_invite"].default == "5 per 1 minute"


async def test_tries_are_counted_by_address_good_or_bad(limited: ServiceKit) -> None:
    client = limited.anonymous
    bodies = [await send(client, "not a token") for _ in range(ALLOWED - 1)]
    bodies.append(await client.post("/api/accept-invite", json={}))
    assert [answer.status_code for answer in bodies] == [400] * (ALLOWED - 1) + [422]
    refused = await send(client, "not a token")
    text = f"Rate limit exceeded: {ALLOWED} per 1 day"
    assert (refused.status_code, refused.json()) == (429, {"error": text, "detail": text})
    assert int(refused.headers["Retry-After"]) > 0
