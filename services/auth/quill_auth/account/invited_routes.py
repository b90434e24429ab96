"""`POST /internal/invited-accounts`: orgs asks for the account of who accepts an invitation."""

from typing import Annotated

from fastapi import Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import WriteIfNeeded
from quill_common.http.errors import Forbidden
from quill_common.http.internal import calling_service, internal_router
from quill_common.http.work import work_of

from quill_auth.account.invited import find_or_open
from quill_auth.account.schemas import InvitedIn
from quill_auth.parts import Auth


async def orgs_only(caller: Annotated[str, Depends(calling_service)]) -> None:
    """The holder of the keys of invitations."""
    if caller != "orgs":
        raise Forbidden


router = internal_router("/internal/invited-accounts", admit=orgs_only)


@router.post("", dependencies=[Audited("user.create")])
async def find_or_create(request: Request, begin: WriteIfNeeded, note: Note, body: InvitedIn, auth: Auth) -> Response:
    """Find or create the account; the creation records itself, and orgs records what is granted to the account."""
    account = await find_or_open(auth, work_of(request).parts.database, body, begin)
    note.nothing_shown()
    return json_answer(account.model_dump())
