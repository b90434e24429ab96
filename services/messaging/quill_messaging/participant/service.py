"""The rules of taking part: who may be added, who may join, what it opens."""

from collections.abc import Sequence
from typing import Any

from quill_common.access.levels import at_least
from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import Forbidden, UserNotFound
from sqlalchemy import Row

from quill_messaging.events import ParticipantJoined
from quill_messaging.participant import repository
from quill_messaging.participant.repository import Joining
from quill_messaging.participant.schemas import ParticipantIn, participant_json
from quill_messaging.thread.errors import ConversationNotFound
from quill_messaging.thread.repository import lock, readable_thread


class NoAccessToPatient(Forbidden):
    detail = "User has no access to this patient"


class OnlyParticipantsAdd(Forbidden):
    detail = "Only participants can add others"


class PatientsDoNotJoin(Forbidden):
    detail = "Patients cannot self-join conversations"


class ExternalsDoNotJoin(Forbidden):
    detail = "External users cannot self-join conversations"


class NotOfItsOrganisations(Forbidden):
    detail = "You must be in one of the message's organisations to join"


async def require_participant(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any]:
    """The conversation, if the principal takes part in it; else ConversationNotFound."""
    thread = await readable_thread(reader, principal, conversation_id)
    if thread is None or not thread.is_participant:
        raise ConversationNotFound
    return thread


async def people_to_join(
    reader: Reader, patient_id: str, user_ids: Sequence[int], role: str = "participant"
) -> list[Joining]:
    """Those of `user_ids` who may take part, in that order: staff freely, others if they see the patient [M1].

    Raises UserNotFound for an unknown or inactive account, then NoAccessToPatient.
    """
    if not user_ids:
        return []
    active = {row.id: row for row in await repository.candidates(reader, patient_id, user_ids)}
    if not active.keys() >= set(user_ids):
        raise UserNotFound
    found = [active[user_id] for user_id in user_ids]
    joining = [Joining(row.id, role, at_least(row.level, "staff")) for row in found]
    if not all(one.is_staff or row.is_involved for one, row in zip(joining, found, strict=True)):
        raise NoAccessToPatient
    return joining


async def the_patient(reader: Reader, patient_id: str) -> list[Joining]:
    """The patient's own account, if there is one."""
    linked = await repository.linked_accounts(reader, patient_id)
    return [Joining(row.id, "participant", at_least(row.level, "staff")) for row in linked]


async def thread_to_add_to(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any]:
    """The conversation, if the principal may add others. Raises ConversationNotFound or OnlyParticipantsAdd."""
    thread = await readable_thread(reader, principal, conversation_id)
    if thread is None:
        raise ConversationNotFound
    if not thread.is_participant:
        raise OnlyParticipantsAdd
    return thread


async def add(work: UnitOfWork, thread: Row[Any], added: ParticipantIn) -> dict[str, Any]:
    """Add somebody; the ParticipantOut, unchanged when they are in already."""
    (joining,) = await people_to_join(work, thread.patient_id, [added.user_id], added.role)
    return await _let_join(work, thread, joining)


async def thread_to_join(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any]:
    """The conversation, if the principal may join it: as staff of one of its organisations."""
    if not principal.is_staff:
        raise PatientsDoNotJoin if principal.level == "patient" else ExternalsDoNotJoin
    thread = await readable_thread(reader, principal, conversation_id)
    if thread is None:
        raise ConversationNotFound
    if not thread.is_staff_of_organisation and not thread.is_participant:
        raise NotOfItsOrganisations
    return thread


async def join(work: UnitOfWork, principal: Principal, thread: Row[Any]) -> dict[str, Any]:
    """Join the conversation that `thread_to_join` gave; the ParticipantOut."""
    return await _let_join(work, thread, Joining(principal.id, "participant", is_staff=True))


async def _let_join(work: UnitOfWork, thread: Row[Any], joining: Joining) -> dict[str, Any]:
    await lock(work, thread.id)
    if await repository.join(work, thread.id, [joining]):
        event = ParticipantJoined(conversation_id=thread.id, patient_id=thread.patient_id, user_id=joining.user_id)
        await work.publish(event)
    row = await repository.participant(work, thread.id, joining.user_id)
    if row is None:
        raise ConversationNotFound
    return participant_json(row)
