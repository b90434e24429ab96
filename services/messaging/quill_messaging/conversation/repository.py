"""Conversations: pages, one, and a new one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quill_common.access.principal import Principal
from quill_common.access.tables import AccessPatientMember, AccessStaff
from quill_common.database.session import Reader, Writer
from quill_common.http.paging import InvalidCursor, Page
from quill_common.http.shapes import MAX_BIGINT
from sqlalchemy import Row, bindparam, func, insert, or_, select

from quill_messaging.conversation.listing import ABOUT_PATIENT, FETCHES, MINE, ONE
from quill_messaging.thread.repository import IS_STAFF, ME, asking
from quill_messaging.thread.tables import STATUSES, Conversation, ConversationOrganisation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_START = (
    insert(Conversation)
    .values(
        fhir_conversation_id=bindparam("fhir_id"),
        patient_id=bindparam("patient"),
        subject=bindparam("about"),
        include_patient_as_participant=bindparam("include_patient"),
        created_at=func.statement_timestamp(),
        updated_at=func.statement_timestamp(),
    )
    .returning(Conversation.id, Conversation.created_at)
)

_shared = (
    select(AccessStaff.organisation_id)
    .join(AccessPatientMember, AccessPatientMember.organisation_id == AccessStaff.organisation_id)
    .where(IS_STAFF, AccessStaff.user_id == ME, AccessPatientMember.patient_id == bindparam("patient"))
    .cte("shared")
)
_LINK_ORGANISATIONS = insert(ConversationOrganisation).from_select(
    ["conversation_id", "organisation_id", "conversation_status", "conversation_updated_at"],
    select(Conversation.id, AccessPatientMember.organisation_id, Conversation.status, Conversation.updated_at)
    .join(AccessPatientMember, AccessPatientMember.patient_id == Conversation.patient_id)
    .where(
        Conversation.id == bindparam("conversation"),
        or_(
            AccessPatientMember.organisation_id.in_(select(_shared.c.organisation_id)),
            ~select(_shared.c.organisation_id).exists(),
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class NewConversation:
    """A conversation to store."""

    fhir_conversation_id: str
    patient_id: str
    subject: str | None
    include_patient: bool


async def page_of_mine(
    reader: Reader, principal: Principal, page: Page, status: str | None
) -> tuple[Sequence[Row[Any]], str | None]:
    """A page of all conversations that the principal may read, and the next cursor."""
    rows = await reader.rows(MINE[_fetch(page)], {**asking(principal), **_asked(page, status)})
    return page.cut(rows, _key)


async def page_about_patient(
    reader: Reader, principal: Principal, page: Page, status: str | None, patient_id: str
) -> tuple[Sequence[Row[Any]], str | None]:
    """A page of the patient's conversations that the principal may read, and the next cursor."""
    params = {**asking(principal), **_asked(page, status), "patient": patient_id}
    rows = await reader.rows(ABOUT_PATIENT[_fetch(page)], params)
    return page.cut(rows, _key)


async def summary(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any] | None:
    """One conversation as the lists show it; decide access first."""
    return await reader.row(ONE, {**asking(principal), "thread": conversation_id})


async def start(writer: Writer, new: NewConversation) -> tuple[int, datetime]:
    """Store a conversation; its id and the moment at which it begins."""
    params = {
        "fhir_id": new.fhir_conversation_id,
        "patient": new.patient_id,
        "about": new.subject,
        "include_patient": new.include_patient,
    }
    row = (await writer.rows(_START, params))[0]
    return row.id, row.created_at


async def link_organisations(writer: Writer, principal: Principal, conversation_id: int, patient_id: str) -> None:
    """Link the organisations that creator and patient share; where they share none, all of the patient's [M3]."""
    params = {**asking(principal), "conversation": conversation_id, "patient": patient_id}
    await writer.execute(_LINK_ORGANISATIONS, params)


def _asked(page: Page, status: str | None) -> dict[str, Any]:
    time, before_id = _before(page)
    statuses = list(STATUSES) if status is None else [status]
    return {"statuses": statuses, "before_time": time, "before_id": before_id}


def _fetch(page: Page) -> int:
    return next(fetch for fetch in FETCHES if fetch >= page.fetch)


def _before(page: Page) -> tuple[datetime, int]:
    key = page.after(int, int)
    if key is None:
        return _END_OF_TIME, MAX_BIGINT
    try:
        return _EPOCH + key[0] * _MICROSECOND, key[1]
    except OverflowError as problem:
        raise InvalidCursor from problem


def _key(row: Row[Any]) -> tuple[int, int]:
    return (row.updated_at - _EPOCH) // _MICROSECOND, row.id
