"""The second factor for operators: an account that lost it, and the key that secrets are sealed with."""

import asyncio

from fastapi import Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.internal import internal_router
from quill_common.http.shapes import PathId

from quill_auth.parts import Auth
from quill_auth.second_factor.service import reset
from quill_auth.session.ending import name_revoked

router = internal_router("/internal")


@router.post("/users/{user_id}/reset-totp", dependencies=[Audited("second_factor.reset")])
async def reset_totp(write: Write, user_id: PathId) -> Response:
    """Deletes secret and recovery codes and ends the account's sessions."""
    revoked = await reset(write, user_id)
    response = json_answer({"id": user_id, "totp_enabled": False, "sessions_ended": len(revoked)})
    name_revoked(response, revoked)
    return response


@router.post("/second-factor/rotate-key", dependencies=[Audited("key.rotate")])
async def rotate_key(auth: Auth, note: Note) -> Response:
    """Seal with a new key from now on; secrets under old keys move to it when they are used."""
    note.add(purposes=["second factor"], at_once=True, old_keys_revoked=False)
    return json_answer({"kid": await asyncio.to_thread(auth.totp_secrets.keys.rotate)})
