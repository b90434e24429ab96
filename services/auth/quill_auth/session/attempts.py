"""Guesses at one account, however many addresses they come from (contract 1.6, A14)."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from quill_common.audit.trail import Trail
from quill_common.http.errors import TooManyRequests
from quill_common.service import Parts

from quill_auth.session.errors import FailedSignIn, RefusedSignIn
from quill_auth.session.repository import account_named


def counted_attempt(parts: Parts, username: str) -> AbstractAsyncContextManager[None]:
    """Sign in inside it. Raises TooManyRequests when too many sign-ins in the name `username`, known or not, failed.

    Counted before the password is looked at: guesses that run at once do not slip past. What raises no FailedSignIn
    does not count.
    """
    return parts.failures.attempt("login_failures", username, FailedSignIn)


@asynccontextmanager
async def refusals_on_record(parts: Parts, trail: Trail, username: str) -> AsyncIterator[None]:
    """Put every refused sign-in inside it on record, never what was typed. The same work for a name that is unknown.

    Of the refusals of a locked name only so many as the limit `locks_recorded` says: each of them costs whoever
    guesses next to nothing, so they could fill the trail.
    """
    try:
        yield
    except RefusedSignIn as refused:
        _note(trail, refused.reason, refused.user_id)
        raise
    except TooManyRequests:
        if await _is_news(parts, username):
            async with parts.units.reader() as reader:
                account = await account_named(reader, username)
            _note(trail, "locked", account.id if account else None)
        raise


async def _is_news(parts: Parts, username: str) -> bool:
    try:
        await parts.limits.count("locks_recorded", username)
    except TooManyRequests:
        return False
    return True


def _note(trail: Trail, reason: str, user_id: int | None) -> None:
    trail.always("session.refuse", "refused", subject_user_id=user_id, details={"reason": reason})
