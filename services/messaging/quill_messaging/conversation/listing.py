"""Pages of conversations as SQL: newest activity first, at a cost that does not grow with what there is."""

from datetime import datetime
from typing import Any

from quill_common.access.tables import AccessGrant, AccessStaff
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    FromClause,
    Select,
    Text,
    bindparam,
    case,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from quill_messaging.message.tables import Message
from quill_messaging.thread.repository import IS_STAFF, ME, THREAD, participates, readable, still_involved
from quill_messaging.thread.tables import Conversation, ConversationOrganisation, Participant

PREVIEW_LENGTH = 200
FETCHES = (51, 201, 1001)
"""How many rows a page may fetch. Written into the statements: of a number that comes as a parameter PostgreSQL thinks
that it is a tenth of all rows, and reads the tables instead of the indexes."""

_STATUS = bindparam("status", type_=Text())
_BEFORE = (bindparam("before_time", type_=DateTime(timezone=True)), bindparam("before_id", type_=BigInteger()))
_wanted = or_(_STATUS.is_(None), Conversation.status == _STATUS)


def _newest(
    fetch: int, time: InstrumentedAttribute[datetime], key: InstrumentedAttribute[int]
) -> Select[datetime, int]:
    """The first rows in list order after the cursor; `time` and `key` must be the end of an index."""
    return (
        select(time.label("time"), key.label("id"))
        .where(tuple_(time, key) < tuple_(*_BEFORE), _wanted)
        .order_by(time.desc(), key.desc())
        .limit(literal_column(str(fetch), BigInteger()))
    )


def _newest_taken_part_in(fetch: int) -> Select[datetime, int]:
    newest = _newest(fetch, Participant.conversation_updated_at, Participant.conversation_id)
    return newest.join(Conversation, Conversation.id == Participant.conversation_id).where(
        Participant.user_id == ME, still_involved
    )


def _newest_of_organisations(fetch: int) -> Select[datetime, int]:
    link = ConversationOrganisation
    newest = (
        _newest(fetch, link.conversation_updated_at, link.conversation_id)
        .join(Conversation, Conversation.id == link.conversation_id)
        .where(link.organisation_id == AccessStaff.organisation_id)
        .correlate(AccessStaff)
        .lateral("of_organisation")
    )
    return (
        select(newest.c.time, newest.c.id)
        .select_from(AccessStaff)
        .join(newest, true())
        .where(AccessStaff.user_id == ME, IS_STAFF)
    )


def _newest_of_granted_patients(fetch: int) -> Select[datetime, int]:
    newest = (
        _newest(fetch, Conversation.updated_at, Conversation.id)
        .where(Conversation.patient_id == AccessGrant.patient_id)
        .correlate(AccessGrant)
        .lateral("of_patient")
    )
    return (
        select(newest.c.time, newest.c.id)
        .select_from(AccessGrant)
        .join(newest, true())
        .where(AccessGrant.user_id == ME)
    )


def _summaries(page: FromClause) -> Select[Any]:
    """A page of (`time`, `id`) with all that a summary shows beside the participants."""
    mine = aliased(Participant)
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
            func.coalesce(participates, False).label("is_participant"),
            last.c.preview.label("last_message_preview"),
            last.c.created_at.label("last_message_time"),
            case((participates, unread.c.number), else_=0).label("unread_count"),
        )
        .select_from(page)
        .join(Conversation, Conversation.id == page.c.id)
        .outerjoin(mine, (mine.conversation_id == Conversation.id) & (mine.user_id == ME))
        .outerjoin(last, true())
        .outerjoin(unread, true())
        .order_by(page.c.time.desc(), page.c.id.desc())
    )


def _mine(fetch: int) -> Select[Any]:
    """A page of all that the caller may read.

    The three ways to `readable`, each walked from the newest: a condition on all conversations would walk them all.
    """
    ways = union(
        _newest_taken_part_in(fetch), _newest_of_organisations(fetch), _newest_of_granted_patients(fetch)
    ).subquery("ways")
    newest = (
        select(ways.c.time, ways.c.id)
        .order_by(ways.c.time.desc(), ways.c.id.desc())
        .limit(literal_column(str(fetch), BigInteger()))
    )
    return _summaries(newest.subquery("page"))


def _one(condition: ColumnElement[bool]) -> Select[Any]:
    found = select(Conversation.updated_at.label("time"), Conversation.id.label("id")).where(condition)
    return _summaries(found.subquery("page"))


def _about_patient(fetch: int) -> Select[Any]:
    newest = _newest(fetch, Conversation.updated_at, Conversation.id)
    return _summaries(newest.where(Conversation.patient_id == bindparam("patient"), readable).subquery("page"))


MINE = {fetch: _mine(fetch) for fetch in FETCHES}
ABOUT_PATIENT = {fetch: _about_patient(fetch) for fetch in FETCHES}
ONE = _one(Conversation.id == THREAD)
