"""The tokens in invitation links: signed with keys that orgs alone has, for this purpose alone (contract 1.4)."""

import asyncio
import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, cast

from fastapi import Depends, Request
from quill_common.http.errors import BadRequest
from quill_common.identity.errors import InvalidToken
from quill_common.identity.own_tokens import OwnTokens
from quill_common.log import get_logger

from quill_orgs.invitation.repository import LIFETIME

_LOOK_SECONDS: Final = 3600.0
_DAY_SECONDS: Final = 86_400.0
_TYPE: Final = "invite"
_CLAIMS: Final = ("type", "patient_id", "email", "user_type", "inviter")

Claims = dict[str, Any]


class InvalidInvite(BadRequest):
    """Whoever sends a bad link may be guessing: it goes on record as refused."""

    detail = "Invalid or expired invite token"
    an_attempt = True


class Links:
    """Makes the tokens of invitations and reads them."""

    def __init__(self, data_dir: Path) -> None:
        """Load the keys in `<data dir>/keys/orgs/invite`, creating the first one. Raises KeysUnavailable."""
        self._tokens = OwnTokens(data_dir / "keys" / "orgs" / "invite", service="orgs", purpose=_TYPE)

    def token(self, invitation_id: uuid.UUID, created_at: datetime, claims: Claims) -> str:
        """Good for seven days from `created_at`. Contains letters, digits, `-`, `_` and `.` only."""
        return self._tokens.sign(str(invitation_id), created_at + LIFETIME, **claims)

    def read(self, token: str) -> tuple[uuid.UUID, Claims]:
        """The invitation's id and what the token says of it. Raises InvalidInvite."""
        try:
            claims = self._tokens.verify(token, _CLAIMS)
            return uuid.UUID(claims["jti"]), {name: claims[name] for name in _CLAIMS}
        except (InvalidToken, ValueError) as problem:
            raise InvalidInvite from problem

    async def keep_rotating(self, key_days: int) -> None:
        """Look after the keys every hour until cancelled. Raises KeysUnavailable."""
        while True:
            for kid in await self._tokens.tend(key_days * _DAY_SECONDS, LIFETIME.total_seconds()):
                get_logger().info("signing key made", purpose=_TYPE, kid=kid)
            await asyncio.sleep(_LOOK_SECONDS)


def claims_of(patient_id: str, email: str, user_type: str, inviter_id: int) -> Claims:
    """What the token of an invitation says: exactly what stands in its row."""
    return {
        "type": _TYPE,
        "patient_id": patient_id,
        "email": email,
        "user_type": user_type,
        "inviter": inviter_id,
    }


async def _of(request: Request) -> Links:
    return cast(Links, request.app.state.links)


InviteLinks = Annotated[Links, Depends(_of)]
