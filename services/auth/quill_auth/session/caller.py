"""Who is calling, as auth alone can tell: the account and, in the same statement, whether the session lives."""

from typing import Annotated, Any

from fastapi import Depends, Request
from quill_common.access.principal import Principal, principal_from
from quill_common.database.session import Reader
from quill_common.http.callers import claims_of, claims_while_setting_up, require_admin
from quill_common.http.errors import Unauthenticated, Unavailable
from quill_common.http.work import work_of
from quill_common.topology import Service
from sqlalchemy import Row, Select

from quill_auth.session.errors import InactiveUser
from quill_auth.session.repository import CALLER


async def row_of_caller(
    request: Request, statement: Select[Any] = CALLER, *, setting_up: bool = False, reader: Reader | None = None
) -> Row[Any]:
    """The caller's row of `CALLER`, or of a statement that adds columns to it. 401 as the contract says.

    `setting_up` lets those pass who must set up a second factor before anything else. `reader` is used instead of the
    request's own, which in a request that writes is its transaction.
    """
    claims = await (claims_while_setting_up(request) if setting_up else claims_of(request))
    reader = reader or await work_of(request).reader()
    row = await reader.row(statement, {"user_id": claims.user_id, "session_id": claims.session_id})
    if row is None or not row.is_active:
        raise InactiveUser
    if not row.session_lives:
        raise Unauthenticated("Invalid token")
    work_of(request).principal = principal_from(row, claims.session_id)
    return row


async def _signed_in(request: Request) -> Principal:
    return await _principal(request, setting_up=False)


async def _setting_up(request: Request) -> Principal:
    return await _principal(request, setting_up=True)


async def _principal(request: Request, *, setting_up: bool) -> Principal:
    work = work_of(request)
    if work.principal is None:
        await row_of_caller(request, setting_up=setting_up)
    assert work.principal is not None  # noqa: S101 - set or raised above
    return work.principal


Caller = Annotated[Principal, Depends(_signed_in)]
CallerSettingUp = Annotated[Principal, Depends(_setting_up)]
"""Also who must set up a second factor before anything else: for the few routes that this takes."""


async def caller_ahead(request: Request) -> None:
    """Look the caller up without the request's transaction, which so is not open while a password is hashed."""
    async with work_of(request).parts.database.reader() as reader:
        await row_of_caller(request, reader=reader)


class AdminOnly:
    """A dependency that refuses callers below `admin` with `detail`, before the body is looked at."""

    def __init__(self, detail: str = "Requires admin or superadmin permissions") -> None:
        self._detail = detail

    async def __call__(self, caller: Caller) -> None:
        require_admin(caller, self._detail)


def require_current(request: Request, *sources: Service) -> None:
    """Refuse with 503 while this process has not yet caught up with one of `sources` since its start or a nap."""
    if not work_of(request).parts.consumer.is_current(*sources):
        raise Unavailable
