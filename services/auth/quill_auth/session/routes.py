"""`/api/auth`: sign in, renew, sign out, who am I."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Write
from quill_common.http.errors import answer
from quill_common.http.work import WorkRoute, work_of
from quill_common.identity.errors import InvalidToken
from quill_common.limits.routes import PerAddress

from quill_auth.parts import Auth
from quill_auth.session.attempts import counted_attempt, refusals_on_record
from quill_auth.session.caller import CallerSettingUp, require_current, row_of_caller
from quill_auth.session.cookies import remove_cookies, set_cookies
from quill_auth.session.ending import end_session, name_revoked
from quill_auth.session.errors import BadRefreshToken, NoRefreshToken
from quill_auth.session.origin import origin_of
from quill_auth.session.renewal import renew
from quill_auth.session.repository import ME
from quill_auth.session.schemas import LoggedOut, LoginIn, LoginOut, Me, Refreshed
from quill_auth.session.sign_in import Credentials, sign_in

router = APIRouter(prefix="/api/auth", tags=["session"], route_class=WorkRoute)

REFRESH_HEADER = "X-Quill-Refresh-Token"
"""The gateway passes the refresh cookie on in it, and takes it out of what clients send."""
HELD_HEADER = "X-Quill-Held-Session"
"""The same for the id of the session that a browser has when it signs in."""


@router.post("/login", operation_id="login", response_model=LoginOut, dependencies=[Depends(PerAddress("login"))])
async def login(request: Request, body: LoginIn, auth: Auth, note: Note) -> Response:
    parts = work_of(request).parts
    credentials = Credentials(body.username, body.password, body.totp_code)
    async with refusals_on_record(parts, note, body.username), counted_attempt(parts, body.username):
        signed_in = await sign_in(parts.units, auth, credentials, origin_of(request), _held_session(request))
    user = {"username": signed_in.username, "roles": signed_in.roles}
    response = json_answer({"detail": "ok", "user": user})
    name_revoked(response, signed_in.ended)
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
        claims = await parts.tokens.refresh(token)
        await parts.limits.count("refresh", f"session/{claims.session_id}")
        tokens = await renew(parts.database, parts.units, auth, claims, origin_of(request))
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


@router.post("/logout", operation_id="logout", response_model=LoggedOut, dependencies=[Audited("session.end")])
async def logout(caller: CallerSettingUp, write: Write, auth: Auth, note: Note) -> Response:
    note.subject(caller.id)
    revoked = await end_session(write, caller.id, caller.session_id, "logout")
    response = json_answer({"detail": "ok"})
    name_revoked(response, revoked)
    remove_cookies(response, auth.settings)
    return response


@router.get("/me", operation_id="getMe", response_model=Me)
async def me(request: Request, auth: Auth) -> Response:
    row = await row_of_caller(request, ME, setting_up=True)
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


def _held_session(request: Request) -> str | None:
    try:
        return str(UUID(request.headers.get(HELD_HEADER, "")))
    except ValueError:
        return None
