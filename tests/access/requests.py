"""A good request for each route, on something of its own where the request changes or ends it.

Routes that are not named here need no body and leave everything as it is.
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from access.scene import Caller, Scene, Target, begin_conversation, registration
from system.ward import PASSWORD, good, grant, invite, organisation, patient


@dataclass
class Ask:
    """What is sent: `fills` replace the usual parts of the path, `caller` replaces who sends it."""

    json: Any = None
    fills: dict[str, Any] = field(default_factory=dict)
    caller: Caller | None = None


Make = Callable[[Scene, Caller, Target], Awaitable[Ask]]


def _body(body: Any) -> Make:
    async def make(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
        return Ask(body)

    return make


async def _sign_in(scene: Scene, caller: Caller, _target: Target) -> Ask:
    """Takes the place of the session it is sent with."""
    return Ask({"username": scene.spare_name, "password": PASSWORD}, caller=await scene.fresh(caller.kind))


async def _register(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask(registration())


async def _own_session(scene: Scene, caller: Caller, _target: Target) -> Ask:
    return Ask(caller=await scene.fresh(caller.kind))


async def _own_sessions(scene: Scene, caller: Caller, _target: Target) -> Ask:
    """Others of the account end too: nobody else may have it."""
    return Ask(caller=await scene.double(caller.kind))


async def _one_own_session(scene: Scene, caller: Caller, _target: Target) -> Ask:
    fresh = await scene.fresh(caller.kind)
    return Ask(fills={"session_id": fresh.session_id} if fresh.cookies else {}, caller=fresh)


async def _session_of_another(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask(fills={"session_id": (await scene.signed_in(scene.spare_name)).session_id})


async def _new_user(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
    name = f"n{secrets.token_hex(6)}"
    return Ask({"name": name, "email": f"{name}@example.org", "password": PASSWORD})


async def _rename(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"name": f"Spare {secrets.token_hex(3)}"})


async def _link(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"fhir_patient_id": await patient(scene.admin)})


async def _add_staff(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"user_id": scene.spare_id}, {"org_id": await organisation(scene.admin)})


async def _remove_staff(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    number = await organisation(scene.admin)
    await good(await scene.admin.call("POST", f"/api/organizations/{number}/staff", {"user_id": scene.spare_id}))
    return Ask(fills={"org_id": number})


async def _add_patient(scene: Scene, _caller: Caller, target: Target) -> Ask:
    return Ask({"patient_id": target.patient_id}, {"org_id": await organisation(scene.admin)})


async def _remove_patient(scene: Scene, _caller: Caller, target: Target) -> Ask:
    number = await organisation(scene.admin)
    body = {"patient_id": scene.known.patient_id}
    await good(await scene.admin.call("POST", f"/api/organizations/{number}/patients", body))
    return Ask(fills={"org_id": number, "patient_id": target.patient_id})


async def _accept(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    name = f"x{secrets.token_hex(6)}"
    token = await invite(scene.admin, scene.known.patient_id, f"{name}@example.org")
    return Ask({"token": token, "username": name, "password": PASSWORD})


async def _revoke(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    await grant(scene.admin, scene.known.patient_id, scene.spare_name)
    return Ask()


async def _on_own_patient(scene: Scene, _caller: Caller, target: Target) -> Ask:
    """A patient whose listing may change."""
    known = target == scene.known
    return Ask(fills={"patient_id": await patient(scene.admin) if known else target.patient_id})


async def _begin(_scene: Scene, _caller: Caller, target: Target) -> Ask:
    return Ask({"patient_id": target.patient_id, "initial_message": "May I ask something?"})


async def _join(scene: Scene, _caller: Caller, target: Target) -> Ask:
    known = target == scene.known
    return Ask(fills={"conversation_id": await begin_conversation(scene) if known else target.conversation_id})


async def _add_participant(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"user_id": scene.callers["clin"].id})


async def _prescribe(_scene: Scene, _caller: Caller, target: Target) -> Ask:
    body = {"patient_id": target.patient_id, "medication": "Morphine sulfate", "dose": "10 mg", "duration_days": 7}
    return Ask(body)


async def _mail_me(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"email": f"{scene.spare_name}@example.org"})


async def _subscribe(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
    endpoint = f"https://push.example.org/{secrets.token_hex(6)}"
    return Ask({"endpoint": endpoint, "keys": {"p256dh": "BAAA", "auth": "AAAA"}})


async def _new_organisation(_scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask({"name": f"Ward {secrets.token_hex(4)}", "type": "department"})


async def _switch_account(scene: Scene, _caller: Caller, _target: Target) -> Ask:
    return Ask(fills={"user_id": scene.switched_id})


_PATIENT = "/api/patients/{patient_id}"
_THREAD = "/api/conversations/{conversation_id}"
_ORGANISATION = "/api/organizations/{org_id}"

REQUESTS: dict[str, Make] = {
    "POST /api/auth/login": _sign_in,
    "POST /api/auth/register": _register,
    "POST /api/auth/refresh": _own_session,
    "POST /api/auth/logout": _own_session,
    "POST /api/users": _new_user,
    "PATCH /api/users/{user_id}": _rename,
    "PATCH /api/users/{user_id}/link-patient": _link,
    "PATCH /api/cbac/my-competencies": _body({}),
    "POST /api/organizations": _new_organisation,
    f"PUT {_ORGANISATION}": _body({"location": "East wing"}),
    f"POST {_ORGANISATION}/staff": _add_staff,
    f"DELETE {_ORGANISATION}/staff/{{user_id}}": _remove_staff,
    f"POST {_ORGANISATION}/patients": _add_patient,
    f"DELETE {_ORGANISATION}/patients/{{patient_id}}": _remove_patient,
    f"PUT {_ORGANISATION}/features/{{feature_key}}": _body({"enabled": True}),
    f"POST {_PATIENT}/invite-external": _body({"email": "gp@example.org", "user_type": "external_hcp"}),
    "POST /api/accept-invite": _accept,
    f"DELETE {_PATIENT}/external-access/{{user_id}}": _revoke,
    "POST /api/patients": _body({"given_name": "New", "family_name": "Patient"}),
    f"PATCH {_PATIENT}": _body({"gender": "female"}),
    f"PUT {_PATIENT}/demographics": _body({"contact": {"phone": "0113 496 0000"}}),
    f"POST {_PATIENT}/deactivate": _on_own_patient,
    f"POST {_PATIENT}/activate": _on_own_patient,
    "POST /api/prescriptions/controlled": _prescribe,
    f"POST {_PATIENT}/letters": _body({"title": "Clinic", "body": "# Clinic"}),
    "POST /api/conversations": _begin,
    f"PATCH {_THREAD}": _body({"status": "active"}),
    f"POST {_THREAD}/messages": _body({"body": "The dose was 5 mg."}),
    f"POST {_THREAD}/participants": _add_participant,
    f"POST {_THREAD}/join": _join,
    "DELETE /api/auth/sessions": _own_sessions,
    "DELETE /api/auth/sessions/{session_id}": _one_own_session,
    "DELETE /api/users/{user_id}/sessions/{session_id}": _session_of_another,
    "POST /api/users/{user_id}/deactivate": _switch_account,
    "POST /api/users/{user_id}/activate": _switch_account,
    "POST /api/auth/totp/verify": _body({"code": "000000"}),
    "POST /api/auth/totp/recovery-codes": _body({"code": "000000"}),
    # of routes that are not built yet
    "POST /api/auth/forgot-password": _mail_me,
    "POST /api/auth/reset-password": _body({"token": "not a token", "new_password": PASSWORD}),
    "POST /api/auth/change-password": _body({"current_password": "not the password", "new_password": PASSWORD}),
    "POST /api/push/subscribe": _subscribe,
}


async def request_for(scene: Scene, route: str, caller: Caller, target: Target) -> Ask:
    """What `caller` sends to a route, given as method and path template."""
    make = REQUESTS.get(route)
    return await make(scene, caller, target) if make else Ask()
