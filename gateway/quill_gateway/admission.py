"""Who calls: the access token, whether its session still lives, and the CSRF token."""

from collections.abc import Mapping, Sequence

from quill_common.identity import (
    AccessClaims,
    CsrfFailed,
    InvalidToken,
    KeysUnavailable,
    TokenVerifier,
    check_csrf,
)

from quill_gateway.errors import Away, BadCsrf, BadToken, NoRefreshToken, NotAuthenticated
from quill_gateway.revocations import RevocationFollower
from quill_gateway.sessions import EndedSessions

Cookies = Mapping[bytes, str]


class Admission:
    def __init__(self, verifier: TokenVerifier, ended: EndedSessions, follower: RevocationFollower) -> None:
        self._verifier = verifier
        self._ended = ended
        self._follower = follower

    async def access_token(self, cookies: Cookies) -> tuple[str, AccessClaims]:
        """The token of the cookie. Raises NotAuthenticated, BadToken, or Away when it cannot be decided."""
        token = cookies.get(b"access_token")
        if not token:
            raise NotAuthenticated
        return token, await self._claims(token)

    async def bearer_token(self, authorization: Sequence[bytes]) -> tuple[str, AccessClaims]:
        """The token of the Authorization headers: one, of the scheme Bearer, else BadToken. Never falls back."""
        scheme, _, token = authorization[0].decode("latin-1").partition(" ")
        if len(authorization) != 1 or scheme.lower() != "bearer":
            raise BadToken
        token = token.strip()
        return token, await self._claims(token)

    async def _claims(self, token: str) -> AccessClaims:
        try:
            claims = self._verifier.remembered(token) or await self._verifier.access(token)
        except InvalidToken as problem:
            raise BadToken from problem
        except KeysUnavailable as problem:
            raise Away from problem
        if not self._follower.loaded:
            raise Away
        if claims.session_id in self._ended:
            raise BadToken
        return claims

    async def held_session(self, cookies: Cookies) -> str | None:
        """The living session of this browser, which a sign-in takes the place of; None also when it cannot be told."""
        try:
            _, claims = await self.access_token(cookies)
        except (NotAuthenticated, BadToken, Away):
            return None
        return claims.session_id

    async def check_csrf(self, header: str | None, cookies: Cookies, claims: AccessClaims) -> None:
        """Raises BadCsrf, or Away when it cannot be decided."""
        try:
            await check_csrf(self._verifier, header, cookies.get(b"XSRF-TOKEN"), claims.session_id)
        except CsrfFailed as problem:
            raise BadCsrf from problem
        except KeysUnavailable as problem:
            raise Away from problem

    @staticmethod
    def refresh_token(cookies: Cookies) -> str:
        """Auth judges it; the gateway only sees that there is one. Raises NoRefreshToken."""
        token = cookies.get(b"refresh_token")
        if not token:
            raise NoRefreshToken
        return token
