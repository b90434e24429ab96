"""The rules of invitations (contract 5.13, 5.14, X1 to X4)."""

import uuid
from collections.abc import Awaitable, Callable
from typing import Any

from quill_common.access.policy import patient_exists
from quill_common.access.principal import Principal
from quill_common.audit.trail import Trail
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import Forbidden, PatientNotFound, Unavailable
from quill_common.service import Parts
from sqlalchemy import Row

from quill_orgs.grant import service as grants
from quill_orgs.invitation import repository
from quill_orgs.invitation.accounts import Account, Answered, find_or_register
from quill_orgs.invitation.links import Claims, InvalidInvite, Links, claims_of
from quill_orgs.invitation.schemas import Acceptance, NewInvitation

Begin = Callable[[], Awaitable[UnitOfWork]]


class MayNotInvite(Forbidden):
    detail = "Only the patient or an admin can invite external users"


def require_manager(caller: Principal, patient_id: str) -> None:
    """Raises MayNotInvite."""
    if not grants.manages_access(caller, patient_id):
        raise MayNotInvite


async def invite(
    write: UnitOfWork, links: Links, caller: Principal, patient_id: str, wanted: NewInvitation
) -> tuple[uuid.UUID, str]:
    """Store an invitation; its id and the token. `require_manager` comes before. Raises PatientNotFound."""
    if not await patient_exists(write, patient_id):
        raise PatientNotFound
    invitation_id = uuid.uuid4()
    created_at = await repository.add(write, invitation_id, patient_id, wanted, caller.id)
    claims = claims_of(patient_id, wanted.email, wanted.user_type, caller.id)
    return invitation_id, links.token(invitation_id, created_at, claims)


async def accept(parts: Parts, links: Links, note: Trail, body: Acceptance, begin: Begin) -> Answered:
    """Have account and grant, whatever of them an earlier try has left.

    Whether the inviter could still invite is not asked: what ends a link are its age, a revocation after it, an account
    that is switched off, and the deletion of the patient. `begin` opens the transaction, once auth was asked. Raises
    InvalidInvite, Unavailable, or how auth refuses the account.
    """
    invitation_id, claims = links.read(body.token)
    async with parts.units.reader() as reader:
        invitation = await repository.good(reader, invitation_id)
        is_there = invitation is not None and await patient_exists(reader, invitation.patient_id)
    if invitation is None or claims != _claims_in(invitation) or not is_there:
        raise InvalidInvite
    note.about(invitation.patient_id)
    note.target(f"invitation/{invitation_id}")
    answered = _accepted_before(invitation) or await find_or_register(parts, _wanted(invitation, body))
    return await _complete(await begin(), note, invitation_id, answered)


async def _complete(unit: UnitOfWork, note: Trail, invitation_id: uuid.UUID, answered: Answered) -> Answered:
    """Grant, in the transaction that also keeps other acceptances of the link waiting."""
    invitation = await repository.locked_good(unit, invitation_id)
    if invitation is None:
        raise InvalidInvite
    answered = _accepted_before(invitation) or answered
    account = answered.account
    note.subject(account.user_id)
    await _require_active(unit, account)
    outcome = await grants.grant(
        unit,
        account.user_id,
        invitation.patient_id,
        granted_by=invitation.inviter_id,
        invited_at=invitation.created_at,
    )
    if outcome == "revoked":
        raise InvalidInvite
    if outcome == "live":
        unit.found_done()
    if invitation.accepted_by_user_id is None:
        await repository.accept(unit, invitation_id, account.user_id, registered=account.registered)
    note.add(registered=account.registered, granted_by=invitation.inviter_id)
    return answered


async def _require_active(unit: UnitOfWork, account: Account) -> None:
    """Raises InvalidInvite for an account that is switched off, Unavailable for one that we have not heard of."""
    is_active = await repository.is_active(unit, account.user_id)
    if is_active is None:
        raise Unavailable
    if not (is_active and account.is_active):
        raise InvalidInvite


def _claims_in(invitation: Row[Any]) -> Claims:
    return claims_of(invitation.patient_id, invitation.email, invitation.user_type, invitation.inviter_id)


def _accepted_before(invitation: Row[Any]) -> Answered | None:
    """A link belongs to who accepted it first, whatever address that account has by now."""
    if invitation.accepted_by_user_id is None:
        return None
    user_id, registered = invitation.accepted_by_user_id, bool(invitation.registered)
    return Answered(Account(user_id=user_id, registered=registered, is_active=True), "")


def _wanted(invitation: Row[Any], body: Acceptance) -> dict[str, Any]:
    return {
        "invitation_id": str(invitation.id),
        "email": invitation.email,
        "user_type": invitation.user_type,
        "username": body.username or "",
        "password": body.password or "",
    }
