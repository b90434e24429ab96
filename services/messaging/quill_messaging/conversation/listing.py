"""Pages of conversations as SQL: newest activity first, at a cost that does not grow with what there is."""

from datetime import datetime
from typing import Any

from quill_common.access.tables import AccessGrant, AccessStaff
from sqlalchemy import (
    BigInteger,
    DateTime,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    column,
    func,
    literal,
    literal_column,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import InstrumentedAttribute, aliased

from quill_messaging.message.tables import Message
from quill_messaging.thread.repository import IS_STAFF, ME, THREAD, readable, still_involved
from quill_messaging.thread.tables import Conversation, ConversationOrganisation, Participant

PREVIEW_LENGTH = 200
FETCHES = (51, 201, 1001)
"""How many rows a page may fetch. Written into the statements: of a number that comes as a parameter PostgreSQL thinks
that it is a tenth of all rows, and reads the tables instead of the indexes."""

_BEFORE = (bindparam("before_time", type_=DateTime(timezone=True)), bindparam("before_id", type_=BigInteger()))
PATIENT = bindparam("patient", type_=Text())
_WANTED = (
    func.unnest(bindparam("statuses", type_=ARRAY(Text)))
    .table_valued(column("status", Text), name="wanted")
    .render_derived()
)

Newest = Select[datetime, int]


def _newest(
    fetch: int,
    status: InstrumentedAttribute[str],
    time: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[int],
) -> Newest:
    """The first rows of one wanted status after the cursor; the three columns must be the end of an index."""
    return (
        select(time.label("time"), key.label("id"))
        .where(status == _WANTED.c.status, tuple_(time, key) < tuple_(*_BEFORE))
        .order_by(time.desc(), key.desc())
        .limit(literal_column(str(fetch), BigInteger()))
    )


def _newest_in(fetch: int, link: type[ConversationOrganisation] | type[Participant]) -> Newest:
    return _newest(fetch, link.conversation_status, link.conversation_updated_at, link.conversation_id)


def _newest_of(fetch: int) -> Newest:
    return _newest(fetch, Conversation.status, Conversation.updated_at, Conversation.id)


def _of_each_status(newest: Newest, each: type[AccessStaff] | type[AccessGrant] | None = None) -> Newest:
    """The newest of every wanted status, for each row of `each` if it is given."""
    rows = newest.correlate(_WANTED, *([] if each is None else [each])).lateral("newest")
    columns = select(rows.c.time, rows.c.id)
    if each is None:
        return columns.select_from(_WANTED).join(rows, true())
    return columns.select_from(each).join(_WANTED, true()).join(rows, true()).where(each.user_id == ME)


def _taken_part_in(fetch: int) -> Newest:
    newest = _newest_in(fetch, Participant).join(Conversation, Conversation.id == Participant.conversation_id)
    return _of_each_status(newest.where(Participant.user_id == ME, still_involved))


def _of_organisations(fetch: int) -> Newest:
    newest = _newest_in(fetch, ConversationOrganisation)
    mine = newest.where(ConversationOrganisation.organisation_id == AccessStaff.organisation_id)
    return _of_each_status(mine, AccessStaff).where(IS_STAFF)


def _of_granted_patients(fetch: int) -> Newest:
    newest = _newest_of(fetch).where(Conversation.patient_id == AccessGrant.patient_id)
    return _of_each_status(newest, AccessGrant)


def _summaries(page: FromClause) -> Select[Any]:
    """A page of (`time`, `id`) with all that a summary shows beside the participants."""
    mine = aliased(Participant)
    takes_part = and_(mine.user_id.is_not(None), still_involved)
    last = (
        select(func.left(Message.body, PREVIEW_LENGTH).label("preview"), Message.created_at)
        .where(Message.conversation_id == Conversation.id)
        .correlate(Conversation)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(1)
        .lateral("last")
    )
    unread = (
        select(func.count().label("number"))
        .where(
            Message.conversation_id == mine.conversation_id,
            Message.sender_id != ME,
            Message.created_at > func.coalesce(mine.last_read_at, literal("-infinity").cast(DateTime(timezone=True))),
        )
        .correlate(mine)
        .lateral("unread")
    )
    return (
        select(
            *Conversation.__table__.columns,
            func.coalesce(takes_part, False).label("is_participant"),
            last.c.preview.label("last_message_preview"),
            last.c.created_at.label("last_message_time"),
            case((takes_part, unread.c.number), else_=0).label("unread_count"),
        )
        .select_from(page)
        .join(Conversation, Conversation.id == page.c.id)
        .outerjoin(mine, (mine.conversation_id == Conversation.id) & (mine.user_id == ME))
        .outerjoin(last, true())
        .outerjoin(unread, true())
        .order_by(page.c.time.desc(), page.c.id.desc())
    )


def _page(fetch: int, *ways: Newest) -> Select[Any]:
    found = union(*ways).subquery("found")
    newest = select(found.c.time, found.c.id).order_by(found.c.time.desc(), found.c.id.desc())
    return _summaries(newest.limit(literal_column(str(fetch), BigInteger())).subquery("page"))


def _mine(fetch: int) -> Select[Any]:
    """A page of all that the caller may read.

    The three ways to `readable`, each walked from the newest: a condition on all conversations would walk them all.
    """
    return _page(fetch, _taken_part_in(fetch), _of_organisations(fetch), _of_granted_patients(fetch))


def _about_patient(fetch: int) -> Select[Any]:
    """A page of one patient's conversations that the caller may read."""
    return _page(fetch, _of_each_status(_newest_of(fetch).where(Conversation.patient_id == PATIENT, readable)))


def _one() -> Select[Any]:
    found = select(Conversation.updated_at.label("time"), Conversation.id.label("id")).where(Conversation.id == THREAD)
    return _summaries(found.subquery("page"))


MINE = {fetch: _mine(fetch) for fetch in FETCHES}
ABOUT_PATIENT = {fetch: _about_patient(fetch) for fetch in FETCHES}
ONE = _one()
