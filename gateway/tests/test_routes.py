"""The routing table against the contract's index (section 2.6), copied here as it stands there."""

import re
from pathlib import Path

from quill_gateway.routes import BEYOND_CONTRACT, CONTRACT, ROUTES

DOCUMENTED = Path(__file__).parents[2] / "docs" / "api-beyond-the-contract.md"

# method, path, service, caller, CSRF, clinical; `GET /api/health` is the gateway's own
INDEX = """
POST /api/auth/login auth signing_in - -
POST /api/auth/register auth anyone - -
POST /api/auth/forgot-password auth anyone - -
POST /api/auth/reset-password auth anyone - -
POST /api/auth/change-password auth signed_in yes -
POST /api/auth/refresh auth refresh_cookie - -
POST /api/auth/logout auth signed_in - -
GET /api/auth/me auth signed_in - -
POST /api/auth/totp/setup auth signed_in yes -
POST /api/auth/totp/verify auth signed_in yes -
POST /api/auth/totp/disable auth signed_in yes -
GET /api/users auth signed_in - -
POST /api/users auth signed_in yes -
GET /api/users/{user_id} auth signed_in - -
PATCH /api/users/{user_id} auth signed_in yes -
PATCH /api/users/{user_id}/link-patient auth signed_in yes -
GET /api/cbac/my-competencies auth signed_in - -
PATCH /api/cbac/my-competencies auth signed_in yes -
GET /api/auth/organizations orgs anyone - -
GET /api/organizations orgs signed_in - -
POST /api/organizations orgs signed_in yes -
GET /api/organizations/{org_id} orgs signed_in - -
PUT /api/organizations/{org_id} orgs signed_in yes -
POST /api/organizations/{org_id}/staff orgs signed_in yes -
DELETE /api/organizations/{org_id}/staff/{user_id} orgs signed_in yes -
POST /api/organizations/{org_id}/patients orgs signed_in yes yes
DELETE /api/organizations/{org_id}/patients/{patient_id} orgs signed_in yes -
GET /api/organizations/{org_id}/features orgs signed_in - -
PUT /api/organizations/{org_id}/features/{feature_key} orgs signed_in yes -
GET /api/patients/{patient_id}/shared-organisations orgs signed_in - yes
POST /api/patients/{patient_id}/invite-external orgs signed_in yes yes
POST /api/accept-invite orgs anyone - -
GET /api/patients/{patient_id}/external-access orgs signed_in - yes
DELETE /api/patients/{patient_id}/external-access/{user_id} orgs signed_in yes yes
GET /api/patients patients signed_in - yes
POST /api/patients patients signed_in yes yes
POST /api/patients/verify patients signed_in yes yes
GET /api/patients/{patient_id} patients signed_in - yes
PATCH /api/patients/{patient_id} patients signed_in yes yes
GET /api/patients/{patient_id}/demographics patients signed_in - yes
PUT /api/patients/{patient_id}/demographics patients signed_in yes yes
GET /api/patients/{patient_id}/metadata patients signed_in - yes
POST /api/patients/{patient_id}/deactivate patients signed_in yes yes
POST /api/patients/{patient_id}/activate patients signed_in yes yes
POST /api/prescriptions/controlled patients signed_in yes -
POST /api/patients/{patient_id}/letters letters signed_in yes yes
GET /api/patients/{patient_id}/letters letters signed_in - yes
GET /api/patients/{patient_id}/letters/{composition_uid} letters signed_in - yes
POST /api/conversations messaging signed_in yes yes
GET /api/conversations messaging signed_in - yes
GET /api/patients/{patient_id}/conversations messaging signed_in - yes
GET /api/conversations/{conversation_id} messaging signed_in - yes
POST /api/conversations/{conversation_id}/messages messaging signed_in yes yes
POST /api/conversations/{conversation_id}/participants messaging signed_in yes yes
GET /api/conversations/{conversation_id}/participants messaging signed_in - yes
POST /api/conversations/{conversation_id}/join messaging signed_in yes yes
POST /api/conversations/{conversation_id}/read messaging signed_in yes yes
PATCH /api/conversations/{conversation_id} messaging signed_in yes yes
POST /api/push/subscribe messaging signed_in - -
POST /api/push/send-test messaging signed_in yes -
"""


def test_the_table_is_the_contracts_index() -> None:
    expected = {tuple(line.split()) for line in INDEX.strip().splitlines()}
    table = {
        (
            route.method,
            route.path,
            route.service,
            route.caller.name.lower(),
            "yes" if route.csrf else "-",
            "yes" if route.clinical else "-",
        )
        for route in CONTRACT
    }
    assert len(CONTRACT) == len(table) == 60
    assert table == expected


def test_what_goes_beyond_the_contract_takes_nothing_of_its_place() -> None:
    places = [(route.method, re.sub(r"{[^}]*}", "{}", route.path)) for route in CONTRACT + BEYOND_CONTRACT]
    assert len(places) == len(set(places))
    assert ROUTES == CONTRACT + BEYOND_CONTRACT


def test_every_change_beyond_the_contract_asks_for_the_csrf_token() -> None:
    for route in BEYOND_CONTRACT:
        assert route.csrf == (route.method != "GET"), route.path


def test_everything_beyond_the_contract_is_documented() -> None:
    page = DOCUMENTED.read_text()
    missing = [
        f"{route.method} {route.path}" for route in BEYOND_CONTRACT if f"`{route.method} {route.path}`" not in page
    ]
    assert missing == []


def test_no_route_leads_inside() -> None:
    for route in ROUTES:
        assert route.path.startswith("/api/")
        assert not {"internal", "metrics", "health"} & set(route.path.split("/"))
