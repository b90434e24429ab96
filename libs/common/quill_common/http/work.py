"""The work of one request: its connection, its transaction, its caller; committed before the answer leaves.

A route declares `Read` or `Write` and `Caller`; `WorkRoute` opens what is needed at first use, commits after the
answer was made and before it is sent, and only then asks the dependants to catch up.
"""

from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, cast

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from quill_common.access.principal import Principal
from quill_common.audit.declared import declared_action
from quill_common.audit.trail import Trail
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.idempotency import AlreadyAnswered, Idempotency
from quill_common.http.json_body import JsonRequest
from quill_common.log import request_id

if TYPE_CHECKING:
    from quill_common.service import Parts

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Work:
    """What one request has opened."""

    def __init__(self, request: Request, action: str | None = None) -> None:
        self.request = request
        self.parts = cast("Parts", request.app.state.parts)
        self.principal: Principal | None = None
        self.calling_service: str | None = None
        self.trail = Trail(self, action)
        self.idempotency: Idempotency | None = None
        self._stack = AsyncExitStack()
        self._reader: Reader | None = None
        self._unit: UnitOfWork | None = None

    async def reader(self) -> Reader:
        """A reader; in a writing request it is the transaction itself, so that one connection is enough."""
        if self.request.method not in _READING:
            return await self.writer()
        if self._reader is None:
            self._reader = await self._stack.enter_async_context(self.parts.database.reader())
        return self._reader

    async def writer(self) -> UnitOfWork:
        if self._unit is None:
            opened = self.parts.units.open(request_id=request_id(), who=self.trail.who)
            self._unit = await self._stack.enter_async_context(opened)
        return self._unit

    async def finish(self, response: Response) -> None:
        """Commit if the answer is good, else undo; then have the change in force everywhere, or say where not."""
        if response.status_code >= 400:
            await self.undo(_Refused())
            await self.trail.refused(response.status_code)
        elif self._unit is None:
            await self._stack.aclose()
            await self.trail.succeeded()
        else:
            await self._commit(self._unit, response)
            if self._unit.awaited:
                await self.be_in_force(response)

    async def _commit(self, unit: UnitOfWork, response: Response) -> None:
        try:
            if self.idempotency is not None:
                await self.idempotency.remember(unit, response)
            await self.trail.succeeded_within(unit)
            await self._stack.aclose()
        except BaseException as problem:
            await self.undo(problem)  # what fails before the commit would keep its connection and its locks
            await self.trail.failed(problem)
            raise

    async def be_in_force(self, response: Response) -> None:
        """Have what was committed in force everywhere, or say in the answer where it is not."""
        named = response.headers.get("X-Quill-Pending", "").split(",")  # by a service that was asked on the way
        pending = {*named, *await self.parts.dependants.confirm()} - {""}
        if pending:
            response.headers["X-Quill-Pending"] = ",".join(sorted(pending))

    async def undo(self, problem: BaseException) -> None:
        """Close what was opened, rolling back."""
        try:
            await self._stack.__aexit__(type(problem), problem, problem.__traceback__)
        except BaseException as raised:
            if raised is not problem:
                raise


class _Refused(Exception):
    """Tells the open transaction to roll back."""


def work_of(request: Request) -> Work:
    """The work of the current request."""
    return cast(Work, request.state.work)


class WorkRoute(APIRoute):
    """A route whose answer leaves after its commit, and after what must be on record is."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        action = declared_action(self.dependencies)

        async def handle_with_work(incoming: Request) -> Response:
            request = JsonRequest(incoming.scope, incoming.receive)
            work = request.state.work = Work(request, action)
            try:
                response = await handle(request)
            except AlreadyAnswered as first:
                await work.undo(first)
                await work.trail.repeated()
                await work.be_in_force(first.response)  # the first answer may have left before it was
                return first.response
            except RequestValidationError as problem:
                await work.undo(problem)
                await work.trail.failed(problem)
                raise request.malformed or problem from None
            except BaseException as problem:
                await work.undo(problem)
                await work.trail.failed(problem)
                raise
            await work.finish(response)
            return response

        return handle_with_work
