"""What one person sees of one patient, asked of each service that decides it by itself."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx
from quill_operator.visitor import Visitor

View = Callable[[], Awaitable[bool]]


class NoAnswer(AssertionError):
    """Neither what somebody sees who may, nor the refusal: a fault, or a list that is not sure of itself."""


@dataclass(frozen=True)
class Sight:
    """The views of `person`; each is true when all is shown, false when it is refused as the contract says."""

    person: Visitor
    patient_id: str
    conversation: int
    organisation: int

    async def record(self) -> bool:
        return _allowed(await self.person.call("GET", f"/api/patients/{self.patient_id}"))

    async def letters(self) -> bool:
        return _allowed(await self.person.call("GET", f"/api/patients/{self.patient_id}/letters"))

    async def picker(self) -> bool:
        return _allowed(await self.person.call("GET", f"/api/users?patient_id={self.patient_id}"))

    async def listed(self) -> bool:
        answer = _good(await self.person.call("GET", "/api/patients"))
        if answer.json()["fhir_ready"] is not True:
            raise NoAnswer(answer.text)
        return self.patient_id in {patient["id"] for patient in answer.json()["patients"]}

    async def threads(self) -> bool:
        answer = _good(await self.person.call("GET", f"/api/patients/{self.patient_id}/conversations"))
        return self._has_conversation(answer)

    async def inbox(self) -> bool:
        return self._has_conversation(_good(await self.person.call("GET", "/api/conversations")))

    async def shared(self) -> bool:
        answer = _good(await self.person.call("GET", f"/api/patients/{self.patient_id}/shared-organisations"))
        return self.organisation in {one["id"] for one in answer.json()["organisations"]}

    async def features(self) -> bool:
        return bool(_good(await self.person.call("GET", "/api/auth/me")).json()["enabled_features"])

    def _has_conversation(self, answer: httpx.Response) -> bool:
        return self.conversation in {one["id"] for one in answer.json()["conversations"]}


def _allowed(answer: httpx.Response) -> bool:
    if answer.status_code == 403:
        return False
    return _good(answer).status_code == 200


def _good(answer: httpx.Response) -> httpx.Response:
    if answer.status_code != 200:
        raise NoAnswer(f"{answer.request.url.path} answered {answer.status_code}: {answer.text}")
    return answer
