"""The data that the budgets speak of: 20 organisations, 1,000 patients and 200 conversations in one of them."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from quill_operator.bench.load import CONNECTIONS
from quill_operator.visitor import Visitor

PATIENTS = 1000
CONVERSATIONS = 200
MESSAGES = 10
AT_ONCE = 16

T = TypeVar("T")


@dataclass(frozen=True)
class Scene:
    """What the measured requests name."""

    username: str
    password: str
    admin_username: str
    admin_password: str
    patient_id: str
    conversation_id: int


async def is_limited(url: str) -> bool:
    """Whether the system counts sign-ins, which would measure its refusals: bad ones are counted and cost nothing."""
    async with Visitor(url) as visitor:
        answers = [await visitor.call("POST", "/api/auth/login", {}) for _ in range(CONNECTIONS)]
    return any(answer.status_code == 429 for answer in answers)


async def prepare(url: str, admin_username: str, admin_password: str) -> Scene:
    """Make the data through the public API."""
    async with Visitor(url) as admin, Visitor(url) as clinician:
        await _good(admin.sign_in(admin_username, admin_password))
        organisation = await _organisations(admin)
        username, password = await new_clinician(admin, organisation)
        await _good(clinician.sign_in(username, password))

        async def patient(number: int) -> str:
            body = {"given_name": "Bench", "family_name": f"Patient{number:05}"}
            created: str = (await _good(clinician.call("POST", "/api/patients", body)))["id"]
            return created

        async def conversation(patient_id: str) -> int:
            started = await _good(
                clinician.call("POST", "/api/conversations", {"patient_id": patient_id, "initial_message": "One"})
            )
            number: int = started["id"]
            for message in range(MESSAGES - 1):
                path = f"/api/conversations/{number}/messages"
                await _good(clinician.call("POST", path, {"body": f"Message {message}"}))
            return number

        patients = await _all(patient, range(PATIENTS))
        conversations = await _all(conversation, patients[:CONVERSATIONS])
    return Scene(username, password, admin_username, admin_password, patients[0], conversations[-1])


async def _organisations(admin: Visitor) -> int:
    first = 0
    listed = (await _good(admin.call("GET", "/api/organizations")))["organizations"]
    for _ in range(max(1, 20 - len(listed))):
        body = {"name": f"Bench {secrets.token_hex(3)}", "type": "hospital_team"}
        first = (await _good(admin.call("POST", "/api/organizations", body)))["id"]
    return first


async def new_clinician(admin: Visitor, organisation: int) -> tuple[str, str]:
    """An account on the staff of `organisation`; its username and password."""
    username, password = f"bench.{secrets.token_hex(4)}", secrets.token_urlsafe(16)
    body = {
        "name": "Bench Clinician",
        "username": username,
        "email": f"{username}@example.org",
        "password": password,
        "base_profession": "consultant",
        "system_permissions": "staff",
    }
    created = await _good(admin.call("POST", "/api/users", body))
    await _good(admin.call("POST", f"/api/organizations/{organisation}/staff", {"user_id": created["id"]}))
    return username, password


async def _good(asking: Awaitable[Any]) -> Any:
    response = await asking
    response.raise_for_status()
    return response.json()


async def _all(work: Callable[[Any], Awaitable[T]], items: Iterable[Any]) -> list[T]:
    """Do `work` for every item, a few at once."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(item: Any) -> T:
        async with turn:
            return await work(item)

    return await asyncio.gather(*(one(item) for item in items))
