"""Fields that a body does not have are refused, or change nothing: the same rows come of it as without them."""

from typing import Any

import pytest
from attack.bodies import BODIES
from attack.effect import effect, rows
from contract.compare import operations
from contract.documents import service_document
from quill_common.topology import SERVICES
from quill_gateway.openapi import merge
from system.ward import Ward, account, organisation, patient

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

IGNORED = {"updatePatient": {"patient_id"}}
"""Fields that a body names only to say that they are ignored."""

Schema = dict[str, Any]


def _bodies() -> dict[str, Schema]:
    """The schema of every JSON body of the merged document, by operation."""
    merged = merge({service: service_document(service) for service in SERVICES})
    found = {}
    for name, (_, _, operation) in operations(merged).items():
        if "requestBody" in operation:
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            while "$ref" in schema:
                schema = merged["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
            found[name] = schema
    return found


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    return _bodies()


@pytest.fixture(scope="module")
async def planted(place: Ward) -> dict[str, Any]:
    """Columns of Quill's tables and parts of its documents, with values that they could really have."""
    victim, _ = await account(place.admin)
    patient_id, elsewhere = await patient(place.admin), await organisation(place.admin)
    return {
        "id": victim,
        "user_id": victim,
        "sender_id": victim,
        "enabled_by": victim,
        "organisation_id": elsewhere,
        "is_primary": False,
        "is_active": False,
        "is_totp_enabled": True,
        "totp_secret": "JBSWY3DPEHPK3PXP",
        "password_hash": "$argon2id$v=19$m=8,t=1,p=1$cGxhbnRlZHBsYW50ZWQ$cGxhbnRlZA",
        "system_permissions": "superadmin",
        "level": "superadmin",
        "roles": ["System Administrator"],
        "competencies": ["prescribe_controlled_schedule_2"],
        "additional_competencies": ["prescribe_controlled_schedule_2"],
        "professional_registrations": {"registration_type": "GMC", "registration_number": "7654321"},
        "fhir_patient_id": patient_id,
        "patient_id": patient_id,
        "created_at": "1999-01-01T00:00:00Z",
        "updated_at": "1999-01-01T00:00:00Z",
        "ended_at": "1999-01-01T00:00:00Z",
        "status": "closed",
        "generation": 7,
        "resourceType": "Practitioner",
        "meta": {"versionId": "99"},
        "extension": [{"url": "urn:planted", "valueString": "planted"}],
        "composition_uid": "99999999-0000-4000-8000-000000000000::quill::9",
        "__proto__": {"is_admin": True},
    }


def test_every_body_is_attacked(schemas: dict[str, Schema]) -> None:
    assert BODIES.keys() == schemas.keys()


@pytest.mark.parametrize("name", BODIES)
async def test_more_fields_do_no_more(
    place: Ward, planted: dict[str, Any], schemas: dict[str, Schema], name: str
) -> None:
    schema = schemas[name]
    named = schema["properties"].keys() - IGNORED.get(name, set())
    more = {field: value for field, value in planted.items() if field not in named}
    others = schema.get("additionalProperties")
    if others is False:
        await _refuses_each(place, name, more)
        return
    if isinstance(others, dict):
        assert others["type"] == "string"
        more = {field: value for field, value in more.items() if isinstance(value, str)}
    plain = await _effect_of(place, name, {}, planted)
    assert plain
    assert await _effect_of(place, name, more, planted) == plain


async def _effect_of(place: Ward, name: str, more: dict[str, Any], planted: dict[str, Any]) -> list[str]:
    request = await BODIES[name](place)
    before = await rows(place.system)
    answer = await request.sender.call(request.method, request.path, {**request.body, **more})
    assert answer.is_success, answer.text
    assert "x-quill-pending" not in answer.headers
    after = await rows(place.system)
    return effect(before, after, _patterns(planted))


def _patterns(planted: dict[str, Any]) -> list[str]:
    """How the planted ids would show among other ids, all of which are masked."""
    return [
        planted["patient_id"],
        planted["composition_uid"],
        "1999-01-01T00:00:00",
        r"\$argon2id\$v=19\$m=8",
        rf'"(user_id|sender_id|enabled_by)": {planted["user_id"]}\b',
        rf'"organisation_id": {planted["organisation_id"]}\b',
    ]


async def _refuses_each(place: Ward, name: str, more: dict[str, Any]) -> None:
    """Each field alone is a 422 that names it and changes nothing; without it the request is good."""
    request = await BODIES[name](place)
    before = await rows(place.system)
    for field, value in more.items():
        refused = await request.sender.call(request.method, request.path, {**request.body, field: value})
        assert refused.status_code == 422, field
        assert [(fault["type"], fault["loc"]) for fault in refused.json()["detail"]] == [
            ("extra_forbidden", ["body", field])
        ]
    assert effect(before, await rows(place.system), ()) == []
    assert (await request.sender.call(request.method, request.path, request.body)).status_code == 200
