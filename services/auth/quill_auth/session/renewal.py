"""Renew a session: rotation, grace and reuse of refresh tokens (contract 1.4, 4.6)."""

from datetime import timedelta
from typing import Any, Final

from quill_common.audit.entry import Who
from quill_common.database.engine import Database
from quill_common.database.session import Writer
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.identity.claims import RefreshClaims
from quill_common.log import request_id
from sqlalchemy import Row

from quill_auth.parts import AuthParts
from quill_auth.second_factor.requirement import must_set_up
from quill_auth.session import repository
from quill_auth.session.ending import end_session
from quill_auth.session.errors import BadRefreshToken, InactiveUser
from quill_auth.session.origin import Origin
from quill_auth.session.token_ids import successor, token_hash
from quill_auth.session.tokens import Tokens, make_tokens

GRACE: Final = timedelta(seconds=30)


async def renew(
    database: Database, units: UnitsOfWork, auth: AuthParts, claims: RefreshClaims, origin: Origin
) -> Tokens:
    """New tokens of the same family. Raises BadRefreshToken or InactiveUser.

    The same token within `GRACE` of its first use is good every time; used later it ends the session.
    None of the new tokens outlives the longest that a session may last since its sign-in.
    """
    async with database.statement() as writer:
        renewed = await _rotate(writer, auth, claims, origin)
    if renewed is None:
        raise await _refusal(units, claims, origin)
    token_id = successor(claims.token_id, renewed.newest - renewed.presented)
    return make_tokens(
        auth,
        claims.user_id,
        claims.session_id,
        token_id,
        renewed.roles,
        renewed.competencies,
        renewed.seconds_left,
        limited=must_set_up(auth.settings, renewed.system_permissions, renewed.is_totp_enabled),
    )


async def _rotate(writer: Writer, auth: AuthParts, claims: RefreshClaims, origin: Origin) -> Row[Any] | None:
    return await repository.rotate(
        writer,
        claims.user_id,
        claims.session_id,
        token_hash(claims.token_id),
        token_hash(successor(claims.token_id)),
        timedelta(seconds=auth.settings.refresh_seconds),
        timedelta(seconds=auth.settings.session_max_seconds),
        GRACE,
        origin,
    )


async def _refusal(units: UnitsOfWork, claims: RefreshClaims, origin: Origin) -> BadRefreshToken | InactiveUser:
    """What is wrong with a token that was refused; ends the family of one that was used before.

    Nobody knows who presents such a token, its owner or a thief: no account is put on record as having done it.
    """
    presenter = Who(session_id=claims.session_id, address=origin.address)
    revoked: tuple[str, ...] = ()
    # A unit of its own, closed before the refusal is raised: the end of the family is committed though we answer 401.
    async with units.open(request_id=request_id(), who=lambda: presenter) as unit:
        found = await repository.why_refused(
            unit, claims.user_id, claims.session_id, token_hash(claims.token_id), GRACE
        )
        if found is not None and found.user_is_active and found.live and found.reused:
            revoked = await end_session(unit, claims.user_id, claims.session_id, "refresh reuse")
    if found is None or not found.user_is_active:
        return InactiveUser()
    return BadRefreshToken(revoked)
