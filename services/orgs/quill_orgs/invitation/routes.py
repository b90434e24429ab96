"""`POST /api/patients/{patient_id}/invite-external` and `POST /api/accept-invite` (contract 5.13 and 5.14)."""

from fastapi import APIRouter, Depends, Request, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Caller, Clinical, OncePerKey, Write, WriteIfNeeded
from quill_common.http.shapes import FhirId
from quill_common.http.work import WorkRoute, work_of
from quill_common.limits.routes import PerAddress

from quill_orgs.invitation import service
from quill_orgs.invitation.links import InviteLinks
from quill_orgs.invitation.schemas import Acceptance, AcceptanceAnswer, InvitationAnswer, NewInvitation

router = APIRouter(prefix="/api", tags=["external-access"], route_class=WorkRoute)


@router.post(
    "/patients/{patient_id}/invite-external",
    operation_id="inviteExternal",
    dependencies=[Audited("invitation.create"), Clinical],
)
async def invite(
    caller: Caller,
    write: Write,
    once: OncePerKey,
    note: Note,
    links: InviteLinks,
    patient_id: FhirId,
    body: NewInvitation,
) -> InvitationAnswer:
    """Make a link that the caller hands on; no mail is sent, and nobody has access before it is accepted."""
    note.add(user_type=body.user_type)
    service.require_manager(caller, patient_id)
    await once.begin()
    invitation_id, token = await service.invite(write, links, caller, patient_id, body)
    note.target(f"invitation/{invitation_id}")
    return InvitationAnswer(invite_url=f"/app/accept-invite?token={token}", token=token)


@router.post(
    "/accept-invite",
    operation_id="acceptInvite",
    response_model=AcceptanceAnswer,
    dependencies=[Audited("invitation.accept"), Depends(PerAddress("accept_invite"))],
)
async def accept(request: Request, begin: WriteIfNeeded, note: Note, links: InviteLinks, body: Acceptance) -> Response:
    """Accept with the account of the invited address, or make one. No sign-in; again changes nothing."""
    answered = await service.accept(work_of(request).parts, links, note, body, begin)
    status = "registered" if answered.account.registered else "access_granted"
    answer = json_answer({"status": status, "user_id": answered.account.user_id})
    if answered.pending:
        answer.headers["X-Quill-Pending"] = answered.pending
    return answer
