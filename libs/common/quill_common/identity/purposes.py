"""What a user token is for. Each purpose has keys of its own."""

from typing import Final, Literal, get_args

Purpose = Literal["access", "refresh", "csrf"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
PUBLISHED: Final[tuple[Purpose, ...]] = ("access", "csrf")
"""Those whose public keys others get; refresh tokens are verified by auth alone."""
