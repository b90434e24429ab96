"""Let a session go on with tokens of which no earlier one is related (contract 4.5)."""

from datetime import timedelta

from quill_common.access.principal import Principal
from quill_common.database.session import Writer
from quill_common.http.errors import Unauthenticated

from quill_auth.parts import AuthParts
from quill_auth.second_factor.requirement import must_set_up
from quill_auth.session import repository
from quill_auth.session.token_ids import first_token_id, token_hash
from quill_auth.session.tokens import Tokens, make_tokens


async def go_on(writer: Writer, auth: AuthParts, caller: Principal) -> Tokens:
    """Tokens of the caller's session whose refresh token begins a new line: those given out before renew nothing.

    Raises Unauthenticated when the session ended meanwhile.
    """
    token_id = first_token_id()
    row = await repository.begin_line(
        writer,
        caller.id,
        caller.session_id,
        token_hash(token_id),
        timedelta(seconds=auth.settings.refresh_seconds),
        timedelta(seconds=auth.settings.session_max_seconds),
    )
    if row is None:
        raise Unauthenticated("Invalid token")
    limited = must_set_up(auth.settings, row.system_permissions, row.is_totp_enabled)
    return make_tokens(
        auth, caller.id, caller.session_id, token_id, row.roles, row.competencies, row.seconds_left, limited=limited
    )
