"""Sign in, renew, sign out (contract 1.4, 4.1, 4.6, 4.7)."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.identity.claims import RefreshClaims
from quill_common.log import request_id
from sqlalchemy import Row

from quill_auth.parts import AuthParts
from quill_auth.session import repository
from quill_auth.session.ending import end_session
from quill_auth.session.errors import BadRefreshToken, InactiveUser, InvalidCredentials
from quill_auth.session.token_ids import first_token_id, successor, token_hash

GRACE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Tokens:
    """The three tokens of a session, as they go into the cookies."""

    access: str
    refresh: str
    csrf: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    username: str
    roles: list[str]
    tokens: Tokens


async def sign_in(database: Database, auth: AuthParts, username: str, password: str) -> SignedIn:
    """Begin a session. Raises InvalidCredentials, after the same work whatever was wrong."""
    async with database.reader() as reader:
        account = await repository.account_named(reader, username)
    good = await auth.passwords.verify(account.password_hash if account else None, password)
    if account is None or not good or not account.is_active:
        raise InvalidCredentials
    renewed = await auth.passwords.hash(password) if auth.passwords.is_outdated(account.password_hash) else None
    session_id, token_id = str(uuid.uuid4()), first_token_id()
    lifetime = timedelta(seconds=auth.settings.refresh_seconds)
    async with database.writer() as writer:
        known = account.password_hash
        if renewed and await repository.renew_hash(writer, account.id, known, renewed):
            known = renewed
        if not await repository.begin(writer, account.id, known, session_id, token_hash(token_id), lifetime):
            raise InvalidCredentials
    roles = list(account.roles)
    return SignedIn(
        account.username, roles, _tokens(auth, account.id, session_id, token_id, roles, account.competencies)
    )


async def refresh(database: Database, units: UnitsOfWork, auth: AuthParts, claims: RefreshClaims) -> Tokens:
    """New tokens of the same family. Raises BadRefreshToken or InactiveUser.

    The same token within `GRACE` of its first use is good every time; used later it ends the session.
    """
    async with database.statement() as writer:
        renewed = await _rotate(writer, auth, claims)
    if renewed is None:
        raise await _refusal(units, claims)
    token_id = successor(claims.token_id, renewed.newest - renewed.presented)
    return _tokens(auth, claims.user_id, claims.session_id, token_id, renewed.roles, renewed.competencies)


async def _rotate(writer: Writer, auth: AuthParts, claims: RefreshClaims) -> Row[Any] | None:
    return await repository.rotate(
        writer,
        claims.user_id,
        claims.session_id,
        token_hash(claims.token_id),
        token_hash(successor(claims.token_id)),
        timedelta(seconds=auth.settings.refresh_seconds),
        GRACE,
    )


async def _refusal(units: UnitsOfWork, claims: RefreshClaims) -> BadRefreshToken | InactiveUser:
    """What is wrong with a token that was refused; ends the family of one that was used before."""
    revoked: tuple[str, ...] = ()
    # A unit of its own, closed before the refusal is raised: the end of the family is committed though we answer 401.
    async with units.open(request_id=request_id()) as unit:
        found = await repository.why_refused(
            unit, claims.user_id, claims.session_id, token_hash(claims.token_id), GRACE
        )
        if found is not None and found.user_is_active and found.live and found.reused:
            revoked = await end_session(unit, claims.user_id, claims.session_id, "refresh reuse")
    if found is None or not found.user_is_active:
        return InactiveUser()
    return BadRefreshToken(revoked)


def _tokens(
    auth: AuthParts,
    user_id: int,
    session_id: str,
    token_id: str,
    roles: Iterable[str],
    competencies: Iterable[str],
) -> Tokens:
    access, whole = auth.settings.access_seconds, auth.settings.refresh_seconds
    return Tokens(
        auth.signer.access(user_id, session_id, roles=roles, competencies=competencies, lifetime=access),
        auth.signer.refresh(user_id, session_id, lifetime=whole, token_id=token_id),
        auth.signer.csrf(user_id, session_id, lifetime=whole),
    )
