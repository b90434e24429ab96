"""`/api/auth/sessions`: the caller's own sessions."""

from fastapi import APIRouter, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read, Write
from quill_common.http.paging import Paging
from quill_common.http.work import WorkRoute

from quill_auth.open_sessions.answers import sessions_ended
from quill_auth.open_sessions.listing import list_sessions
from quill_auth.open_sessions.schemas import OpenSessions, SessionsEnded
from quill_auth.open_sessions.service import end_others, end_own
from quill_auth.parts import Auth
from quill_auth.session.caller import Caller

router = APIRouter(prefix="/api/auth/sessions", tags=["session"], route_class=WorkRoute)


@router.get("", operation_id="listOwnSessions", response_model=OpenSessions)
async def list_own(caller: Caller, read: Read, page: Paging) -> Response:
    return json_answer(await list_sessions(read, caller.id, page, caller.session_id))


@router.delete("", operation_id="endOtherSessions", response_model=SessionsEnded, dependencies=[Audited("session.end")])
async def end_all_others(caller: Caller, write: Write, auth: Auth, note: Note) -> Response:
    """The session that asks goes on."""
    note.subject(caller.id)
    return sessions_ended(await end_others(write, caller), auth.settings)


@router.delete(
    "/{session_id}", operation_id="endOwnSession", response_model=SessionsEnded, dependencies=[Audited("session.end")]
)
async def end_one(caller: Caller, write: Write, session_id: str, auth: Auth, note: Note) -> Response:
    """Ending the one that asks is signing out."""
    note.subject(caller.id)
    note.target(f"session/{session_id}")
    return sessions_ended(await end_own(write, caller, session_id), auth.settings, caller.session_id)
