"""Set up, verify and switch off the second factor; make recovery codes (contract 4.9 to 4.11)."""

from dataclasses import dataclass
from typing import Any

from quill_common.access.principal import Principal
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.http.errors import Unauthenticated, UserNotFound
from quill_common.mail.posting import post
from sqlalchemy import Row

from quill_auth.account import repository as accounts
from quill_auth.parts import AuthParts
from quill_auth.second_factor import repository
from quill_auth.second_factor.errors import InvalidCode, NoTotpSecret, TotpAlreadyEnabled, TotpNotEnabled
from quill_auth.second_factor.mails import new_codes_mail, reset_mail, switched_off_mail, switched_on_mail
from quill_auth.second_factor.proving import opened, spend
from quill_auth.second_factor.recovery_codes import code_hash, new_codes
from quill_auth.second_factor.totp import new_secret, provision_uri
from quill_auth.session.ending import end_all_sessions


@dataclass(frozen=True, slots=True)
class Enabled:
    """`recovery_codes` are shown once; the session lives for `session_seconds` more."""

    recovery_codes: list[str]
    session_seconds: int


async def set_up(unit: UnitOfWork, auth: AuthParts, caller: Principal) -> str:
    """The provisioning URI of a secret that waits to be verified, the same until it is. Raises TotpAlreadyEnabled."""
    state = await _held(unit, caller)
    if state.is_totp_enabled:
        raise TotpAlreadyEnabled
    if state.totp_secret is not None:
        secret = await opened(unit, auth.totp_secrets, caller.id, state.totp_secret)
    else:
        secret = new_secret()
        await repository.store_secret(unit, caller.id, auth.totp_secrets.seal(caller.id, secret))
    return provision_uri(auth.settings.totp_issuer, caller.username, secret)


async def verify(unit: UnitOfWork, auth: AuthParts, caller: Principal, code: str) -> Enabled:
    """Switch the factor on. Raises TotpAlreadyEnabled, NoTotpSecret, InvalidCode."""
    state = await _held(unit, caller)
    if state.is_totp_enabled:
        raise TotpAlreadyEnabled
    if state.totp_secret is None:
        raise NoTotpSecret
    if not await spend(unit, auth.totp_secrets, caller.id, state, code):
        raise InvalidCode
    await repository.enable(unit, caller.id)
    await post(unit, switched_on_mail(state.email))
    return Enabled(await _replaced_codes(unit, caller.id), state.session_seconds)


async def renew_codes(unit: UnitOfWork, auth: AuthParts, caller: Principal, code: str) -> list[str]:
    """Ten new recovery codes for a TOTP code: who only holds the session gets none. The old ones are dead.

    Raises TotpNotEnabled, InvalidCode.
    """
    state = await _held(unit, caller)
    if not state.is_totp_enabled:
        raise TotpNotEnabled
    if not await spend(unit, auth.totp_secrets, caller.id, state, code):
        raise InvalidCode
    await post(unit, new_codes_mail(state.email))
    return await _replaced_codes(unit, caller.id)


async def disable(unit: UnitOfWork, caller: Principal) -> None:
    """Factor off, secret and recovery codes deleted. Needs no key: it is the way out when one is lost."""
    state = await _held(unit, caller)
    await repository.forget(unit, caller.id)
    if state.is_totp_enabled:
        await post(unit, switched_off_mail(state.email))


async def reset(unit: UnitOfWork, user_id: int) -> tuple[str, ...]:
    """The same for anyone, as an operator; ends all sessions of the account, gives their ids. Raises UserNotFound."""
    account = await accounts.locked_account(unit, user_id)
    if account is None:
        raise UserNotFound
    if await repository.is_enabled(unit, user_id):
        await post(unit, reset_mail(account.email))
    await repository.forget(unit, user_id)
    return await end_all_sessions(unit, user_id, "second factor reset")


async def _held(unit: UnitOfWork, caller: Principal) -> Row[Any]:
    """The caller's factor, locked. A session that ended while we waited for the lock changes nothing any more."""
    state = await repository.locked_state(unit, caller.id, caller.session_id)
    if state is None or state.session_seconds is None:
        raise Unauthenticated("Invalid token")
    return state


async def _replaced_codes(unit: UnitOfWork, user_id: int) -> list[str]:
    codes = new_codes()
    hashes = [hashed for code in codes if (hashed := code_hash(user_id, code)) is not None]
    await repository.replace_codes(unit, user_id, hashes)
    return codes
