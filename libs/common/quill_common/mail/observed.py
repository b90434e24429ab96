"""What metrics say of the post."""

from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from quill_common.database.engine import Database
from quill_common.mail.repository import standing

_MAILS = Gauge("quill_mails_unsent", "Mails that wait, and those given up in 30 days", ("service", "state"))


async def observe_mail(service: str, database: Database) -> None:
    """Set the gauges. What cannot be read now keeps its last value."""
    try:
        async with database.reader() as reader:
            row = await standing(reader)
    except (SQLAlchemyError, OSError, TimeoutError):
        return
    _MAILS.labels(service, "waiting").set(row.waiting)
    _MAILS.labels(service, "failed").set(row.failed)
