"""The second factor at sign-in: a TOTP code or a recovery code, each good once."""

from typing import Any, Literal

from quill_common.audit.entry import AuditEntry
from quill_common.database.session import Writer
from quill_common.events.unit_of_work import UnitOfWork
from quill_common.log import get_logger
from quill_common.mail.posting import post
from sqlalchemy import Row

from quill_auth.parts import AuthParts
from quill_auth.second_factor import repository
from quill_auth.second_factor.mails import closed_mail, code_used_mail
from quill_auth.second_factor.recovery_codes import code_hash
from quill_auth.second_factor.sealing import TotpSecrets
from quill_auth.second_factor.totp import step_of
from quill_auth.session.errors import TwoFactorRequired

Factor = Literal["totp", "recovery code"]


def require_given(code: str | None) -> str:
    """The code. Raises TwoFactorRequired when there is none, or a blank one."""
    if code is None or not code.strip():
        raise TwoFactorRequired
    return code


async def prove(
    unit: UnitOfWork, auth: AuthParts, user_id: int, password_hash: str, code: str | None
) -> list[Factor] | None:
    """Use up `code` with the transaction that begins the session; the account's row stays locked. What the code was.

    None when it is wrong, or too many in a row were, which makes all wrong: then commit, for a wrong code was counted.
    Passes when the factor, the account or the password `password_hash` is no more: what begins the session sees that.
    Raises TwoFactorRequired, UnreadableSecret.
    """
    state = await repository.locked_for_sign_in(unit, user_id, password_hash)
    if state is None or not state.is_totp_enabled:
        return []
    code = require_given(code)
    most = auth.settings.second_factor_failures
    if state.second_factor_failures >= most:
        return None
    hashed = code_hash(user_id, code)
    if hashed is not None:
        good = await _use_recovery_code(unit, user_id, state.email, hashed)
    else:
        good = await spend(unit, auth.totp_secrets, user_id, state, code)
    if not good:
        await _count(unit, user_id, state, most)
        return None
    if state.second_factor_failures:
        await repository.forget_failures(unit, user_id)
    return ["totp" if hashed is None else "recovery code"]


async def spend(writer: Writer, secrets: TotpSecrets, user_id: int, state: Row[Any], code: str) -> bool:
    """Use up the time step of a TOTP code; False when it is wrong or used. `state` is of the locked account."""
    secret = secrets.open(user_id, state.totp_secret)
    step = step_of(secret, code, state.totp_last_step)
    if step is None or not await repository.spend_step(writer, user_id, step):
        return False
    await _seal_anew(writer, secrets, user_id, state.totp_secret, secret)
    return True


async def opened(writer: Writer, secrets: TotpSecrets, user_id: int, sealed: str) -> str:
    """The secret, sealed anew where a newer key is there. Raises UnreadableSecret."""
    secret = secrets.open(user_id, sealed)
    await _seal_anew(writer, secrets, user_id, sealed, secret)
    return secret


async def _seal_anew(writer: Writer, secrets: TotpSecrets, user_id: int, sealed: str, secret: str) -> None:
    if secrets.is_outdated(sealed):
        await repository.store_secret(writer, user_id, secrets.seal(user_id, secret))


async def _use_recovery_code(unit: UnitOfWork, user_id: int, email: str, hashed: bytes) -> bool:
    if not await repository.spend_code(unit, user_id, hashed):
        return False
    left = await repository.codes_left(unit, user_id)
    await unit.record(AuditEntry("recovery_code.use", subject_user_id=user_id, details={"left": left}))
    await post(unit, code_used_mail(email, left))
    get_logger().info("recovery code used", user_id=user_id, left=left)
    return True


async def _count(unit: UnitOfWork, user_id: int, state: Row[Any], most: int) -> None:
    """Count a wrong code of the locked account; the owner hears of the one that closes the factor."""
    await repository.count_failure(unit, user_id)
    if state.second_factor_failures + 1 == most:
        details = {"failures": most}
        await unit.record(
            AuditEntry("second_factor.close", actor_service="auth", subject_user_id=user_id, details=details)
        )
        await post(unit, closed_mail(state.email))
