"""The SQL of sessions."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from quill_common.access.tables import AccessUser
from quill_common.database.session import Reader, Writer
from sqlalchemy import Row, bindparam, exists, func, select, text, update

from quill_auth.account.tables import User
from quill_auth.organisations.repository import FEATURES_OF_USER
from quill_auth.session.origin import Origin
from quill_auth.session.tables import Session

_SESSION_LIVES = exists().where(
    Session.id == bindparam("session_id"),
    Session.user_id == AccessUser.id,
    Session.ended_at.is_(None),
    Session.expires_at > func.clock_timestamp(),
)

CALLER = select(AccessUser.__table__, _SESSION_LIVES.label("session_lives")).where(
    AccessUser.id == bindparam("user_id")
)
"""The caller's account and whether the session lives, by `user_id` and `session_id`."""

ME = CALLER.add_columns(
    select(User.is_totp_enabled).where(User.id == AccessUser.id).scalar_subquery().label("totp_enabled"),
    FEATURES_OF_USER.label("features"),
)
"""`CALLER` with all that the profile shows."""

_ACCOUNT = (
    select(
        User.id,
        User.username,
        User.password_hash,
        User.is_active,
        User.is_totp_enabled,
        User.system_permissions,
        AccessUser.roles,
        AccessUser.competencies,
    )
    .join(AccessUser, AccessUser.id == User.id)
    .where(User.username == bindparam("username"))
)

# FOR SHARE: who changes the password or switches the account off locks the row and then ends all sessions, so a
# sign-in that was checked before is either seen there or refused here. A factor that was enabled after the account was
# read is noticed too: `proved` says whether one was asked for.
_BEGIN = text(
    """
    WITH account AS (
        SELECT id FROM users
        WHERE id = :user_id AND is_active AND password_hash = :password_hash AND (:proved OR NOT is_totp_enabled)
        FOR SHARE
    ), begun AS (
        INSERT INTO session (id, user_id, expires_at, device, address)
        SELECT CAST(:session_id AS uuid), id, clock_timestamp() + CAST(:lifetime AS interval),
               CAST(:device AS text), CAST(:address AS text)
        FROM account
        RETURNING id
    )
    INSERT INTO refresh_token (session_id, generation, token_hash) SELECT id, 0, :token_hash FROM begun
    """
)

# One statement: of simultaneous presentations of one token the first sets `used_at`, the others wait for its row and
# find it just used. All of them lead to the family's newest token. Tokens used long ago are forgotten: one that is
# unknown counts as used before. (Twice the grace, so that nobody deletes what another is about to accept.)
# `seconds_left` are whole seconds, counted by the clock that the session is kept by.
_ROTATE = text(
    """
    WITH presented AS (
        UPDATE refresh_token SET used_at = coalesce(used_at, clock_timestamp())
        WHERE session_id = CAST(:session_id AS uuid) AND token_hash = :token_hash
          AND (used_at IS NULL OR used_at > clock_timestamp() - CAST(:grace AS interval))
        RETURNING session_id, generation
    ), moved AS (
        UPDATE session
        SET generation = greatest(session.generation, presented.generation + 1),
            last_used_at = clock_timestamp(),
            expires_at = least(
                clock_timestamp() + CAST(:lifetime AS interval), session.created_at + CAST(:longest AS interval)
            ),
            device = CAST(:device AS text),
            address = CAST(:address AS text)
        FROM presented, access_user, users
        WHERE session.id = presented.session_id AND session.user_id = :user_id
          AND presented.generation >= session.first_generation
          AND session.ended_at IS NULL AND session.expires_at > clock_timestamp()
          AND session.created_at + CAST(:longest AS interval) > clock_timestamp()
          AND access_user.id = session.user_id AND access_user.is_active AND users.id = session.user_id
        RETURNING session.id, session.generation AS newest, presented.generation AS presented,
                  access_user.roles, access_user.competencies, users.system_permissions, users.is_totp_enabled,
                  CAST(greatest(1, least(
                      extract(epoch FROM CAST(:lifetime AS interval)),
                      floor(extract(epoch FROM session.created_at + CAST(:longest AS interval) - clock_timestamp()))
                  )) AS bigint) AS seconds_left
    ), following AS (
        INSERT INTO refresh_token (session_id, generation, token_hash)
        SELECT id, presented + 1, :successor_hash FROM moved
        ON CONFLICT DO NOTHING
    ), forgotten AS (
        DELETE FROM refresh_token USING moved
        WHERE session_id = moved.id AND used_at < clock_timestamp() - 2 * CAST(:grace AS interval)
    )
    SELECT newest, presented, roles, competencies, system_permissions, is_totp_enabled, seconds_left FROM moved
    """
)

_REUSED = text(
    """
    SELECT users.is_active AS user_is_active,
           session.id IS NOT NULL AND session.ended_at IS NULL AND session.expires_at > clock_timestamp() AS live,
           NOT EXISTS (
               SELECT FROM refresh_token
               WHERE refresh_token.session_id = session.id AND token_hash = :token_hash
                 AND (used_at IS NULL OR used_at > clock_timestamp() - CAST(:grace AS interval)
                      OR refresh_token.generation < session.first_generation)
           ) AS reused
    FROM users LEFT JOIN session ON session.id = CAST(:session_id AS uuid) AND session.user_id = users.id
    WHERE users.id = :user_id
    """
)

# Only the session's row is locked, as a rotation does last: one that waits for it finds its token below the new line.
_BEGIN_LINE = text(
    """
    WITH moved AS (
        UPDATE session
        SET generation = session.generation + 1, first_generation = session.generation + 1,
            last_used_at = clock_timestamp(),
            expires_at = least(
                clock_timestamp() + CAST(:lifetime AS interval), session.created_at + CAST(:longest AS interval)
            )
        FROM access_user, users
        WHERE session.id = CAST(:session_id AS uuid) AND session.user_id = :user_id
          AND session.ended_at IS NULL AND session.expires_at > clock_timestamp()
          AND access_user.id = session.user_id AND access_user.is_active AND users.id = session.user_id
        RETURNING session.id, session.generation, session.expires_at, access_user.roles, access_user.competencies,
                  users.system_permissions, users.is_totp_enabled
    ), begun AS (
        INSERT INTO refresh_token (session_id, generation, token_hash) SELECT id, generation, :token_hash FROM moved
    )
    SELECT roles, competencies, system_permissions, is_totp_enabled,
           CAST(greatest(1, extract(epoch FROM expires_at - clock_timestamp())) AS bigint) AS seconds_left
    FROM moved
    """
)

_LIVE = (Session.ended_at.is_(None), Session.expires_at > func.clock_timestamp())
_END = (
    update(Session)
    .where(Session.user_id == bindparam("owner"), *_LIVE)
    .values(ended_at=func.clock_timestamp(), ended_reason=bindparam("reason"))
    .returning(Session.id)
)
_END_ONE = _END.where(Session.id == bindparam("session"))
_END_OTHERS = _END.where(Session.id != bindparam("kept"))
_END_WHOEVER = (
    update(Session)
    .where(Session.id == bindparam("session"), *_LIVE)
    .values(ended_at=func.clock_timestamp(), ended_reason=bindparam("reason"))
    .returning(Session.user_id)
)
_LIVES = select(exists().where(Session.id == bindparam("session"), Session.user_id == bindparam("owner"), *_LIVE))

_FORGET = text("DELETE FROM session WHERE expires_at < clock_timestamp() - interval '1 day'")


async def account_named(reader: Reader, username: str) -> Row[Any] | None:
    """What sign-in needs of the account of that name."""
    return await reader.row(_ACCOUNT, {"username": username})


async def begin(
    writer: Writer,
    user_id: int,
    password_hash: str,
    session_id: str,
    token_hash: bytes,
    lifetime: timedelta,
    origin: Origin,
    *,
    proved: bool,
) -> bool:
    """Begin a session, unless the account was switched off or has another password by now.

    `proved`: the second factor was used; without, an account that has one by now gets no session.
    """
    values = {
        "user_id": user_id,
        "password_hash": password_hash,
        "session_id": session_id,
        "token_hash": token_hash,
        "lifetime": lifetime,
        "proved": proved,
        **asdict(origin),
    }
    return await writer.execute(_BEGIN, values) == 1


async def renew_hash(writer: Writer, user_id: int, old: str, new: str) -> bool:
    """Replace a password's hash by a newer one of the same password."""
    statement = update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
    return await writer.execute(statement) == 1


async def rotate(
    writer: Writer,
    user_id: int,
    session_id: str,
    token_hash: bytes,
    successor_hash: bytes,
    lifetime: timedelta,
    longest: timedelta,
    grace: timedelta,
    origin: Origin,
) -> Row[Any] | None:
    """Use a refresh token, for another `lifetime` within the `longest` that a session may last.

    `newest` and `presented` generation, roles, competencies, `system_permissions`, `is_totp_enabled`, `seconds_left`;
    None when it is refused.
    """
    values = {
        "user_id": user_id,
        "session_id": session_id,
        "token_hash": token_hash,
        "successor_hash": successor_hash,
        "lifetime": lifetime,
        "longest": longest,
        "grace": grace,
        **asdict(origin),
    }
    return await writer.row(_ROTATE, values)


async def begin_line(
    writer: Writer, user_id: int, session_id: str, token_hash: bytes, lifetime: timedelta, longest: timedelta
) -> Row[Any] | None:
    """Give the session a refresh token that follows from none before, and refuse all those from now on.

    `roles`, `competencies`, `system_permissions`, `is_totp_enabled`, `seconds_left`; None when the session has ended.
    """
    values = {
        "user_id": user_id,
        "session_id": session_id,
        "token_hash": token_hash,
        "lifetime": lifetime,
        "longest": longest,
    }
    return await writer.row(_BEGIN_LINE, values)


async def why_refused(
    reader: Reader, user_id: int, session_id: str, token_hash: bytes, grace: timedelta
) -> Row[Any] | None:
    """`user_is_active`, `live` (the session), `reused` (the token); None when there is no such account."""
    values = {"user_id": user_id, "session_id": session_id, "token_hash": token_hash, "grace": grace}
    return await reader.row(_REUSED, values)


async def end(writer: Writer, user_id: int, session_id: str, reason: str) -> Sequence[UUID]:
    """End one session if it lives; its id, or nothing."""
    return await writer.values(_END_ONE, {"owner": user_id, "session": UUID(session_id), "reason": reason})


async def end_whoever(writer: Writer, session_id: str, reason: str) -> int | None:
    """End one session if it lives, whoever's it is; the id of its user."""
    owner: int | None = await writer.value(_END_WHOEVER, {"session": UUID(session_id), "reason": reason})
    return owner


async def end_all(writer: Writer, user_id: int, reason: str) -> Sequence[UUID]:
    """End all live sessions of a user; their ids."""
    return await writer.values(_END, {"owner": user_id, "reason": reason})


async def end_others(writer: Writer, user_id: int, kept: str, reason: str) -> Sequence[UUID]:
    """End all live sessions of a user but the one with the id `kept`; their ids."""
    return await writer.values(_END_OTHERS, {"owner": user_id, "kept": UUID(kept), "reason": reason})


async def lives(reader: Reader, user_id: int, session_id: str) -> bool:
    """Whether the session is the user's and has not ended."""
    return bool(await reader.value(_LIVES, {"owner": user_id, "session": UUID(session_id)}))


async def forget_expired(writer: Writer) -> int:
    """Delete sessions that nothing can renew any more; how many."""
    return await writer.execute(_FORGET)
