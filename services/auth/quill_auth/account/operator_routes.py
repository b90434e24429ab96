"""`/internal/users`: what operators do with accounts. They count as superadmins."""

from typing import Annotated

from fastapi import Query, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read, Write, WriteIfNeeded
from quill_common.http.internal import internal_router
from quill_common.http.paging import Paging
from quill_common.http.shapes import Body, PathId, Text

from quill_auth.account import creating, operator_listing
from quill_auth.account.changing import set_roles
from quill_auth.account.schemas import RoleNames, UserCreateIn
from quill_auth.account.switching import set_active
from quill_auth.account.switching_routes import switched
from quill_auth.parts import Auth

router = internal_router("/internal/users")


class RolesIn(Body):
    roles: RoleNames


@router.get("", dependencies=[Audited("user.list")])
async def list_users(
    read: Read, page: Paging, note: Note, called: Annotated[Text, Query(max_length=255)] = ""
) -> Response:
    """Every account; with `called` those that have it as username or as id, which may be two."""
    found = await (operator_listing.called(read, called) if called else operator_listing.page_of(read, page))
    note.add(shown=len(found["users"]))
    return json_answer(found)


@router.post("", dependencies=[Audited("user.create")])
async def create(begin: WriteIfNeeded, body: UserCreateIn, auth: Auth) -> Response:
    user_id, username, email = await creating.create_as_operator(auth, body, begin)
    return json_answer({"detail": "created", "id": user_id, "username": username, "email": email})


@router.put("/{user_id}/roles", dependencies=[Audited("user.update")])
async def replace_roles(write: Write, user_id: PathId, body: RolesIn) -> Response:
    account = await set_roles(write, user_id, body.roles)
    return json_answer({"detail": "updated", "id": user_id, "roles": account.roles})


@router.post("/{user_id}/deactivate", dependencies=[Audited("user.deactivate")])
async def deactivate(write: Write, user_id: PathId) -> Response:
    """Also ends the account's sessions."""
    return switched(user_id, False, await set_active(write, user_id, False))


@router.post("/{user_id}/activate", dependencies=[Audited("user.activate")])
async def activate(write: Write, user_id: PathId) -> Response:
    return switched(user_id, True, await set_active(write, user_id, True))
