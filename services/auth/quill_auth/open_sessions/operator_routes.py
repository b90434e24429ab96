"""`/internal/users/{user_id}/sessions`: sessions of anyone, for operators."""

from fastapi import Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read, Write
from quill_common.http.errors import UserNotFound
from quill_common.http.internal import internal_router
from quill_common.http.paging import Paging
from quill_common.http.shapes import PathId

from quill_auth.account import repository as accounts
from quill_auth.open_sessions.answers import sessions_ended
from quill_auth.open_sessions.listing import list_sessions
from quill_auth.open_sessions.service import end_as_operator
from quill_auth.parts import Auth

router = internal_router("/internal/users/{user_id}/sessions")


@router.get("", dependencies=[Audited("session.list")])
async def list_of_user(read: Read, user_id: PathId, page: Paging) -> Response:
    if await accounts.account(read, user_id) is None:
        raise UserNotFound
    return json_answer(await list_sessions(read, user_id, page))


@router.delete("", dependencies=[Audited("session.end")])
async def end_all(write: Write, user_id: PathId, auth: Auth) -> Response:
    return sessions_ended(await end_as_operator(write, user_id), auth.settings)


@router.delete("/{session_id}", dependencies=[Audited("session.end")])
async def end_one(write: Write, user_id: PathId, session_id: str, auth: Auth, note: Note) -> Response:
    note.target(f"session/{session_id}")
    return sessions_ended(await end_as_operator(write, user_id, session_id), auth.settings)
