"""The participants of conversations, with today's names."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quill_common.access.tables import AccessGrant, AccessStaff, AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import BigInteger, Row, Text, any_, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from quill_messaging.message.tables import Message
from quill_messaging.thread.tables import Conversation, ConversationOrganisation, Participant

DISPLAY_NAME = func.coalesce(func.nullif(AccessUser.full_name, ""), AccessUser.username)


def _ids(name: str) -> Any:
    return any_(bindparam(name, type_=ARRAY(BigInteger)))


_PARTICIPANTS = select(
    Participant.conversation_id,
    Participant.user_id,
    func.coalesce(AccessUser.username, "").label("username"),
    func.coalesce(DISPLAY_NAME, "").label("display_name"),
    Participant.role,
    Participant.joined_at,
    Participant.last_read_at,
).outerjoin(AccessUser, AccessUser.id == Participant.user_id)

_OF_CONVERSATIONS = _PARTICIPANTS.where(Participant.conversation_id == _ids("conversations")).order_by(
    Participant.conversation_id, Participant.joined_at, Participant.id
)
_OF_ONE = _PARTICIPANTS.where(Participant.conversation_id == bindparam("conversation")).order_by(
    Participant.joined_at, Participant.id
)
_ONE = _PARTICIPANTS.where(
    Participant.conversation_id == bindparam("conversation"), Participant.user_id == bindparam("user")
)

_holds_grant = exists().where(AccessGrant.user_id == AccessUser.id, AccessGrant.patient_id == bindparam("patient"))
_CANDIDATES = select(
    AccessUser.id,
    AccessUser.level,
    or_(func.coalesce(AccessUser.patient_id == bindparam("patient"), False), _holds_grant).label("is_involved"),
).where(AccessUser.id == _ids("users"), AccessUser.is_active)
_LINKED = (
    select(AccessUser.id, AccessUser.level)
    .where(AccessUser.patient_id == bindparam("patient"), AccessUser.is_active)
    .order_by(AccessUser.id)
)

_joining = select(
    Conversation.id,
    func.unnest(bindparam("users", type_=ARRAY(BigInteger))),
    func.unnest(bindparam("roles", type_=ARRAY(Text))),
    func.clock_timestamp(),
    Conversation.status,
    Conversation.updated_at,
).where(Conversation.id == bindparam("conversation"))
_JOIN = (
    insert(Participant)
    .from_select(
        ["conversation_id", "user_id", "role", "joined_at", "conversation_status", "conversation_updated_at"], _joining
    )
    .on_conflict_do_nothing()
    .returning(Participant.user_id)
)

_BRING_ORGANISATIONS = (
    insert(ConversationOrganisation)
    .from_select(
        ["conversation_id", "organisation_id", "conversation_status", "conversation_updated_at"],
        select(Conversation.id, AccessStaff.organisation_id, Conversation.status, Conversation.updated_at)
        .join(AccessStaff, AccessStaff.user_id == _ids("users"))
        .where(Conversation.id == bindparam("conversation"))
        .distinct(),
    )
    .on_conflict_do_nothing()
)

_NEWEST = (
    select(func.max(Message.created_at)).where(Message.conversation_id == bindparam("conversation")).scalar_subquery()
)
_READ_TO = func.coalesce(bindparam("read_to", type_=Participant.last_read_at.type), _NEWEST)
_MARK_READ = (
    update(Participant)
    .where(
        Participant.conversation_id == bindparam("conversation"),
        Participant.user_id == bindparam("user"),
        or_(Participant.last_read_at.is_(None), Participant.last_read_at < _READ_TO),
    )
    .values(last_read_at=_READ_TO)
)


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody who joins, and whether they are of level `staff` or higher."""

    user_id: int
    role: str
    is_staff: bool


async def participants_of(reader: Reader, conversation_id: int) -> Sequence[Row[Any]]:
    """Of one conversation, in the order in which they joined."""
    return await reader.rows(_OF_ONE, {"conversation": conversation_id})


async def participants_by_conversation(reader: Reader, conversation_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    """Of several conversations, each in the order in which they joined. One statement."""
    found: dict[int, list[Row[Any]]] = {conversation_id: [] for conversation_id in conversation_ids}
    for row in await reader.rows(_OF_CONVERSATIONS, {"conversations": list(conversation_ids)}):
        found[row.conversation_id].append(row)
    return found


async def participant(reader: Reader, conversation_id: int, user_id: int) -> Row[Any] | None:
    return await reader.row(_ONE, {"conversation": conversation_id, "user": user_id})


async def candidates(reader: Reader, patient_id: str, user_ids: Iterable[int]) -> Sequence[Row[Any]]:
    """Those of `user_ids` that are active accounts: `id`, `level`, and whether they are or see the patient."""
    return await reader.rows(_CANDIDATES, {"users": list(user_ids), "patient": patient_id})


async def linked_accounts(reader: Reader, patient_id: str) -> Sequence[Row[Any]]:
    """The active accounts that are the patient's own: `id` and `level`."""
    return await reader.rows(_LINKED, {"patient": patient_id})


async def join(writer: Writer, conversation_id: int, joining: Sequence[Joining]) -> list[int]:
    """Let them join, and those of staff bring their organisations; the ids of those who were not in yet.

    The conversation must be locked, or new.
    """
    params = {
        "conversation": conversation_id,
        "users": [one.user_id for one in joining],
        "roles": [one.role for one in joining],
    }
    joined = set(await writer.values(_JOIN, params))
    staff = [one.user_id for one in joining if one.is_staff and one.user_id in joined and one.role != "initiator"]
    if staff:
        await writer.execute(_BRING_ORGANISATIONS, {"conversation": conversation_id, "users": staff})
    return [one.user_id for one in joining if one.user_id in joined]


async def mark_read(writer: Writer, conversation_id: int, user_id: int, read_to: datetime | None = None) -> None:
    """Mark as read all messages up to `read_to`, or all that there are.

    The mark is the time of the newest message that the caller could see, not the clock's: a message that is being
    committed right now carries an earlier time than the clock shows and would count as read by nobody having seen it.
    """
    await writer.execute(_MARK_READ, {"conversation": conversation_id, "user": user_id, "read_to": read_to})
