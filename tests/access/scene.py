"""One patient, and one of every kind of caller around that patient."""

import secrets
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import httpx
import jwt
from quill_common.identity.service_tokens import ServiceTokens
from quill_operator.visitor import CSRF_COOKIE, Visitor
from system.running import RunningSystem
from system.ward import PASSWORD, account, good, grant, organisation

SUBJECT = "Results of the second biopsy"
UNSIGNED = ("anon", "off", "ended")
LEVELS = {
    "own": "patient",
    "other": "patient",
    "member": "patient",
    "grant": "external_hcp",
    "outside": "external_hcp",
    "admin": "admin",
    "super": "superadmin",
    "nocsrf": "superadmin",
    "setup": "patient_advocate",
}
"""The others are staff. The system under test asks of `patient_advocate` that it has a second factor."""


@dataclass(frozen=True)
class Caller:
    """Somebody's cookies. `sends_csrf` is false for one who leaves the header out; `id` is 0 for nobody."""

    kind: str
    cookies: dict[str, str]
    username: str = ""
    id: int = 0
    sends_csrf: bool = True

    @property
    def session_id(self) -> str:
        claims: dict[str, str] = jwt.decode(self.cookies["access_token"], options={"verify_signature": False})
        return claims["sid"]

    def headers(self) -> dict[str, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if self.sends_csrf and CSRF_COOKIE in self.cookies:
            headers["X-CSRF-Token"] = self.cookies[CSRF_COOKIE]
        return headers if self.cookies else {}


@dataclass(frozen=True)
class Target:
    """What a request is about: the patient of the scene, or one that does not exist."""

    patient_id: str
    conversation_id: int
    composition_uid: str


@dataclass
class Scene:
    """The patient, the ward, and the callers by kind."""

    system: RunningSystem
    admin: Visitor
    http: httpx.AsyncClient
    organisation: int
    organisation_name: str
    far_organisation: int
    family_name: str
    known: Target
    spare_id: int
    spare_name: str
    switched_id: int
    callers: dict[str, Caller] = field(default_factory=dict)
    asked: dict[str, Any] = field(default_factory=dict)

    @property
    def unknown(self) -> Target:
        """Ids of the right form that nothing has."""
        return Target(str(uuid.uuid4()), 2**40 + secrets.randbelow(2**20), f"{uuid.uuid4()}::quill::1")

    @property
    def telling(self) -> list[str]:
        """What an answer shows of the patient, if it shows anything."""
        return [self.known.patient_id, self.family_name, SUBJECT, self.organisation_name]

    async def fresh(self, kind: str) -> Caller:
        """The same kind of caller in a session of its own; those who cannot sign in keep what they have."""
        caller = self.callers[kind]
        if kind in UNSIGNED:
            return caller
        return replace(caller, cookies=(await self.signed_in(caller.username)).cookies)

    async def signed_in(self, username: str) -> Caller:
        """Somebody by name in a session of its own."""
        return Caller("", await _cookies(self.system, username), username)

    async def double(self, kind: str) -> Caller:
        """The same kind of caller as an account of its own; those who cannot sign in keep what they have."""
        caller = self.callers[kind]
        if kind in UNSIGNED:
            return caller
        user_id, name = await account(self.admin, LEVELS.get(kind, "staff"), "patient")
        return replace(caller, cookies=await _cookies(self.system, name), username=name, id=user_id)


async def scene(system: RunningSystem) -> Scene:
    """Set everything up through the public API."""
    admin = await system.visitor()
    ours, far = await organisation(admin), await organisation(admin)
    listed = await good(await admin.call("GET", f"/api/organizations/{ours}"))
    family_name = f"Ravenscroft{secrets.token_hex(3)}"
    patient_id = await _patient(admin, family_name, ours)
    spare_id, spare_name = await account(admin, "staff")
    switched_id, _ = await account(admin, "staff")
    http = httpx.AsyncClient(base_url=system.url, timeout=60, trust_env=False)
    target = Target(patient_id, 0, "")
    made = Scene(system, admin, http, ours, listed["name"], far, family_name, target, spare_id, spare_name, switched_id)
    await _people(made)
    await _write_about(made)
    return made


async def _people(scene: Scene) -> None:
    """Each kind of caller, in a session."""
    admin, ours = scene.admin, scene.organisation
    other_patient = await _patient(admin, "Underwood", ours)
    people = {
        "own": await account(admin, LEVELS["own"], "patient"),
        "other": await account(admin, LEVELS["other"], "patient"),
        "member": await _registered(scene),
        "grant": await account(admin, LEVELS["grant"], "consultant"),
        "outside": await account(admin, LEVELS["outside"], "consultant"),
        "staff": await account(admin, "staff", "healthcare_assistant"),
        "clin": await account(admin),
        "far": await account(admin),
        "admin": await account(admin, LEVELS["admin"], "patient"),
        "super": await account(admin, LEVELS["super"], "patient"),
        "setup": await account(admin, LEVELS["setup"], "patient"),
        "off": await account(admin),
    }
    await _link(admin, people["own"][0], scene.known.patient_id)
    await _link(admin, people["other"][0], other_patient)
    for kind, number in (("staff", ours), ("clin", ours), ("off", ours), ("far", scene.far_organisation)):
        await good(await admin.call("POST", f"/api/organizations/{number}/staff", {"user_id": people[kind][0]}))
    await grant(admin, scene.known.patient_id, people["grant"][1])
    for kind, (user_id, name) in people.items():
        scene.callers[kind] = Caller(kind, await _cookies(scene.system, name), name, user_id)
    await deactivate(scene.system, people["off"][0])
    supervisor = scene.callers["super"]
    scene.callers |= {
        "anon": Caller("anon", {}),
        "ended": Caller("ended", await _ended(scene), *people["clin"][::-1]),
        "nocsrf": Caller("nocsrf", supervisor.cookies, supervisor.username, supervisor.id, sends_csrf=False),
    }


async def _write_about(scene: Scene) -> None:
    """The clinician writes a letter and begins a conversation with the patient."""
    clinician = await scene.system.visitor(scene.callers["clin"].username, PASSWORD)
    patient_id = scene.known.patient_id
    letter = {"title": SUBJECT, "body": "# Results"}
    written = await good(await clinician.call("POST", f"/api/patients/{patient_id}/letters", letter))
    scene.known = Target(patient_id, await begin_conversation(scene, clinician), written["composition_uid"])


async def begin_conversation(scene: Scene, clinician: Visitor | None = None) -> int:
    """A new conversation between the clinician and the patient; its id."""
    clinician = clinician or await scene.system.visitor(scene.callers["clin"].username, PASSWORD)
    body = {
        "patient_id": scene.known.patient_id,
        "subject": SUBJECT,
        "initial_message": "The result has come.",
        "include_patient_as_participant": True,
    }
    number: int = (await good(await clinician.call("POST", "/api/conversations", body)))["id"]
    return number


async def deactivate(system: RunningSystem, user_id: int) -> None:
    """Switch an account off as an operator does, and wait until every service knows."""
    url = system.processes()["auth"]["url"]
    key = system.directory / "data" / "keys" / "services" / "operator.pem"
    async with httpx.AsyncClient(base_url=url, trust_env=False) as operator:
        headers = ServiceTokens("operator", key).headers("auth")
        await good(await operator.post(f"/internal/users/{user_id}/deactivate", headers=headers))


async def _cookies(system: RunningSystem, username: str) -> dict[str, str]:
    """The cookies of a new session."""
    async with Visitor(system.url) as visitor:
        await good(await visitor.sign_in(username, PASSWORD))
        return dict(visitor.http.cookies)


async def _ended(scene: Scene) -> dict[str, str]:
    """The cookies of a session that the clinician has left."""
    async with Visitor(scene.system.url) as visitor:
        await good(await visitor.sign_in(scene.callers["clin"].username, PASSWORD))
        cookies = dict(visitor.http.cookies)
        await good(await visitor.call("POST", "/api/auth/logout"))
    return cookies


async def _registered(scene: Scene) -> tuple[int, str]:
    """Somebody who registered into the organisation."""
    async with Visitor(scene.system.url) as visitor:
        await good(await visitor.call("POST", "/api/auth/register", registration(scene.organisation)))
    name = (await scene.system.query("SELECT id, username FROM auth.users ORDER BY id DESC LIMIT 1"))[0]
    return name["id"], name["username"]


def registration(organisation_id: int | None = None) -> dict[str, Any]:
    """The body of a registration under a new name."""
    name = f"r{secrets.token_hex(6)}"
    body = {"username": name, "email": f"{name}@example.org", "password": PASSWORD}
    return body if organisation_id is None else {**body, "organisation_id": organisation_id}


async def _patient(admin: Visitor, family_name: str, organisation_id: int) -> str:
    nhs_number = f"9{secrets.randbelow(10**9):09}"
    body = {"given_name": "Winifred", "family_name": family_name, "nhs_number": nhs_number}
    patient_id: str = (await good(await admin.call("POST", "/api/patients", body)))["id"]
    members = f"/api/organizations/{organisation_id}/patients"
    await good(await admin.call("POST", members, {"patient_id": patient_id}))
    return patient_id


async def _link(admin: Visitor, user_id: int, patient_id: str) -> None:
    await good(await admin.call("PATCH", f"/api/users/{user_id}/link-patient", {"fhir_patient_id": patient_id}))
