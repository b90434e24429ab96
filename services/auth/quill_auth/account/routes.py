"""`/api/users`: what administrators do with accounts, and the picker of people around a patient."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import OncePerKey, Read, WriteIfNeeded
from quill_common.http.errors import UserNotFound
from quill_common.http.paging import Paging
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute, work_of

from quill_auth.account import changing, creating, listing, repository
from quill_auth.account.rules import CREATING_NEEDS_ADMIN, UPDATING_NEEDS_ADMIN
from quill_auth.account.schemas import UserCreateIn, UserDetail, UserList, UserUpdateIn, UserWritten
from quill_auth.parts import Auth
from quill_auth.session.caller import AdminOnly, Caller, caller_ahead, require_current
from quill_auth.session.ending import name_revoked

router = APIRouter(prefix="/api/users", tags=["users"], route_class=WorkRoute)

_AHEAD = Depends(caller_ahead)
_MAY_READ = Depends(AdminOnly())
_MAY_CREATE = Depends(AdminOnly(CREATING_NEEDS_ADMIN))
_MAY_UPDATE = Depends(AdminOnly(UPDATING_NEEDS_ADMIN))


@router.get("", operation_id="listUsers", response_model=UserList, dependencies=[Audited("user.list")])
async def list_users(
    request: Request,
    caller: Caller,
    read: Read,
    page: Paging,
    note: Note,
    patient_id: Annotated[str, Query(max_length=255)] = "",
    permission_level: str = "",
) -> Response:
    """With `patient_id` the people around that patient; without it every account, for admins."""
    if patient_id:
        note.as_action("care_team.list")
        note.about(patient_id)
        require_current(request, "orgs", "patients")
        found = await listing.list_around_patient(read, caller, patient_id, page)
    else:
        found = await listing.list_accounts(read, caller, permission_level or None, page)
    note.add(shown=len(found["users"]))
    return json_answer(found)


@router.post(
    "",
    operation_id="createUser",
    response_model=UserWritten,
    dependencies=[Audited("user.create"), _AHEAD, _MAY_CREATE],
)
async def create_user(
    request: Request, caller: Caller, begin: WriteIfNeeded, body: UserCreateIn, once: OncePerKey, auth: Auth
) -> Response:
    await creating.require_creatable(work_of(request).parts.database, caller, body)
    await once.begin()
    user_id, username, email = await creating.create(auth, caller, body, begin)
    return json_answer({"detail": "created", "id": user_id, "username": username, "email": email})


@router.get(
    "/{user_id}",
    operation_id="getUser",
    response_model=UserDetail,
    dependencies=[Audited("user.read"), _MAY_READ],
)
async def get_user(read: Read, user_id: PathId) -> Response:
    account = await repository.account(read, user_id)
    if account is None:
        raise UserNotFound
    return json_answer(
        {
            "id": account.id,
            "username": account.username,
            "email": account.email,
            "name": account.full_name or account.username,
            "base_profession": account.base_profession,
            "additional_competencies": account.additional_competencies,
            "removed_competencies": account.removed_competencies,
            "roles": account.roles,
            "system_permissions": account.system_permissions,
        }
    )


@router.patch(
    "/{user_id}",
    operation_id="updateUser",
    response_model=UserWritten,
    dependencies=[Audited("user.update"), _AHEAD, _MAY_UPDATE],
)
async def update_user(
    caller: Caller, begin: WriteIfNeeded, user_id: PathId, body: UserUpdateIn, auth: Auth
) -> Response:
    account, revoked = await changing.update(auth, caller, user_id, body, begin)
    response = json_answer(
        {"detail": "updated", "id": account.id, "username": account.username, "email": account.email}
    )
    name_revoked(response, revoked)
    return response
