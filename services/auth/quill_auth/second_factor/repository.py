"""The SQL of the second factor."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from quill_common.database.session import Reader, Writer
from sqlalchemy import BigInteger, Row, bindparam, cast, delete, func, insert, or_, select, update

from quill_auth.account.tables import User
from quill_auth.second_factor.tables import RecoveryCode
from quill_auth.session.tables import Session

_ID = User.id == bindparam("id_of_user")
# Not as strong as FOR UPDATE: rows that refer to the account need not wait.
_LOCK = select(User.id).where(_ID).with_for_update(key_share=True)
_LOCK_FOR_SIGN_IN = (
    select(User.is_totp_enabled, User.totp_secret, User.totp_last_step, User.second_factor_failures, User.email)
    .where(_ID, User.is_active, User.password_hash == bindparam("password_hash_of_user"))
    .with_for_update(key_share=True)
)
_SESSION_SECONDS = (
    select(cast(func.greatest(1, func.extract("epoch", Session.expires_at - func.clock_timestamp())), BigInteger))
    .where(
        Session.id == bindparam("session_id"),
        Session.user_id == User.id,
        Session.ended_at.is_(None),
        Session.expires_at > func.clock_timestamp(),
    )
    .scalar_subquery()
)
_STATE = select(
    User.is_totp_enabled, User.totp_secret, User.totp_last_step, User.email, _SESSION_SECONDS.label("session_seconds")
).where(_ID)
_ENABLED = select(User.is_totp_enabled).where(_ID)
_CODES_LEFT = select(func.count()).where(RecoveryCode.user_id == bindparam("user_id"))


async def locked_state(writer: Writer, user_id: int, session_id: str) -> Row[Any] | None:
    """`is_totp_enabled`, `totp_secret`, `totp_last_step`, `email`, held to the end of the transaction.

    `session_seconds` is how long the session will live, None when it has ended.
    """
    # Two statements: the second sees what the transaction that held the lock before has done to sessions.
    await writer.value(_LOCK, {"id_of_user": user_id})
    return await writer.row(_STATE, {"id_of_user": user_id, "session_id": UUID(session_id)})


async def locked_for_sign_in(writer: Writer, user_id: int, password_hash: str) -> Row[Any] | None:
    """The same with `second_factor_failures` in place of the session.

    None when the account is off or has another password by now.
    """
    return await writer.row(_LOCK_FOR_SIGN_IN, {"id_of_user": user_id, "password_hash_of_user": password_hash})


async def store_secret(writer: Writer, user_id: int, sealed: str) -> None:
    await writer.execute(update(User).where(User.id == user_id).values(totp_secret=sealed))


async def spend_step(writer: Writer, user_id: int, step: int) -> bool:
    """Use up a time step; False when it, or a later one, was used before."""
    unused = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
    return await writer.execute(update(User).where(User.id == user_id, unused).values(totp_last_step=step)) == 1


async def count_failure(writer: Writer, user_id: int) -> None:
    more = User.second_factor_failures + 1
    await writer.execute(update(User).where(User.id == user_id).values(second_factor_failures=more))


async def forget_failures(writer: Writer, user_id: int) -> None:
    await writer.execute(update(User).where(User.id == user_id).values(second_factor_failures=0))


async def is_enabled(reader: Reader, user_id: int) -> bool:
    return bool(await reader.value(_ENABLED, {"id_of_user": user_id}))


async def enable(writer: Writer, user_id: int) -> None:
    await writer.execute(update(User).where(User.id == user_id).values(is_totp_enabled=True))


async def forget(writer: Writer, user_id: int) -> None:
    """Factor off, secret and recovery codes gone. Steps and failures are of the secret that goes: so do they."""
    nothing = {"is_totp_enabled": False, "totp_secret": None, "totp_last_step": None, "second_factor_failures": 0}
    await writer.execute(update(User).where(User.id == user_id).values(nothing))
    await writer.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


async def replace_codes(writer: Writer, user_id: int, hashes: Iterable[bytes]) -> None:
    await writer.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    await writer.execute(insert(RecoveryCode), [{"user_id": user_id, "code_hash": each} for each in hashes])


async def spend_code(writer: Writer, user_id: int, code_hash: bytes) -> bool:
    """Use up a recovery code; False when there is no such code, or no more."""
    found = delete(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.code_hash == code_hash)
    return await writer.execute(found) == 1


async def codes_left(reader: Reader, user_id: int) -> int:
    return int(await reader.value(_CODES_LEFT, {"user_id": user_id}))
