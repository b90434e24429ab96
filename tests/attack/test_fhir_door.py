"""The FHIR door takes an access token by a second way: it is good there alone, and only while its session lives."""

import secrets

import jwt
import pytest
from attack.browser import Session, cookie, send, session, until_refused
from attack.test_tokens import _forged
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.testing.refusals import detail_of
from system.ward import PASSWORD, Ward, account, good, invite

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

PATIENTS = "/api/fhir/R4/Patient"
BODY = {"resourceType": "Patient", "name": [{"family": "Marsh"}]}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
async def mine(place: Ward) -> Session:
    _, name = await account(place.admin, "admin", "patient")
    return await session(place.system.url, name, PASSWORD)


async def test_no_other_token_is_a_bearer(place: Ward, mine: Session) -> None:
    assert (await send(place.system.url, "GET", PATIENTS, _bearer(mine.access))).status_code == 200
    for name, token in (await _forged(place, mine)).items():
        for beside in ({}, mine.headers()):
            answer = await send(place.system.url, "GET", PATIENTS, {**beside, **_bearer(token)})
            assert (answer.status_code, detail_of(answer.json())) == (401, "Invalid token"), name


async def test_the_tokens_of_services_and_invitations_are_no_bearers(place: Ward) -> None:
    """Signed by Quill, all of them, and for something else."""
    key = place.system.directory / "data" / "keys" / "services"
    tokens = [await invite(place.admin, place.patient_id, "gp@example.org")]
    for name in ("gateway", "operator", "patients"):
        services = ServiceTokens(name, key / f"{name}.pem")
        tokens += [services.token(audience) for audience in ("gateway", "patients", "auth")]
    for token in tokens:
        for url in (place.system.url, place.system.processes()["patients"]["url"]):
            for path in (PATIENTS, f"{PATIENTS}/{place.patient_id}", f"{PATIENTS}/{place.patient_id}/$everything"):
                answer = await send(url, "GET", path, _bearer(token))
                assert (answer.status_code, detail_of(answer.json())) == (401, "Invalid token")


async def test_a_bearer_is_who_it_is_whatever_cookies_come_along(place: Ward, mine: Session) -> None:
    """The cookies of an admin lend nothing to the token of somebody without access."""
    _, name = await account(place.admin, "external_hcp")
    small = await session(place.system.url, name, PASSWORD)
    both = {**mine.headers(), **_bearer(small.access)}
    one = f"{PATIENTS}/{place.patient_id}"
    for method, path, body in (("GET", one, None), ("PUT", one, BODY), ("DELETE", one, None), ("POST", PATIENTS, BODY)):
        answer = await send(place.system.url, method, path, both, body)
        assert answer.status_code == 403, (method, path)
    assert (await send(place.system.url, "GET", PATIENTS, both)).json().get("entry", []) == []


async def test_the_bearer_of_an_ended_session_is_refused_everywhere(place: Ward, second_gateway: str) -> None:
    _, name = await account(place.admin, "admin", "patient")
    held = await session(place.system.url, name, PASSWORD)
    for url in (place.system.url, second_gateway):
        assert (await send(url, "GET", PATIENTS, _bearer(held.access))).status_code == 200
    await good(await send(second_gateway, "POST", "/api/auth/logout", held.headers()))
    assert (await send(second_gateway, "GET", PATIENTS, _bearer(held.access))).status_code == 401
    assert await until_refused(place.system.url, _bearer(held.access), PATIENTS) < 60


async def test_a_bearer_is_nobody_elsewhere(place: Ward, mine: Session) -> None:
    for path in ("/api/patients", "/api/auth/me", "/api/audit", "/api/fhir/R4x/Patient", "/api/fhir/R4/../../patients"):
        answer = await send(place.system.url, "GET", path, _bearer(mine.access))
        assert answer.status_code in {401, 404}, path


async def test_a_page_cannot_ride_on_the_cookie(place: Ward, mine: Session) -> None:
    """Neither by leaving the token out nor by an Authorization that is no bearer."""
    only_cookie = cookie(access_token=mine.access)
    for headers, status in (({}, 403), ({"Authorization": "Basic eDp5"}, 401), ({"Authorization": ""}, 401)):
        answer = await send(place.system.url, "POST", PATIENTS, {**only_cookie, **headers}, BODY)
        assert answer.status_code == status


async def test_an_account_below_staff_gets_no_further_with_a_bearer(place: Ward) -> None:
    _, name = await account(place.admin, "patient", "patient")
    small = await session(place.system.url, name, PASSWORD)
    answer = await send(place.system.url, "POST", PATIENTS, _bearer(small.access), BODY)
    assert (answer.status_code, detail_of(answer.json())) == (403, "Forbidden: Staff access required")
    assert (
        await send(place.system.url, "GET", f"{PATIENTS}/{place.patient_id}", _bearer(small.access))
    ).status_code == 403


async def test_a_body_sets_nothing_that_is_the_stores(place: Ward, mine: Session) -> None:
    planted = {
        **BODY,
        "id": f"planted-{secrets.token_hex(4)}",
        "meta": {"versionId": "99", "lastUpdated": "1999-01-01T00:00:00Z"},
        "extension": [{"url": "urn:quillmedical:avatar-gradient", "valueInteger": 999}],
    }
    created = (await send(place.system.url, "POST", PATIENTS, _bearer(mine.access), planted)).json()
    assert created["id"] != planted["id"]
    assert created["meta"]["versionId"] == "1"
    assert not created["meta"]["lastUpdated"].startswith("1999")
    assert created["extension"][0]["valueInteger"] < 30
    for member in ("is_active", "organisation_id", "family_key", "__proto__"):
        refused = await send(place.system.url, "POST", PATIENTS, _bearer(mine.access), {**BODY, member: 1})
        assert refused.status_code == 400, member


async def test_told_headers_are_not_believed(place: Ward, mine: Session) -> None:
    lie = {"X-Quill-Called-As": "https://evil.example", "X-Forwarded-Host": "evil.example"}
    answer = await send(place.system.url, "GET", f"{PATIENTS}?_count=1", {**_bearer(mine.access), **lie})
    assert answer.status_code == 200
    assert "evil" not in answer.text
    claims = jwt.decode(mine.access, options={"verify_signature": False})
    assert claims["sub"] not in answer.headers.values()
