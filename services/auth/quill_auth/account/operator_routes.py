"""`/internal/users`: switching accounts off and on, for operators; there is no public endpoint for it."""

from fastapi import Response
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router
from quill_common.http.shapes import PathId

from quill_auth.account.changing import set_active
from quill_auth.session.ending import name_revoked

router = internal_router("/internal/users")


@router.post("/{user_id}/deactivate")
async def deactivate(write: Write, user_id: PathId) -> Response:
    """Also ends the account's sessions."""
    revoked = await set_active(write, user_id, False)
    response = json_answer({"id": user_id, "is_active": False})
    name_revoked(response, revoked)
    return response


@router.post("/{user_id}/activate")
async def activate(write: Write, user_id: PathId) -> Response:
    await set_active(write, user_id, True)
    return json_answer({"id": user_id, "is_active": True})
