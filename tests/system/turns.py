"""Facts that decide what somebody sees, given and taken away by turns."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import httpx
from quill_operator.visitor import Visitor
from system.running import RunningSystem
from system.sight import Sight, View
from system.ward import PASSWORD, account, good, organisation, patient

Change = Callable[[bool], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Turn:
    """A fact about one person: `change` makes it so or not, `views` are those that it decides. It is so at first."""

    change: Change
    views: tuple[View, ...]


@dataclass(frozen=True)
class Place:
    """An organisation of its own with a patient, about whom there is a conversation."""

    system: RunningSystem
    admin: Visitor
    organisation: int
    patient_id: str

    async def person(self, level: str) -> tuple[int, Visitor]:
        """A new account; its id, and its browser with a session of its own."""
        user_id, name = await account(self.admin, level, "consultant" if level == "staff" else "patient")
        return user_id, await self.system.visitor(name, PASSWORD)

    async def sight(self, person: Visitor, *, takes_part: bool = False) -> Sight:
        """What `person` sees, with a conversation that the admin has begun."""
        body = {
            "patient_id": self.patient_id,
            "initial_message": "How are you?",
            "include_patient_as_participant": takes_part,
        }
        begun = await good(await self.admin.call("POST", "/api/conversations", body))
        return Sight(person, self.patient_id, begun["id"], self.organisation)

    async def colleague(self) -> tuple[int, Sight]:
        """Somebody of level staff in the organisation, which is their primary one."""
        user_id, person = await self.person("staff")
        await good(await self.admin.call("POST", self._staff, {"user_id": user_id}))
        return user_id, await self.sight(person)

    @property
    def _staff(self) -> str:
        return f"/api/organizations/{self.organisation}/staff"

    @property
    def _members(self) -> str:
        return f"/api/organizations/{self.organisation}/patients"

    async def staff(self) -> Turn:
        user_id, sees = await self.colleague()
        await good(await self.admin.call("PUT", f"/api/organizations/{self.organisation}/features/epr", ON))

        def change(given: bool) -> Awaitable[httpx.Response]:
            return self._join(given, self._staff, {"user_id": user_id})

        views = (sees.record, sees.listed, sees.letters, sees.threads, sees.inbox, sees.picker, sees.shared)
        return Turn(change, (*views, sees.features))

    async def patient(self) -> Turn:
        _, sees = await self.colleague()

        def change(given: bool) -> Awaitable[httpx.Response]:
            return self._join(given, self._members, {"patient_id": self.patient_id})

        return Turn(change, (sees.record, sees.listed, sees.letters, sees.threads, sees.picker, sees.shared))

    def _join(self, given: bool, members: str, who: dict[str, Any]) -> Awaitable[httpx.Response]:
        if given:
            return self.admin.call("POST", members, who)
        [name] = who.values()
        return self.admin.call("DELETE", f"{members}/{name}")

    async def level(self) -> Turn:
        user_id, sees = await self.colleague()

        def change(given: bool) -> Awaitable[httpx.Response]:
            body = {"system_permissions": "staff" if given else "patient"}
            return self.admin.call("PATCH", f"/api/users/{user_id}", body)

        views = (sees.record, sees.listed, sees.letters, sees.threads, sees.inbox, sees.picker, sees.shared)
        return Turn(change, views)

    async def link(self) -> Turn:
        """There is no unlinking: who is not linked to this patient is linked to another."""
        user_id, person = await self.person("patient")
        other = await patient(self.admin, self.organisation)

        def change(given: bool) -> Awaitable[httpx.Response]:
            body = {"fhir_patient_id": self.patient_id if given else other}
            return self.admin.call("PATCH", f"/api/users/{user_id}/link-patient", body)

        await good(await change(True))
        sees = await self.sight(person, takes_part=True)
        return Turn(change, (sees.record, sees.listed, sees.letters, sees.threads, sees.inbox, sees.picker))

    async def grant(self) -> Turn:
        """An invitation that is accepted, and the grant revoked."""
        user_id, person = await self.person("external_hcp")
        address = (await good(await self.admin.call("GET", f"/api/users/{user_id}")))["email"]
        record = f"/api/patients/{self.patient_id}"
        guest = self.system.stranger()

        async def change(given: bool) -> httpx.Response:
            if not given:
                return await self.admin.call("DELETE", f"{record}/external-access/{user_id}")
            body = {"email": address, "user_type": "external_hcp"}
            invited = await good(await self.admin.call("POST", f"{record}/invite-external", body))
            return await guest.call("POST", "/api/accept-invite", {"token": invited["token"]})

        await good(await change(True))
        sees = await self.sight(person)
        return Turn(change, (sees.record, sees.listed, sees.letters, sees.threads, sees.inbox, sees.picker))

    async def feature(self) -> Turn:
        _, sees = await self.colleague()

        def change(given: bool) -> Awaitable[httpx.Response]:
            path = f"/api/organizations/{self.organisation}/features/epr"
            return self.admin.call("PUT", path, {"enabled": given})

        await good(await change(True))
        return Turn(change, (sees.features,))


ON = {"enabled": True}

KINDS: dict[str, Callable[[Place], Awaitable[Turn]]] = {
    "staff": Place.staff,
    "patient": Place.patient,
    "level": Place.level,
    "link": Place.link,
    # "grant": Place.grant,
    "feature": Place.feature,
}


async def place(system: RunningSystem, admin: Visitor) -> Place:
    """A fresh one."""
    number = await organisation(admin)
    return Place(system, admin, number, await patient(admin, number))
