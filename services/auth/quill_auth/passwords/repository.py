"""The SQL of passwords and of the links that reset them."""

from datetime import timedelta
from typing import Any, Final

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import Interval, Row, bindparam, delete, func, insert, select, text, update

from quill_auth.account.tables import User
from quill_auth.passwords.tables import PasswordReset
from quill_auth.session.repository import CALLER

MAILS_COUNT_FOR: Final = timedelta(hours=1)

CALLER_WITH_PASSWORD = CALLER.add_columns(
    select(User.password_hash).where(User.id == AccessUser.id).scalar_subquery().label("password_hash")
)
"""`CALLER` with the hash of the password."""

# Who guessed at the second factor knew the password of before.
_ANEW: Final = {"second_factor_failures": 0}

_HASH = PasswordReset.token_hash == bindparam("hash_of_token")
_LIVE = (PasswordReset.spent_at.is_(None), PasswordReset.expires_at > func.clock_timestamp())
_LINK = (
    select(User.id, User.username, User.email)
    .join(PasswordReset, PasswordReset.user_id == User.id)
    .where(_HASH, *_LIVE, User.is_active)
)
_SPEND = update(PasswordReset).where(_HASH, *_LIVE).values(spent_at=func.clock_timestamp())
_KILL = (
    update(PasswordReset)
    .where(PasswordReset.user_id == bindparam("owner"), PasswordReset.spent_at.is_(None))
    .values(spent_at=func.clock_timestamp())
)
_ADD = insert(PasswordReset).values(expires_at=func.clock_timestamp() + bindparam("lifetime", type_=Interval()))
_RECENT = select(func.count()).where(
    PasswordReset.user_id == bindparam("user_id"),
    PasswordReset.created_at > func.clock_timestamp() - MAILS_COUNT_FOR,
)
_FORGET = delete(PasswordReset).where(
    PasswordReset.expires_at < func.clock_timestamp(),
    PasswordReset.created_at < func.clock_timestamp() - MAILS_COUNT_FOR,
)

# Held against others who send to the account or change it: what is counted and sent is true until the commit.
_ACTIVE = select(User.id, User.email).where(User.is_active).with_for_update(key_share=True)
_ACTIVE_AT = _ACTIVE.where(func.lower(User.email) == bindparam("address"))
_ACTIVE_ONE = _ACTIVE.where(User.id == bindparam("user_id"))

# What waits for one address is bounded, and nobody waits for anybody: a flood may overshoot by those that ask at once.
_ASK = text(
    """
    INSERT INTO reset_request (address)
    SELECT lower(:address) WHERE (SELECT count(*) FROM reset_request WHERE address = lower(:address)) < :most
    """
)
_TAKE = text(
    """
    DELETE FROM reset_request
    WHERE id = (SELECT id FROM reset_request ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING address
    """
)


async def swap_password(writer: Writer, user_id: int, old: str, new: str) -> str | None:
    """Replace the hash `old` by `new` and hold the account to the end; its address.

    None when another has replaced the hash, or the account is switched off.
    """
    statement = update(User).where(User.id == user_id, User.is_active, User.password_hash == old)
    address: str | None = await writer.value(statement.values(password_hash=new, **_ANEW).returning(User.email))
    return address


async def set_password(writer: Writer, user_id: int, password_hash: str) -> None:
    await writer.execute(update(User).where(User.id == user_id).values(password_hash=password_hash, **_ANEW))


async def locked_active(writer: Writer, user_id: int) -> Row[Any] | None:
    """`id` and `email` of the account, held to the end; None when it is switched off."""
    return await writer.row(_ACTIVE_ONE, {"user_id": user_id})


async def locked_active_at(writer: Writer, address: str) -> Row[Any] | None:
    """The same by the address, in lower case."""
    return await writer.row(_ACTIVE_AT, {"address": address})


async def ask(writer: Writer, address: str, most: int) -> None:
    """Note that somebody asked for a link, unless `most` for the address wait already."""
    await writer.execute(_ASK, {"address": address, "most": most})


async def take_request(writer: Writer) -> str | None:
    """The address of the request that waits longest, in lower case; it is another's when this is undone."""
    address: str | None = await writer.value(_TAKE)
    return address


async def recent_links(reader: Reader, user_id: int) -> int:
    """How many links the account was sent in the last hour."""
    return int(await reader.value(_RECENT, {"user_id": user_id}))


async def add_link(writer: Writer, token_hash: bytes, user_id: int, lifetime: timedelta) -> None:
    await writer.execute(_ADD, {"token_hash": token_hash, "user_id": user_id, "lifetime": lifetime})


async def account_of_link(reader: Reader, token_hash: bytes) -> Row[Any] | None:
    """`id`, `username` and `email` of the active account whose good link it is."""
    return await reader.row(_LINK, {"hash_of_token": token_hash})


async def spend_link(writer: Writer, token_hash: bytes) -> bool:
    """Use the link; whether it was still good. Of two at once one is told so."""
    return await writer.execute(_SPEND, {"hash_of_token": token_hash}) == 1


async def kill_links(writer: Writer, user_id: int) -> None:
    """Make every link of the account bad."""
    await writer.execute(_KILL, {"owner": user_id})


async def forget_links(writer: Writer) -> int:
    """Delete links that neither work nor count any more; how many."""
    return await writer.execute(_FORGET)
