"""The first superadmin comes from the settings."""

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError
from quill_auth.account.first_superadmin import ensure_first_superadmin
from quill_auth.parts import AuthParts
from quill_auth.settings import Settings
from quill_auth.testing.people import People
from quill_common.testing.kit import ServiceKit

ADMIN = {"admin_username": "root", "admin_email": "root@example.org", "admin_password": "a quiet Tuesday"}


def auth_with(kit: ServiceKit, **values: Any) -> AuthParts:
    return AuthParts.of(Settings(database_url="postgresql://x/y", **values), kit.keys)


async def test_it_is_created_with_its_event_and_can_sign_in(kit: ServiceKit, people: People) -> None:
    await ensure_first_superadmin(kit.parts.units, auth_with(kit, **ADMIN))
    event = (await kit.published("quill.auth.user.created.v1"))[0]
    assert (event["username"], event["level"], event["roles"]) == ("root", "superadmin", ["System Administrator"])
    response = await people.login("root", "a quiet Tuesday")
    assert response.json()["user"] == {"username": "root", "roles": ["System Administrator"]}


async def test_two_processes_that_start_at_once_make_one(kit: ServiceKit) -> None:
    other = auth_with(kit, **{**ADMIN, "admin_username": "boss", "admin_email": "boss@example.org"})
    await asyncio.gather(
        *(ensure_first_superadmin(kit.parts.units, auth) for auth in (auth_with(kit, **ADMIN), other) * 2)
    )
    assert len(await kit.read("SELECT id FROM users")) == 1
    assert len(await kit.published()) == 1


async def test_nothing_is_made_where_there_is_one_or_nothing_is_configured(kit: ServiceKit, people: People) -> None:
    await ensure_first_superadmin(kit.parts.units, auth_with(kit))
    assert await kit.read("SELECT id FROM users") == []
    await people.account("superadmin")
    await ensure_first_superadmin(kit.parts.units, auth_with(kit, **ADMIN))
    assert len(await kit.read("SELECT id FROM users")) == 1


async def test_a_taken_name_does_not_stop_the_service(kit: ServiceKit, people: People) -> None:
    await people.account("patient", username="root")
    await ensure_first_superadmin(kit.parts.units, auth_with(kit, **ADMIN))
    assert await kit.read("SELECT system_permissions FROM users") == [{"system_permissions": "patient"}]


@pytest.mark.parametrize(
    "values", [{"admin_username": "root"}, {**ADMIN, "admin_password": "short"}, {**ADMIN, "admin_email": " "}]
)
def test_half_a_configuration_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(database_url="postgresql://x/y", **values)
