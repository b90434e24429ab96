"""`/api/auth/totp`: the caller's own second factor."""

from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write, claims_while_setting_up
from quill_common.http.work import WorkRoute
from quill_common.limits.routes import PerCaller

from quill_auth.parts import Auth
from quill_auth.second_factor import service
from quill_auth.second_factor.schemas import CodeIn, RecoveryCodes, TotpDisabled, TotpEnabled, TotpPending
from quill_auth.session.caller import Caller, CallerSettingUp
from quill_auth.session.cookies import set_access_cookies
from quill_auth.session.tokens import make_access_tokens

router = APIRouter(prefix="/api/auth/totp", tags=["totp"], route_class=WorkRoute)


@router.post(
    "/setup",
    operation_id="setUpTotp",
    response_model=TotpPending,
    dependencies=[Audited("second_factor.prepare")],
)
async def set_up(caller: CallerSettingUp, write: Write, auth: Auth, note: Note) -> Response:
    note.subject(caller.id)
    return json_answer({"provision_uri": await service.set_up(write, auth, caller)})


@router.post(
    "/verify",
    operation_id="verifyTotp",
    response_model=TotpEnabled,
    dependencies=[Audited("second_factor.enable"), Depends(PerCaller("totp_verify"))],
)
async def verify(
    request: Request, caller: CallerSettingUp, write: Write, body: CodeIn, auth: Auth, note: Note
) -> Response:
    """Who had to set it up gets cookies of the same session that are good for everything."""
    note.subject(caller.id)
    enabled = await service.verify(write, auth, caller, body.code)
    response = json_answer({"detail": "enabled", "recovery_codes": enabled.recovery_codes})
    if (await claims_while_setting_up(request)).only_sets_up_second_factor:
        set_access_cookies(response, auth.settings, make_access_tokens(auth, caller, enabled.session_seconds))
    return response


@router.post(
    "/disable",
    operation_id="disableTotp",
    response_model=TotpDisabled,
    dependencies=[Audited("second_factor.disable"), Depends(PerCaller("totp_disable"))],
)
async def disable(caller: Caller, write: Write, note: Note) -> Response:
    note.subject(caller.id)
    await service.disable(write, caller)
    return json_answer({"detail": "disabled"})


@router.post(
    "/recovery-codes",
    operation_id="createRecoveryCodes",
    response_model=RecoveryCodes,
    dependencies=[Audited("recovery_code.create"), Depends(PerCaller("recovery_codes"))],
)
async def create_recovery_codes(caller: Caller, write: Write, body: CodeIn, auth: Auth, note: Note) -> Response:
    note.subject(caller.id)
    codes = await service.renew_codes(write, auth, caller, body.code)
    return json_answer({"detail": "created", "recovery_codes": codes})
