"""The account of who was invited: auth finds it or makes it, and says the same when it is asked again."""

from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import orjson
from pydantic import BaseModel, ValidationError
from quill_common.http.errors import BadRequest, Conflict, QuillError, Unavailable, Unprocessable
from quill_common.log import get_logger, request_id
from quill_common.service import Parts

_TIMES: Final = aiohttp.ClientTimeout(total=20, connect=2)
_REFUSALS: Final[dict[int, type[QuillError]]] = {400: BadRequest, 409: Conflict, 422: Unprocessable}
"""What auth says to them is for the client: it owns the rules of accounts and their texts."""


class Account(BaseModel):
    """`registered`: made for this invitation, now or by an earlier try."""

    user_id: int
    registered: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The account, and which services have not heard of it yet."""

    account: Account
    pending: str


async def find_or_register(parts: Parts, wanted: dict[str, Any]) -> Answered:
    """Ask auth. Hold no transaction meanwhile: auth waits for us to learn of the account before it answers.

    Raises Unavailable when auth cannot be asked, or how it refuses.
    """
    url = f"{parts.settings.peer_url('auth')}/internal/invited-accounts"
    headers = {
        **parts.calls.headers("auth"),
        "Content-Type": "application/json",
        "X-Request-ID": request_id() or "",
    }
    try:
        async with parts.http.post(url, data=orjson.dumps(wanted), headers=headers, timeout=_TIMES) as response:
            content = await response.read()
            if response.status == 200:
                return Answered(Account.model_validate_json(content), response.headers.get("X-Quill-Pending", ""))
            raise _refusal(response.status, content)
    except (aiohttp.ClientError, TimeoutError, OSError, ValidationError) as problem:
        get_logger().warning("auth cannot be asked", error=type(problem).__name__)
        raise Unavailable from problem


def _refusal(status: int, content: bytes) -> QuillError:
    """What auth refused, in its words; anything else is no answer."""
    kind = _REFUSALS.get(status)
    try:
        detail = orjson.loads(content)["detail"] if kind is not None else None
    except (orjson.JSONDecodeError, KeyError, TypeError):
        detail = None
    if kind is None or not isinstance(detail, str):
        get_logger().warning("auth did not answer", status=status)
        return Unavailable()
    return kind(detail)
