"""What can go wrong when a caller shows who they are. Named for what happened, hence no `Error` suffix."""


class InvalidToken(Exception):  # noqa: N818
    """The token is not good: signature, key, purpose, issuer, audience or time. Clients never learn which."""


class CsrfFailed(Exception):  # noqa: N818
    """The CSRF header is missing, differs from the cookie, or does not belong to the session."""


class KeysUnavailable(Exception):  # noqa: N818
    """Whether a token is good cannot be decided now, because the keys could not be read. Becomes a 503."""
