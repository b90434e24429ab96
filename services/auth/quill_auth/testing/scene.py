"""What an act leaves on record, told from what was there before."""

from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson
from quill_common.testing.kit import ServiceKit

from quill_auth.testing.people import PASSWORD, People, Visitor
from quill_auth.testing.second_factors import Factors

GUESS: Final = "a wrong guess at it"
NOBODY: Final = "mallory.of.nowhere"
NAME: Final = "Ada Lovelace"
_NEVER: Final = (PASSWORD, GUESS, NOBODY, NAME, "$argon2", "eyJ", "@example.org", "otpauth")
_OF_EVERY_REQUEST: Final = ("request_id", "address")


@dataclass
class Scene:
    """An admin and Ada, who is staff, both signed in. `seen` is how many entries there were before the act."""

    kit: ServiceKit
    people: People
    factors: Factors
    admin: Visitor
    ada: Visitor
    seen: int = 0

    async def begin(self) -> None:
        """What was done up to now is not of the act."""
        self.seen = len(await self.kit.audited())

    def client(self, by: str) -> httpx.AsyncClient:
        """Of `admin`, `ada` or `operator`."""
        return self.kit.service(by) if by == "operator" else getattr(self, by).client

    async def entry(self, action: str, by: str | Visitor | None, subject: int | None, **more: Any) -> dict[str, Any]:
        """An entry by somebody, the operator or nobody."""
        visitor = getattr(self, by) if by in ("admin", "ada") else by
        if isinstance(visitor, Visitor):
            more = {"actor_id": visitor.id, "session_id": await self.people.session_of(visitor), **more}
        elif visitor is not None:
            more = {"actor_service": visitor, **more}
        subjects = {} if subject is None else {"subject_user_id": subject}
        return {"action": action, "outcome": "success", **subjects, **more}

    async def refusal(self, action: str, by: str | Visitor | None, subject: int | None, **more: Any) -> dict[str, Any]:
        return {**await self.entry(action, by, subject, **more), "outcome": "refused"}

    async def ended(self, by: str | Visitor | None, reason: str, *visitors: Visitor, **more: Any) -> dict[str, Any]:
        """The entry that tells of the end of the visitors' sessions, all of one account."""
        sessions = [await self.people.session_of(visitor) for visitor in visitors]
        details = {"reason": reason, "ended": len(sessions), "sessions": sessions}
        return await self.entry("session.end", by, visitors[0].id, details=details, **more)

    async def newest_session(self) -> str:
        return str((await self.kit.read("SELECT id FROM session ORDER BY created_at DESC LIMIT 1"))[0]["id"])

    async def left(self, *expected: dict[str, Any]) -> None:
        """Exactly these entries since the beginning, and in none of all what must not be there."""
        found = await self.kit.audited()
        assert [_brief(entry) for entry in found[self.seen :]] == list(expected)
        assert all(entry["request_id"] and entry["address"] for entry in found[self.seen :])
        text = orjson.dumps(found, default=str).decode()
        assert not [secret for secret in _NEVER if secret in text]


def _brief(entry: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in entry.items() if value is not None and name not in _OF_EVERY_REQUEST}
    return given | ({"session_id": str(given["session_id"])} if "session_id" in given else {})
