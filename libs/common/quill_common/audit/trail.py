"""What one request leaves on record."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException

from quill_common.audit.entry import AuditEntry, Outcome, Who
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.address import client_address
from quill_common.http.errors import QuillError
from quill_common.identity.claims import AccessClaims
from quill_common.log import request_id

if TYPE_CHECKING:
    from quill_common.http.work import Work

REFUSALS = frozenset({403, 404, 410})
"""Statuses that tell of an attempt, as errors do that are `an_attempt`. With any other failure nothing was read,
written or denied by right."""

_USER_ID = re.compile(r"[1-9][0-9]{0,17}")


class Trail:
    """The request's own entry, when its route is `Audited`, and those that are recorded however it ends.

    A handler reaches it as `Note` to say what only it knows.
    """

    def __init__(self, work: "Work", action: str | None) -> None:
        self._work = work
        self._action = action
        self._always: list[tuple[str, Outcome, dict[str, Any]]] = []
        self._patient_id: str | None = work.request.path_params.get("patient_id")
        self._patient_ids: list[str] | None = None
        self._stranger = Who()
        self._subject = _user_in(work.request.path_params)
        self._target: str | None = None
        self._details: dict[str, Any] = {}

    def about(self, patient_id: str) -> None:
        """Name the patient; the path parameter `patient_id` is taken by itself."""
        self._patient_id = patient_id

    def about_all(self, patient_ids: Iterable[str]) -> None:
        """Name all patients of whom the answer tells, as a list does."""
        self._patient_ids = sorted({*(self._patient_ids or ()), *patient_ids})

    def subject(self, user_id: int) -> None:
        """Name the account that is acted upon; the path parameter `user_id` is taken by itself."""
        self._subject = user_id

    def target(self, target: str) -> None:
        """Name what else is read or changed, as `"letter/<uid>"`."""
        self._target = target

    def asked_by(self, claims: AccessClaims) -> None:
        """Name who is turned away with a good token before the account is looked at."""
        self._stranger = Who(actor_id=claims.user_id, session_id=claims.session_id)

    def add(self, **details: Any) -> None:
        """Add small facts: levels, statuses; nothing clinical, no names, no mail addresses."""
        self._details.update(details)

    def as_action(self, action: str) -> None:
        """Record another action than the route declares, when only the handler knows which it is."""
        self._action = action

    def nothing_shown(self) -> None:
        """Leave no record of a good answer that tells of nobody: a list that could not be made."""
        self._action = None

    def always(self, action: str, outcome: Outcome, **more: Any) -> None:
        """Record this too, however the request ends. `more` are fields of AuditEntry."""
        self._always.append((action, outcome, more))

    def who(self) -> Who:
        """Who asks, as far as that is known by now."""
        principal = self._work.principal
        return Who(
            actor_id=principal.id if principal else self._stranger.actor_id,
            actor_service=self._work.calling_service,
            session_id=principal.session_id if principal else self._stranger.session_id,
            address=client_address(self._work.request),
        )

    async def succeeded_within(self, unit: UnitOfWork) -> None:
        """Record with the transaction. What it has itself recorded of the route's action says more than we could."""
        if any(entry.action == self._action for entry in unit.recorded):
            self._action = None
        if unit.is_found_done:
            self._details["unchanged"] = True
        for entry in self._entries("success"):
            await unit.record(entry)

    async def succeeded(self) -> None:
        """Record a good answer that has no transaction. Raises AuditUnavailable."""
        await self._record("success")

    async def refused(self, status: int, *, an_attempt: bool = False) -> None:
        """Record, after everything was undone, what must be. Raises AuditUnavailable."""
        if an_attempt or status in REFUSALS:
            self._details["status"] = status
            await self._record("refused")
        else:
            self._action = None
            await self._record("failed")

    async def failed(self, problem: BaseException) -> None:
        """The same for an exception; a cancelled request has nobody to answer to."""
        if isinstance(problem, QuillError):
            await self.refused(problem.status, an_attempt=problem.an_attempt)
        elif isinstance(problem, HTTPException):
            await self.refused(problem.status_code)
        elif isinstance(problem, Exception):
            await self.refused(500)

    async def repeated(self) -> None:
        """Record the repeat of a request that was answered before. Raises AuditUnavailable."""
        self._details["repeated"] = True
        await self._record("success")

    async def _record(self, outcome: Outcome) -> None:
        for entry in self._entries(outcome):
            await self._work.parts.audit.record(entry)

    def _entries(self, outcome: Outcome) -> list[AuditEntry]:
        entries = [replace(self._entry(action, of_it), **more) for action, of_it, more in self._always]
        if self._action is not None:
            own = self._entry(
                self._action,
                outcome,
                patient_ids=self._patient_ids,
                subject_user_id=self._subject,
                target=self._target,
                details=self._details or None,
            )
            entries.append(own)
        return entries

    def _entry(self, action: str, outcome: Outcome, **more: Any) -> AuditEntry:
        entry = AuditEntry(action, outcome, patient_id=self._patient_id, request_id=request_id(), **more)
        return entry.by(self.who())


def _user_in(path: dict[str, Any]) -> int | None:
    """The account in the path, as the client wrote it: access is not decided yet, nor is it known to exist."""
    text = path.get("user_id")
    return int(text) if isinstance(text, str) and _USER_ID.fullmatch(text) else None
