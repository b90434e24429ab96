"""The three cookies of a session (contract 1.3)."""

from typing import Final

from fastapi import Response

from quill_auth.session.tokens import AccessTokens, Tokens
from quill_auth.settings import Settings

_ACCESS: Final = ("access_token", "/", True)
_REFRESH: Final = ("refresh_token", "/api/auth/refresh", True)
_CSRF: Final = ("XSRF-TOKEN", "/", False)


def set_cookies(response: Response, settings: Settings, tokens: Tokens) -> None:
    set_access_cookies(response, settings, tokens)
    _set(response, settings, _REFRESH, tokens.refresh, tokens.refresh_seconds)


def set_access_cookies(response: Response, settings: Settings, tokens: AccessTokens) -> None:
    """The two that go with every request; the refresh cookie stays as it is."""
    _set(response, settings, _ACCESS, tokens.access, tokens.access_seconds)
    _set(response, settings, _CSRF, tokens.csrf, tokens.access_seconds)


def remove_cookies(response: Response, settings: Settings) -> None:
    for cookie in (_ACCESS, _REFRESH, _CSRF):
        _set(response, settings, cookie, "", 0)


def _set(response: Response, settings: Settings, cookie: tuple[str, str, bool], value: str, max_age: int) -> None:
    name, path, http_only = cookie
    response.set_cookie(
        name,
        value,
        max_age=max_age,
        expires=0 if max_age == 0 else None,
        path=path,
        domain=settings.cookie_domain,
        secure=settings.secure_cookies,
        httponly=http_only,
        samesite="lax",
    )
