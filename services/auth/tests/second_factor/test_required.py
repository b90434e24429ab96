"""Levels that must have a second factor."""

from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import ValidationError
from quill_auth.settings import Settings
from quill_auth.testing.people import People, Visitor, cookies_of
from quill_auth.testing.second_factors import Device, Factors, secret_of
from quill_common.testing.kit import ServiceKit
from quill_gateway.routes import ROUTES, Caller

REFUSED = (
    403,
    {"detail": {"message": "Two-factor must be set up first", "error_code": "two_factor_setup_required"}},
)
SERVED = {
    ("GET", "/api/auth/me"),
    ("POST", "/api/auth/totp/setup"),
    ("POST", "/api/auth/totp/verify"),
    ("POST", "/api/auth/logout"),
}
WITHOUT_SESSION = {(route.method, route.path) for route in ROUTES if route.caller is not Caller.SIGNED_IN}


def public_routes(kit: ServiceKit) -> list[tuple[str, str]]:
    routes = [route for route in kit.app.routes if isinstance(route, APIRoute) and route.path.startswith("/api/")]
    return [(method, route.path) for route in routes for method in sorted((route.methods or set()) - {"HEAD"})]


async def test_such_a_token_opens_what_setting_up_takes_and_nothing_else(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    with factors.required_of("superadmin"):
        visitor = await people.visitor("superadmin")
    routes = public_routes(kit)
    assert set(routes) >= SERVED
    for method, path in set(routes) - SERVED - WITHOUT_SESSION:
        filled = path.replace("{user_id}", "1").replace("{patient_id}", "p-1").replace("{session_id}", "x")
        response = await visitor.client.request(method, filled, json={})
        assert (response.status_code, response.json()) == REFUSED, f"{method} {path}"
    me = await visitor.client.get("/api/auth/me")
    assert (me.status_code, me.json()["totp_enabled"]) == (200, False)
    assert (await visitor.client.post("/api/auth/logout")).status_code == 200
    assert (await visitor.client.get("/api/auth/me")).status_code == 401


async def test_once_verified_the_session_goes_on_with_all_rights(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    with factors.required_of("staff"):
        visitor = await people.visitor("staff", roles=("Clinician",))
        device = Device(visitor, secret_of(await visitor.client.post("/api/auth/totp/setup")), factors)
        response = await visitor.client.post("/api/auth/totp/verify", json={"code": device.code()})
        assert response.status_code == 200, response.text
        cookies = cookies_of(response)
        assert set(cookies) == {"access_token", "XSRF-TOKEN"}
        assert {cookie["max-age"] for cookie in cookies.values()} == {"900"}
        before = await kit.parts.tokens.access(visitor.access)
        claims = await kit.parts.tokens.access(cookies["access_token"].value)
        assert (before.only_sets_up_second_factor, claims.only_sets_up_second_factor) == (True, False)
        assert (claims.session_id, claims.user_id, claims.roles) == (before.session_id, visitor.id, ("Clinician",))
        assert claims.competencies == before.competencies
        assert (await kit.parts.tokens.csrf(cookies["XSRF-TOKEN"].value)).session_id == claims.session_id
        free = kit.client(cookies["access_token"].value)
        assert (await free.get("/api/cbac/my-competencies")).status_code == 200
        # The refresh token was left alone and is good; the old access token stays what it was.
        assert (await people.refresh(visitor.refresh)).status_code == 200
        assert (await visitor.client.get("/api/cbac/my-competencies")).status_code == 403
        factors.next_step()
        again = await factors.login(visitor.username, device.code())
        assert not (await claims_of(kit, again)).only_sets_up_second_factor


async def claims_of(kit: ServiceKit, response: Any) -> Any:
    return await kit.parts.tokens.access(cookies_of(response)["access_token"].value)


async def test_other_levels_are_not_concerned(kit: ServiceKit, people: People, factors: Factors) -> None:
    with factors.required_of("admin", "superadmin"):
        for level in ("patient", "staff", "external_hcp"):
            visitor = await people.visitor(level)
            assert not (await kit.parts.tokens.access(visitor.access)).only_sets_up_second_factor


async def renewed(kit: ServiceKit, people: People, visitor: Visitor) -> bool:
    """Whether the renewed token is limited."""
    limited: bool = (await claims_of(kit, await people.refresh(visitor.refresh))).only_sets_up_second_factor
    return limited


async def test_renewal_decides_anew(kit: ServiceKit, people: People, factors: Factors) -> None:
    visitor = await people.visitor("staff")
    with factors.required_of("staff"):
        # A session that began before the requirement goes on as it is until its next token.
        assert (await visitor.client.get("/api/cbac/my-competencies")).status_code == 200
        assert await renewed(kit, people, visitor)
    assert not await renewed(kit, people, visitor)


async def test_who_is_raised_into_such_a_level_is_asked_with_the_next_token(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    with factors.required_of("admin"):
        visitor, admin = await people.visitor("staff"), await factors.enabled("superadmin")
        raised = await admin.visitor.client.patch(f"/api/users/{visitor.id}", json={"system_permissions": "admin"})
        assert raised.status_code == 200
        assert await renewed(kit, people, visitor)


async def test_who_switches_it_off_is_asked_with_the_next_token(
    kit: ServiceKit, people: People, factors: Factors
) -> None:
    device = await factors.enabled("staff")
    with factors.required_of("staff"):
        assert not await renewed(kit, people, device.visitor)
        assert (await device.visitor.client.post("/api/auth/totp/disable")).status_code == 200
        assert await renewed(kit, people, device.visitor)


def settings(**values: Any) -> Settings:
    return Settings(database_url="postgresql://x", **values)


@pytest.mark.parametrize(
    ("given", "levels"),
    [
        ("", set()),
        ("admin", {"admin"}),
        (" staff, admin ,superadmin,", {"staff", "admin", "superadmin"}),
        ('["admin", "external_hcp"]', {"admin", "external_hcp"}),
        (["patient"], {"patient"}),
    ],
)
def test_levels_are_a_list(given: Any, levels: set[str]) -> None:
    assert settings(second_factor_levels=given).second_factor_levels == levels


def test_by_default_nobody_must() -> None:
    assert settings().second_factor_levels == frozenset()


@pytest.mark.parametrize("given", ["boss", "admin staff", '["admin", 1]', "[", '[["admin"]]', 5])
def test_a_wrong_list_is_refused_at_start(given: Any) -> None:
    with pytest.raises(ValidationError):
        settings(second_factor_levels=given)


@pytest.mark.parametrize("issuer", ["", " ", "a:b", "a\nb", "x" * 65])
def test_an_issuer_that_apps_cannot_read_is_refused(issuer: str) -> None:
    with pytest.raises(ValidationError):
        settings(totp_issuer=issuer)
