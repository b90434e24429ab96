"""`Idempotency-Key`: the same request sent twice is done once (contract 1.8)."""

import hashlib
import hmac
from datetime import timedelta
from uuid import UUID

from fastapi import Request, Response
from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from quill_common.database.session import Writer
from quill_common.http.errors import Conflict, Unprocessable, invalid
from quill_common.http.tables import IdempotentAnswer

REMEMBERED = timedelta(hours=24)

_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:lock, 0))")
_KNOWN = select(IdempotentAnswer.fingerprint, IdempotentAnswer.status, IdempotentAnswer.body).where(
    IdempotentAnswer.caller == bindparam("caller"),
    IdempotentAnswer.key == bindparam("key"),
    IdempotentAnswer.created_at > func.now() - REMEMBERED,
)


class StillInProgress(Conflict):
    detail = "A request with this Idempotency-Key is still in progress"


class DifferentRequest(Unprocessable):
    detail = "Idempotency-Key was used with a different request"


class AlreadyAnswered(Exception):
    """Carries the first answer past the handler."""

    def __init__(self, response: Response) -> None:
        self.response = response


class Idempotency:
    """One request's key. `begin` is called once access is decided: a repeat needs the access too.

    The body may hold a password, so what is stored tells nothing to who reads the table: the key as a hash, and the
    request as a MAC under the key and a secret that is not in the database, since a key may be one that can be guessed.
    """

    def __init__(self, caller: str, key: str, fingerprint: bytes) -> None:
        self._caller = caller
        self._key = key
        self._fingerprint = fingerprint

    @classmethod
    async def of(cls, request: Request, caller: str, secret: bytes) -> "Idempotency | None":
        """The key of `request`, None when it has none. Raises a 422 for one that cannot be.

        All instances of a service have the `secret`.
        """
        key = request.headers.get("idempotency-key")
        if key is None:
            return None
        if not 1 <= len(key) <= 255 or "\x00" in key:
            raise invalid(("header", "Idempotency-Key"), "must have 1 to 255 characters, none of them NUL")
        asked = b"\n".join((request.method.encode(), request.url.path.encode(), await request.body()))
        fingerprint = hmac.digest(secret + key.encode(), asked, hashlib.sha256)
        return cls(caller, hashlib.sha256(key.encode()).hexdigest(), fingerprint)

    def made_id(self) -> UUID:
        """Of caller, key and request: nobody who has not the secret can tell it before."""
        made = hmac.digest(self._fingerprint, f"id/{self._caller}/{self._key}".encode(), hashlib.sha256)
        return UUID(bytes=made[:16], version=4)

    async def begin(self, writer: Writer) -> None:
        """Return when this is the first such request; raises AlreadyAnswered, StillInProgress or DifferentRequest."""
        if not await writer.value(_LOCK, {"lock": f"idempotency/{self._caller}/{self._key}"}):
            raise StillInProgress
        known = await writer.row(_KNOWN, {"caller": self._caller, "key": self._key})
        if known is None:
            return
        if known.fingerprint != self._fingerprint:
            raise DifferentRequest
        raise AlreadyAnswered(Response(known.body, known.status, media_type="application/json"))

    async def remember(self, writer: Writer, response: Response) -> None:
        """Store the answer; it commits with the change."""
        row = {
            "fingerprint": self._fingerprint,
            "status": response.status_code,
            "body": bytes(response.body),
            "created_at": func.clock_timestamp(),
        }
        statement = insert(IdempotentAnswer).values(caller=self._caller, key=self._key, **row)
        await writer.execute(statement.on_conflict_do_update(index_elements=["caller", "key"], set_=row))


async def forget_old_answers(writer: Writer) -> int:
    """Delete answers past their time; how many."""
    return await writer.execute(delete(IdempotentAnswer).where(IdempotentAnswer.created_at < func.now() - REMEMBERED))
