"""`/internal/keys`: the signing keys as operators see them, and their rotation by hand. Nothing private."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.errors import BadRequest
from quill_common.http.internal import internal_router
from quill_common.identity.purposes import PURPOSES, Purpose

from quill_auth.keys.rotation import States, rotate, states
from quill_auth.parts import Auth

router = internal_router("/internal/keys")


@router.get("")
async def list_keys(auth: Auth) -> Response:
    """`{purpose: [{"kid", "signs_from", "state": "next" | "signing" | "verifying"}]}`, the oldest first."""
    return _answer(await states(auth))


@router.post("/rotate", dependencies=[Audited("key.rotate")])
async def rotate_keys(
    auth: Auth,
    note: Note,
    purpose: Annotated[list[Purpose] | None, Query(description="All, when none is named")] = None,
    now: Annotated[bool, Query(description="Sign with the new keys at once")] = False,
    revoke_old: Annotated[bool, Query(description="End every token that the old keys signed")] = False,
) -> Response:
    """Make a new key of each purpose; the answer of the list."""
    if revoke_old and not now:
        raise BadRequest("revoke_old needs now: no key would be left to sign")
    purposes = purpose or PURPOSES
    note.add(purposes=list(purposes), at_once=now, old_keys_revoked=revoke_old)
    return _answer(await rotate(auth, purposes, at_once=now, revoke_old=revoke_old))


def _answer(found: States) -> Response:
    return json_answer(
        {
            purpose: [
                {"kid": key.kid, "signs_from": datetime.fromtimestamp(key.signs_from, UTC), "state": key.state}
                for key in keys
            ]
            for purpose, keys in found.items()
        }
    )
