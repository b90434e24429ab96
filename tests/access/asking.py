"""Ask a route of the table as a kind of caller, and keep what came of it."""

import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from access.requests import request_for
from access.scene import Caller, Scene, Target
from access.table import KINDS, Row


@dataclass(frozen=True)
class Answered:
    """An answer, who asked, and the patient that was asked about."""

    response: httpx.Response
    caller: Caller
    patient_id: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def request_id(self) -> str:
        """As the system has it on record."""
        return self.response.headers["x-request-id"]

    @cached_property
    def content(self) -> Any:
        return self.response.json()


async def ask(scene: Scene, row: Row, kind: str, target: Target) -> Answered:
    """Send a good request to the route of `row`."""
    caller = scene.callers[kind]
    made = await request_for(scene, f"{row.method} {row.path}", caller, target)
    fills = {
        "org_id": scene.organisation,
        "user_id": scene.spare_id,
        "feature_key": "epr",
        "patient_id": target.patient_id,
        "conversation_id": target.conversation_id,
        "composition_uid": target.composition_uid,
        "session_id": str(uuid.uuid4()),
        "version": 1,
        **made.fills,
    }
    caller = made.caller or caller
    scene.http.cookies.clear()
    body = {} if made.json is None else {"json": made.json}
    response = await scene.http.request(row.method, row.target.format(**fills), headers=caller.headers(), **body)
    return Answered(response, caller, str(fills["patient_id"]))


async def answers(scene: Scene, row: Row) -> dict[str, Answered]:
    """What each kind of caller gets about the patient; asked once, however many tests look at it."""
    known: dict[str, Answered] | None = scene.asked.get(str(row))
    if known is None:
        known = scene.asked[str(row)] = {kind: await ask(scene, row, kind, scene.known) for kind in KINDS}
    return known
