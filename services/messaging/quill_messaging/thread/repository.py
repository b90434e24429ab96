"""Who may read a conversation (contract 2.5), and the one place that moves a conversation forward."""

from datetime import datetime, timedelta
from typing import Any

from quill_common.access.principal import Principal
from quill_common.access.tables import AccessGrant, AccessStaff
from quill_common.database.session import Reader, Writer
from sqlalchemy import (
    CTE,
    BigInteger,
    Boolean,
    DateTime,
    Row,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)

from quill_messaging.thread.tables import Conversation, ConversationOrganisation, Participant

ME = bindparam("me", type_=BigInteger())
IS_STAFF = bindparam("is_staff", type_=Boolean())
MY_PATIENT = bindparam("my_patient", type_=Text())
THREAD = bindparam("thread", type_=BigInteger())
MOMENT = bindparam("moment", type_=DateTime(timezone=True))


def asking(principal: Principal) -> dict[str, Any]:
    """The parameters of the rules below."""
    return {"me": principal.id, "is_staff": principal.is_staff, "my_patient": principal.patient_id}


holds_grant = exists().where(AccessGrant.user_id == ME, AccessGrant.patient_id == Conversation.patient_id)

still_involved = or_(IS_STAFF, Conversation.patient_id == MY_PATIENT, holds_grant)
"""Whether a participant's row counts: below `staff` only while linked to the patient or holding a grant [X5]."""

participates = and_(
    exists().where(Participant.conversation_id == Conversation.id, Participant.user_id == ME), still_involved
)

staff_of_organisation = and_(
    IS_STAFF,
    exists(
        select(ConversationOrganisation.organisation_id)
        .join(AccessStaff, AccessStaff.organisation_id == ConversationOrganisation.organisation_id)
        .where(ConversationOrganisation.conversation_id == Conversation.id, AccessStaff.user_id == ME)
    ),
)

readable = or_(participates, staff_of_organisation, holds_grant)
"""Whether the asking principal may read a conversation; no level reads by itself."""

READABLE = select(
    *Conversation.__table__.columns,
    func.coalesce(participates, False).label("is_participant"),
    staff_of_organisation.label("is_staff_of_organisation"),
).where(Conversation.id == THREAD, readable)

_LOCK = select(Conversation.updated_at).where(Conversation.id == THREAD).with_for_update(key_share=True)

_ADVANCE = (
    update(Conversation)
    .where(Conversation.id == THREAD)
    .values(
        updated_at=func.greatest(func.clock_timestamp(), Conversation.updated_at + timedelta(microseconds=1)),
        status=func.coalesce(
            bindparam("new_status", type_=Text()),
            case((and_(bindparam("by_message", type_=Boolean()), Conversation.status == "new"), "active")),
            Conversation.status,
        ),
    )
    .returning(Conversation.updated_at)
)


_STATUS = select(Conversation.status).where(Conversation.id == THREAD).scalar_subquery()


def _moved(table: type[ConversationOrganisation] | type[Participant], name: str) -> CTE:
    place = {"conversation_updated_at": MOMENT, "conversation_status": _STATUS}
    return update(table).where(table.conversation_id == THREAD).values(place).returning(literal(1)).cte(name)


LISTS_MOVED = (_moved(ConversationOrganisation, "organisations_moved"), _moved(Participant, "participants_moved"))
"""Moves the conversation to `MOMENT` in everybody's list. A later statement than `advance`: only once that holds the
lock are all participants visible, those too who were added while it waited."""

_MOVE_LISTS = select(literal(1)).add_cte(*LISTS_MOVED)


async def readable_thread(reader: Reader, principal: Principal, conversation_id: int) -> Row[Any] | None:
    """The conversation's columns, `is_participant` and `is_staff_of_organisation`; None without read access."""
    return await reader.row(READABLE, {"thread": conversation_id, **asking(principal)})


async def lock(writer: Writer, conversation_id: int) -> datetime:
    """Keep others from moving the conversation until the commit; its `updated_at`."""
    moment: datetime = await writer.value(_LOCK, {"thread": conversation_id})
    return moment


async def advance(
    writer: Writer, conversation_id: int, *, status: str | None = None, by_message: bool = False
) -> datetime:
    """Lock the conversation and move it to a moment later than any before; returns that moment.

    A message takes this moment as its own and makes a `new` conversation `active`. Because it is drawn under the
    lock, whoever sees a message sees all that are older. `LISTS_MOVED` or `move_lists` must follow.
    """
    params = {"thread": conversation_id, "new_status": status, "by_message": by_message}
    moment: datetime = await writer.value(_ADVANCE, params)
    return moment


async def move_lists(writer: Writer, conversation_id: int, moment: datetime) -> None:
    """Put the conversation at `moment` in everybody's list."""
    await writer.rows(_MOVE_LISTS, {"thread": conversation_id, "moment": moment})
