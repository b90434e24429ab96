"""The rules of conversations."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import uuid4

from quill_common.access.policy import may_administer, patient_exists
from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.fhir.store import ResourceStore
from quill_common.http.errors import Forbidden, PatientNotFound
from quill_common.http.paging import Page
from sqlalchemy import Row

from quill_messaging.conversation import repository
from quill_messaging.conversation.schemas import ConversationIn, conversation_json, summary_json
from quill_messaging.events import ConversationStarted, ParticipantJoined, StatusChanged
from quill_messaging.message import service as messages
from quill_messaging.message.repository import messages_of
from quill_messaging.message.schemas import MessageIn, message_json
from quill_messaging.participant.repository import (
    Joining,
    join,
    mark_read,
    participants_by_conversation,
    participants_of,
)
from quill_messaging.participant.schemas import participant_json
from quill_messaging.participant.service import people_to_join, require_participant, the_patient
from quill_messaging.thread.errors import ConversationNotFound
from quill_messaging.thread.repository import advance, lock, move_lists, readable_thread

Summaries = tuple[list[dict[str, Any]], str | None]
OpenTransaction = Callable[[], Awaitable[UnitOfWork]]


class NoSharedOrganisation(Forbidden):
    detail = "You do not share an organisation with this patient"


async def list_readable(
    reader: Reader, principal: Principal, page: Page, status: str | None, patient_id: str | None
) -> Summaries:
    """A page of what the principal may read."""
    if patient_id is None:
        return await _summaries(reader, *await repository.page_of_mine(reader, principal, page, status))
    return await _summaries(reader, *await repository.page_about_patient(reader, principal, page, status, patient_id))


async def list_of_patient(
    reader: Reader, principal: Principal, page: Page, status: str | None, patient_id: str
) -> Summaries:
    """The same for one patient; empty without administrative access to that patient."""
    if not await may_administer(reader, principal, patient_id):
        return [], None
    return await list_readable(reader, principal, page, status, patient_id)


async def read(
    reader: Reader, principal: Principal, conversation_id: int, open_transaction: OpenTransaction
) -> dict[str, Any]:
    """The ConversationDetail; marks what it shows as read if the principal takes part."""
    thread = await readable_thread(reader, principal, conversation_id)
    if thread is None:
        raise ConversationNotFound
    taking_part = await participants_of(reader, conversation_id)
    sent = await messages_of(reader, conversation_id)
    if thread.is_participant and _has_news(taking_part, sent, principal):
        await mark_read(await open_transaction(), conversation_id, principal.id, sent[-1].created_at)
    return _detail(thread, taking_part, sent)


async def require_administrative_access(reader: Reader, principal: Principal, patient_id: str) -> None:
    """Rule A, with the refusal that belongs to conversations."""
    if not await may_administer(reader, principal, patient_id):
        raise NoSharedOrganisation


async def start(work: UnitOfWork, store: ResourceStore, principal: Principal, asked: ConversationIn) -> dict[str, Any]:
    """Start a conversation with its first message; the ConversationDetail. Everything is checked before anything is
    stored."""
    if not await patient_exists(work, asked.patient_id):  # memberships and grants outlive a patient that is deleted
        raise PatientNotFound if principal.is_admin else NoSharedOrganisation
    joining = await _joining(work, principal, asked)
    fhir_id = str(uuid4())
    new = repository.NewConversation(fhir_id, asked.patient_id, asked.subject, asked.include_patient_as_participant)
    conversation_id, moment = await repository.start(work, new)
    await repository.link_organisations(work, principal, conversation_id, asked.patient_id)
    await join(work, conversation_id, joining)
    about = {"conversation_id": conversation_id, "patient_id": asked.patient_id}
    await work.publish(ConversationStarted(**about, started_by=principal.id))
    for one in joining[1:]:
        await work.publish(ParticipantJoined(**about, user_id=one.user_id))
    thread = messages.Thread(conversation_id, fhir_id, asked.patient_id, first_communication=None)
    await messages.write(work, store, principal, thread, MessageIn(body=asked.initial_message), moment)
    return await _started(work, principal, conversation_id)


async def set_status(work: UnitOfWork, principal: Principal, conversation_id: int, status: str) -> dict[str, Any]:
    """Set the status; the ConversationSummary. Setting the one that it has changes nothing."""
    await require_participant(work, principal, conversation_id)
    await lock(work, conversation_id)
    before = await _summary(work, principal, conversation_id)
    if before.status != status:
        moment = await advance(work, conversation_id, status=status)
        await move_lists(work, conversation_id, moment)
        await work.publish(StatusChanged(conversation_id=conversation_id, patient_id=before.patient_id, status=status))
    taking_part = await participants_of(work, conversation_id)
    after = await _summary(work, principal, conversation_id)
    return summary_json(after, [participant_json(row) for row in taking_part])


async def _joining(reader: Reader, principal: Principal, asked: ConversationIn) -> list[Joining]:
    """Who takes part from the beginning, the creator first, nobody twice."""
    others = [user_id for user_id in dict.fromkeys(asked.participant_ids) if user_id != principal.id]
    joining = [
        Joining(principal.id, "initiator", principal.is_staff),
        *await people_to_join(reader, asked.patient_id, others),
    ]
    if asked.include_patient_as_participant:
        joining += await the_patient(reader, asked.patient_id)
    once: dict[int, Joining] = {}
    for one in joining:
        once.setdefault(one.user_id, one)
    return list(once.values())


async def _started(work: UnitOfWork, principal: Principal, conversation_id: int) -> dict[str, Any]:
    thread = await readable_thread(work, principal, conversation_id)
    if thread is None:
        raise ConversationNotFound
    return _detail(thread, await participants_of(work, conversation_id), await messages_of(work, conversation_id))


async def _summaries(reader: Reader, rows: Sequence[Row[Any]], next_cursor: str | None) -> Summaries:
    taking_part = await participants_by_conversation(reader, [row.id for row in rows]) if rows else {}
    shown = [summary_json(row, [participant_json(one) for one in taking_part[row.id]]) for row in rows]
    return shown, next_cursor


async def _summary(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any]:
    row = await repository.summary(reader, principal, conversation_id)
    if row is None:
        raise ConversationNotFound
    return row


def _detail(thread: Row[Any], taking_part: Sequence[Row[Any]], sent: Sequence[Row[Any]]) -> dict[str, Any]:
    return conversation_json(thread, [participant_json(row) for row in taking_part]) | {
        "messages": [message_json(row) for row in sent]
    }


def _has_news(taking_part: Sequence[Row[Any]], sent: Sequence[Row[Any]], principal: Principal) -> bool:
    """Whether the principal's read mark is behind the newest message shown."""
    mark = next((row.last_read_at for row in taking_part if row.user_id == principal.id), None)
    return bool(sent) and (mark is None or mark < sent[-1].created_at)
