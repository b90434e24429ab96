"""`/api/users/{user_id}/sessions`: sessions of others, for administrators."""

from fastapi import APIRouter, Depends, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read, Write
from quill_common.http.paging import Paging
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_auth.open_sessions.answers import sessions_ended
from quill_auth.open_sessions.listing import list_sessions
from quill_auth.open_sessions.schemas import OpenSessions, SessionsEnded
from quill_auth.open_sessions.service import SESSIONS_NEED_ADMIN, end_of_user, require_readable
from quill_auth.parts import Auth
from quill_auth.session.caller import AdminOnly, Caller

router = APIRouter(
    prefix="/api/users/{user_id}/sessions",
    tags=["users"],
    route_class=WorkRoute,
    dependencies=[Depends(AdminOnly(SESSIONS_NEED_ADMIN))],
)


@router.get("", operation_id="listUserSessions", response_model=OpenSessions, dependencies=[Audited("session.list")])
async def list_of_user(caller: Caller, read: Read, user_id: PathId, page: Paging) -> Response:
    await require_readable(read, caller, user_id)
    return json_answer(await list_sessions(read, user_id, page, caller.session_id))


@router.delete("", operation_id="endUserSessions", response_model=SessionsEnded, dependencies=[Audited("session.end")])
async def end_all(caller: Caller, write: Write, user_id: PathId, auth: Auth) -> Response:
    return sessions_ended(await end_of_user(write, caller, user_id), auth.settings, caller.session_id)


@router.delete(
    "/{session_id}", operation_id="endUserSession", response_model=SessionsEnded, dependencies=[Audited("session.end")]
)
async def end_one(caller: Caller, write: Write, user_id: PathId, session_id: str, auth: Auth, note: Note) -> Response:
    note.target(f"session/{session_id}")
    ended = await end_of_user(write, caller, user_id, session_id)
    return sessions_ended(ended, auth.settings, caller.session_id)
