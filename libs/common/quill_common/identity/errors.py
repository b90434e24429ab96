"""What can go wrong when a caller shows who they are."""


class InvalidToken(Exception):
    """The token is not good: signature, key, purpose, issuer, audience or time. Clients never learn which."""


class CsrfFailed(Exception):
    """The CSRF header is missing, differs from the cookie, or does not belong to the session."""


class KeysUnavailable(Exception):
    """Whether a token is good cannot be decided now, because the keys could not be read. Becomes a 503."""
