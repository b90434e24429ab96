"""What is said of sessions that were ended."""

from collections.abc import Sequence

from fastapi import Response
from quill_common.http.answers import json_answer

from quill_auth.session.cookies import remove_cookies
from quill_auth.session.ending import name_revoked
from quill_auth.settings import Settings


def sessions_ended(ended: Sequence[str], settings: Settings, current: str | None = None) -> Response:
    """How many ended; the gateway hears which. Who ended the `current` one loses the cookies, as at logout."""
    response = json_answer({"detail": "ended", "ended": len(ended)})
    name_revoked(response, ended)
    if current in ended:
        remove_cookies(response, settings)
    return response
