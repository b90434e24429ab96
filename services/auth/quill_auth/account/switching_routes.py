"""`POST /api/users/{user_id}/deactivate` and `/activate`."""

from collections.abc import Sequence

from fastapi import APIRouter, Depends, Response
from quill_common.audit.declared import Audited
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_auth.account.rules import SWITCHING_NEEDS_ADMIN
from quill_auth.account.schemas import UserSwitched
from quill_auth.account.switching import set_active_as
from quill_auth.session.caller import AdminOnly, Caller
from quill_auth.session.ending import name_revoked

router = APIRouter(
    prefix="/api/users/{user_id}",
    tags=["users"],
    route_class=WorkRoute,
    dependencies=[Depends(AdminOnly(SWITCHING_NEEDS_ADMIN))],
)


@router.post(
    "/deactivate",
    operation_id="deactivateUser",
    response_model=UserSwitched,
    dependencies=[Audited("user.deactivate")],
)
async def deactivate(caller: Caller, write: Write, user_id: PathId) -> Response:
    """Also ends the account's sessions."""
    return switched(user_id, False, await set_active_as(write, caller, user_id, False))


@router.post(
    "/activate", operation_id="activateUser", response_model=UserSwitched, dependencies=[Audited("user.activate")]
)
async def activate(caller: Caller, write: Write, user_id: PathId) -> Response:
    """No session of before comes back."""
    return switched(user_id, True, await set_active_as(write, caller, user_id, True))


def switched(user_id: int, is_active: bool, revoked: Sequence[str]) -> Response:
    """How the account stands; the gateway hears which sessions ended."""
    detail = "activated" if is_active else "deactivated"
    response = json_answer({"detail": detail, "id": user_id, "is_active": is_active})
    name_revoked(response, revoked)
    return response
