"""`/api/cbac/my-competencies`."""

from typing import Any

from fastapi import APIRouter, Depends, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Read, Write
from quill_common.http.work import WorkRoute
from sqlalchemy import Row

from quill_auth.account import repository
from quill_auth.account.changing import set_competencies
from quill_auth.cbac.catalogue import resolve
from quill_auth.cbac.schemas import Competencies, MyCompetenciesIn
from quill_auth.session.caller import AdminOnly, Caller
from quill_auth.session.errors import InactiveUser

router = APIRouter(prefix="/api/cbac", tags=["cbac"], route_class=WorkRoute)


@router.get("/my-competencies", operation_id="getMyCompetencies", response_model=Competencies)
async def my_competencies(caller: Caller, read: Read) -> Response:
    account = await repository.account(read, caller.id)
    if account is None:
        raise InactiveUser
    return json_answer(_resolved(account))


@router.patch(
    "/my-competencies",
    operation_id="updateMyCompetencies",
    response_model=Competencies,
    dependencies=[Audited("competencies.update"), Depends(AdminOnly())],
)
async def change_my_competencies(caller: Caller, write: Write, body: MyCompetenciesIn, note: Note) -> Response:
    note.subject(caller.id)
    account = await set_competencies(write, caller, body.additional_competencies, body.removed_competencies)
    return json_answer(_resolved(account))


def _resolved(account: Row[Any]) -> dict[str, Any]:
    additional, removed = account.additional_competencies, account.removed_competencies
    return {
        "user_id": account.id,
        "username": account.username,
        "base_profession": account.base_profession,
        "additional_competencies": additional,
        "removed_competencies": removed,
        "final_competencies": resolve(account.base_profession, additional, removed),
    }
