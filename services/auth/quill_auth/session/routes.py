"""`/api/auth`: sign in, renew, sign out, who am I."""

from fastapi import APIRouter, Request, Response
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.errors import answer
from quill_common.http.work import WorkRoute, work_of
from quill_common.identity.errors import InvalidToken

from quill_auth.parts import Auth
from quill_auth.session import service
from quill_auth.session.caller import Caller, require_current, row_of_caller
from quill_auth.session.cookies import remove_cookies, set_cookies
from quill_auth.session.ending import end_session, name_revoked
from quill_auth.session.errors import BadRefreshToken, NoRefreshToken
from quill_auth.session.repository import ME
from quill_auth.session.schemas import LoggedOut, LoginIn, LoginOut, Me, Refreshed

router = APIRouter(prefix="/api/auth", tags=["session"], route_class=WorkRoute)

REFRESH_HEADER = "X-Quill-Refresh-Token"
"""The gateway passes the refresh cookie on in it, and takes it out of what clients send."""


@router.post("/login", operation_id="login", response_model=LoginOut)
async def login(request: Request, body: LoginIn, auth: Auth) -> Response:
    signed_in = await service.sign_in(work_of(request).parts.database, auth, body.username, body.password)
    user = {"username": signed_in.username, "roles": signed_in.roles}
    response = json_answer({"detail": "ok", "user": user})
    set_cookies(response, auth.settings, signed_in.tokens)
    return response


@router.post("/refresh", operation_id="refreshSession", response_model=Refreshed)
async def refresh(request: Request, auth: Auth) -> Response:
    """Needs no access token. A failed renewal leaves the cookies alone: another may just have set good ones."""
    parts = work_of(request).parts
    token = request.headers.get(REFRESH_HEADER)
    if not token:
        raise NoRefreshToken
    try:
        tokens = await service.refresh(parts.database, parts.units, auth, await parts.tokens.refresh(token))
    except InvalidToken as problem:
        raise BadRefreshToken from problem
    except BadRefreshToken as refused:
        if refused.revoked:
            parts.relay.wake()
        refusal = answer(refused.status, refused.detail)
        name_revoked(refusal, refused.revoked)
        return refusal
    response = json_answer({"detail": "refreshed"})
    set_cookies(response, auth.settings, tokens)
    return response


@router.post("/logout", operation_id="logout", response_model=LoggedOut)
async def logout(caller: Caller, write: Write, auth: Auth) -> Response:
    revoked = await end_session(write, caller.id, caller.session_id, "logout")
    response = json_answer({"detail": "ok"})
    name_revoked(response, revoked)
    remove_cookies(response, auth.settings)
    return response


@router.get("/me", operation_id="getMe", response_model=Me)
async def me(request: Request, auth: Auth) -> Response:
    row = await row_of_caller(request, ME)
    require_current(request, "orgs")
    return json_answer(
        {
            "id": row.id,
            "username": row.username,
            "name": row.full_name,
            "email": row.email,
            "roles": row.roles,
            "system_permissions": row.level,
            "totp_enabled": row.totp_enabled,
            "enabled_features": row.features,
            "clinical_services_enabled": auth.settings.clinical_services_enabled,
        }
    )
