"""Sign in (contract 4.1)."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from quill_common.audit.entry import AuditEntry, Who
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import request_id
from sqlalchemy import Row

from quill_auth.parts import AuthParts
from quill_auth.second_factor.proving import prove, require_given
from quill_auth.second_factor.requirement import must_set_up
from quill_auth.session import repository
from quill_auth.session.ending import end_replaced_session
from quill_auth.session.errors import InvalidCredentials, InvalidSecondFactor, RefusedSignIn
from quill_auth.session.origin import Origin
from quill_auth.session.token_ids import first_token_id, token_hash
from quill_auth.session.tokens import Tokens, make_tokens


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`ended` names the session that the new one took the place of, if it still lived."""

    username: str
    roles: list[str]
    tokens: Tokens
    ended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Credentials:
    """As they were typed."""

    username: str
    password: str
    totp_code: str | None


async def sign_in(
    units: UnitsOfWork, auth: AuthParts, given: Credentials, origin: Origin, held: str | None = None
) -> SignedIn:
    """Begin a session, and end `held`, the one that the browser had.

    Raises InvalidCredentials, after the same work whatever was wrong. Only then the second factor counts:
    TwoFactorRequired, InvalidSecondFactor, UnreadableSecret.
    """
    account = await _checked(units, auth, given)
    try:
        return await _begun(units, auth, account, given, origin, held)
    except RefusedSignIn as refused:
        refused.user_id = account.id
        raise


async def _checked(units: UnitsOfWork, auth: AuthParts, given: Credentials) -> Row[Any]:
    """The active account of that name and password."""
    async with units.reader() as reader:
        account = await repository.account_named(reader, given.username)
    good = await auth.passwords.verify(account.password_hash if account else None, given.password)
    if account is None:
        raise InvalidCredentials("unknown name")
    if not good:
        raise InvalidCredentials("password", account.id)
    if not account.is_active:
        raise InvalidCredentials("inactive", account.id)
    return account


async def _begun(
    units: UnitsOfWork, auth: AuthParts, account: Row[Any], given: Credentials, origin: Origin, held: str | None
) -> SignedIn:
    has_factor = account.is_totp_enabled
    if has_factor:
        require_given(given.totp_code)
    renewed = await auth.passwords.hash(given.password) if auth.passwords.is_outdated(account.password_hash) else None
    session_id, token_id = str(uuid.uuid4()), first_token_id()
    seconds = min(auth.settings.refresh_seconds, auth.settings.session_max_seconds)
    lifetime = timedelta(seconds=seconds)
    ended: tuple[str, ...] = ()
    who = Who(account.id, session_id=session_id, address=origin.address)
    async with units.open(request_id=request_id(), who=lambda: who) as unit:
        known = account.password_hash
        if renewed and await repository.renew_hash(unit, account.id, known, renewed):
            known = renewed
        proved = await prove(unit, auth, account.id, known, given.totp_code) if has_factor else []
        if proved is not None:
            if not await repository.begin(
                unit, account.id, known, session_id, token_hash(token_id), lifetime, origin, proved=has_factor
            ):
                raise InvalidCredentials("account changed")
            factors = ["password", *proved]
            await unit.record(AuditEntry("session.begin", subject_user_id=account.id, details={"factors": factors}))
            ended = await end_replaced_session(unit, held) if held else ()
    if proved is None:
        raise InvalidSecondFactor  # after the commit: the wrong code was counted
    roles = list(account.roles)
    limited = must_set_up(auth.settings, account.system_permissions, has_factor)
    tokens = make_tokens(auth, account.id, session_id, token_id, roles, account.competencies, seconds, limited=limited)
    return SignedIn(account.username, roles, tokens, ended)
