"""The three tokens of a session, made together."""

from collections.abc import Iterable
from dataclasses import dataclass

from quill_common.access.principal import Principal

from quill_auth.parts import AuthParts


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """The two that go with every request, as they go into the cookies, with the seconds that those may keep them."""

    access: str
    csrf: str
    access_seconds: int


@dataclass(frozen=True, slots=True)
class Tokens(AccessTokens):
    """All three of them."""

    refresh: str
    refresh_seconds: int


def make_tokens(
    auth: AuthParts,
    user_id: int,
    session_id: str,
    token_id: str,
    roles: Iterable[str],
    competencies: Iterable[str],
    seconds_left: int,
    *,
    limited: bool,
) -> Tokens:
    """New tokens of the session, none good for more than `seconds_left`; `token_id` names the refresh token.

    `limited`: the access token is good for setting up a second factor, and nothing else.
    """
    access, whole = min(auth.settings.access_seconds, seconds_left), seconds_left
    return Tokens(
        access=auth.signer.access(
            user_id,
            session_id,
            roles=roles,
            competencies=competencies,
            lifetime=access,
            only_sets_up_second_factor=limited,
        ),
        csrf=auth.signer.csrf(user_id, session_id, lifetime=whole),
        access_seconds=access,
        refresh=auth.signer.refresh(user_id, session_id, lifetime=whole, token_id=token_id),
        refresh_seconds=whole,
    )


def make_access_tokens(auth: AuthParts, caller: Principal, seconds_left: int) -> AccessTokens:
    """Unlimited ones of the caller's session, which lives for `seconds_left` more; its refresh token stays good."""
    access = min(auth.settings.access_seconds, seconds_left)
    return AccessTokens(
        access=auth.signer.access(
            caller.id,
            caller.session_id,
            roles=sorted(caller.roles),
            competencies=sorted(caller.competencies),
            lifetime=access,
        ),
        csrf=auth.signer.csrf(caller.id, caller.session_id, lifetime=seconds_left),
        access_seconds=access,
    )
