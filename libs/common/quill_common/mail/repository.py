"""The SQL of the post."""

from datetime import timedelta
from typing import Final

from sqlalchemy import Row, text

from quill_common.database.session import Reader, Writer
from quill_common.mail.message import ToSend

FAILED_KEPT_FOR: Final = timedelta(days=30)

# The lease: nobody else takes the mail before `next_try_at`, and somebody does if this process ends meanwhile.
_TAKE = text(
    """
    UPDATE outgoing_mail SET tries = tries + 1, next_try_at = clock_timestamp() + CAST(:lease AS interval)
    WHERE id = (
        SELECT id FROM outgoing_mail
        WHERE failed_at IS NULL AND next_try_at <= clock_timestamp()
        ORDER BY next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id, recipient, subject, body, created_at, tries, give_up_at <= clock_timestamp() AS too_late
    """
)
_SENT = text("DELETE FROM outgoing_mail WHERE id = :id")
# Of a try that outlived its lease nothing is kept: the mail is another sender's by then.
_NOT_SENT = text(
    """
    UPDATE outgoing_mail SET
        failure = :reason,
        next_try_at = clock_timestamp() + CAST(:pause AS interval),
        failed_at = CASE WHEN given_up THEN clock_timestamp() END,
        body = CASE WHEN given_up THEN NULL ELSE body END
    FROM (
        SELECT id AS which, :for_good OR give_up_at <= clock_timestamp() + CAST(:pause AS interval) AS given_up
        FROM outgoing_mail WHERE id = :id
    ) AS judged
    WHERE id = which AND tries = :tries AND failed_at IS NULL
    RETURNING given_up
    """
)
_STANDING = text(
    """
    SELECT count(*) FILTER (WHERE failed_at IS NULL) AS waiting, count(*) FILTER (WHERE failed_at IS NOT NULL) AS failed
    FROM outgoing_mail
    """
)
_FORGET = text("DELETE FROM outgoing_mail WHERE failed_at < clock_timestamp() - CAST(:kept AS interval)")


async def take(writer: Writer, lease: timedelta) -> ToSend | None:
    """The mail that is due longest, for `lease`; None when none is due."""
    row = await writer.row(_TAKE, {"lease": lease})
    return None if row is None else ToSend(**row._mapping)


async def sent(writer: Writer, mail: ToSend) -> None:
    await writer.execute(_SENT, {"id": mail.id})


async def not_sent(writer: Writer, mail: ToSend, reason: str, pause: timedelta, *, for_good: bool) -> bool | None:
    """Note a failed try. Whether the mail was given up; None when another sender has it by now."""
    values = {"id": mail.id, "tries": mail.tries, "reason": reason, "pause": pause, "for_good": for_good}
    given_up: bool | None = await writer.value(_NOT_SENT, values)
    return given_up


async def standing(reader: Reader) -> Row[tuple[int, int]]:
    """How many are `waiting` and how many `failed`."""
    row = await reader.row(_STANDING)
    assert row is not None  # noqa: S101 - an aggregate has a row
    return row


async def forget_failed(writer: Writer) -> int:
    """Delete what failed long ago; how many."""
    return await writer.execute(_FORGET, {"kept": FAILED_KEPT_FOR})
