"""What every answer tells browsers to do with it."""

from typing import Final

from quill_gateway.errors import Headers

POLICY: Final = b"content-security-policy"
_ON_ALL: Final[Headers] = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # An answer opened as a page runs nothing, and no page shows it in a frame. `frame-ancestors` takes the place of
    # X-Frame-Options in every browser that is still given security fixes.
    (POLICY, b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    # For calls without CORS (images, scripts); the origins that CORS admits are not touched by it.
    (b"cross-origin-resource-policy", b"same-origin"),
]
# Browsers believe it over HTTPS only, so it may pass a proxy that ends TLS, and does no harm without one.
_HTTPS_ONLY: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def on_all_answers(*, https_only: bool) -> Headers:
    """The headers of every answer; `https_only` where the session's cookies are for HTTPS only."""
    return [*_ON_ALL, _HTTPS_ONLY] if https_only else _ON_ALL
