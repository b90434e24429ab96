"""`POST /api/auth/register`."""

from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited
from quill_common.http.answers import json_answer
from quill_common.http.callers import OncePerKey
from quill_common.http.work import WorkRoute, work_of
from quill_common.limits.routes import PerAddress

from quill_auth.account import creating
from quill_auth.account.schemas import Registered, RegisterIn
from quill_auth.parts import Auth
from quill_auth.session.caller import require_current

router = APIRouter(prefix="/api/auth", tags=["session"], route_class=WorkRoute)


@router.post(
    "/register",
    operation_id="register",
    response_model=Registered,
    dependencies=[Audited("user.create"), Depends(PerAddress("register"))],
)
async def register(request: Request, body: RegisterIn, once: OncePerKey, auth: Auth) -> Response:
    """Create an own account; no sign-in."""
    if body.organisation_id is not None:
        require_current(request, "orgs")
    await once.begin()
    await creating.register(auth, body, work_of(request).writer)
    return json_answer({"detail": "created"})
