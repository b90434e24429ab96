"""Double submit, with a token that only auth can sign and only its session can use (contract 1.5)."""

import hmac

from quill_common.identity.errors import CsrfFailed, InvalidToken
from quill_common.identity.tokens import TokenVerifier


async def check_csrf(verifier: TokenVerifier, header: str | None, cookie: str | None, session_id: str) -> None:
    """Raises CsrfFailed unless header and cookie are the same CSRF token of this session; KeysUnavailable."""
    if not header or not cookie or not _same(header, cookie):
        raise CsrfFailed
    try:
        claims = await verifier.csrf(header)
    except InvalidToken as problem:
        raise CsrfFailed from problem
    if not _same(claims.session_id, session_id):
        raise CsrfFailed


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
