"""`/api/auth`: change the own password, or set a new one by a mailed link."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write, WriteIfNeeded
from quill_common.http.work import WorkRoute, work_of
from quill_common.limits.routes import PerAddress, PerCaller
from sqlalchemy import Row

from quill_auth.parts import Auth
from quill_auth.passwords import links, service
from quill_auth.passwords.repository import CALLER_WITH_PASSWORD
from quill_auth.passwords.schemas import (
    ChangePasswordIn,
    ForgotPasswordIn,
    PasswordChanged,
    PasswordWasReset,
    ResetAsked,
    ResetPasswordIn,
)
from quill_auth.session.attempts import counted_attempt
from quill_auth.session.caller import row_of_caller
from quill_auth.session.cookies import set_cookies
from quill_auth.session.ending import name_revoked

router = APIRouter(prefix="/api/auth", tags=["session"], route_class=WorkRoute)


async def _with_password(request: Request) -> Row[Any]:
    """The caller, read outside the request's transaction: none is open while passwords are hashed."""
    async with work_of(request).parts.database.reader() as reader:
        return await row_of_caller(request, CALLER_WITH_PASSWORD, reader=reader)


@router.post(
    "/forgot-password",
    operation_id="forgotPassword",
    response_model=ResetAsked,
    dependencies=[Depends(PerAddress("forgot_password"))],
)
async def forgot_password(write: Write, body: ForgotPasswordIn) -> Response:
    """The same answer and the same work whether or not somebody has the address."""
    await links.ask(write, body.email)
    return json_answer({"detail": "ok"})


@router.post(
    "/reset-password",
    operation_id="resetPassword",
    response_model=PasswordWasReset,
    dependencies=[Audited("password.reset"), Depends(PerAddress("reset_password"))],
)
async def reset_password(request: Request, body: ResetPasswordIn, auth: Auth, begin: WriteIfNeeded) -> Response:
    """Signs nobody in, and leaves the second factor as it is."""
    ended = await service.reset(work_of(request).parts.database, auth, body.token, body.new_password, begin)
    response = json_answer({"detail": "Password reset successfully"})
    name_revoked(response, ended)
    return response


@router.post(
    "/change-password",
    operation_id="changePassword",
    response_model=PasswordChanged,
    dependencies=[Audited("password.change"), Depends(PerCaller("change_password"))],
)
async def change_password(
    request: Request,
    row: Annotated[Row[Any], Depends(_with_password)],
    body: ChangePasswordIn,
    auth: Auth,
    begin: WriteIfNeeded,
    note: Note,
) -> Response:
    """Ends all other sessions; this one goes on with new cookies. A wrong current password is a failed sign-in."""
    work = work_of(request)
    assert work.principal is not None  # noqa: S101 - set by `row_of_caller`
    note.subject(work.principal.id)
    person = service.Person(row.username, row.email)
    async with counted_attempt(work.parts, row.username):
        tokens, ended = await service.change(
            auth, work.principal, person, row.password_hash, body.current_password, body.new_password, begin
        )
    response = json_answer({"detail": "Password changed"})
    set_cookies(response, auth.settings, tokens)
    name_revoked(response, ended)
    return response
