"""Try parked events again, when an operator asks for it."""

from quill_common.database.engine import Database
from quill_common.events.envelope import Envelope
from quill_common.events.inbox import parked, unpark
from quill_common.events.projection import Projection
from quill_common.events.unit_of_work import UnitsOfWork
from quill_common.log import get_logger


async def retry_parked(database: Database, projection: Projection, units: UnitsOfWork) -> tuple[int, int]:
    """Apply each parked event once more, in the order they were parked; how many succeeded and how many stay."""
    async with database.reader() as reader:
        rows = await parked(reader)
    done = 0
    for row in rows:
        event = Envelope.model_validate_json(row.envelope)
        try:
            async with units.open(cause=row.source, request_id=event.requestid) as work:
                await projection.apply(work, event.type, event.data)
                await unpark(work, row.source, row.position)
            done += 1
        except Exception as problem:  # quill: allow broad-except - it stays parked, the others get their try
            get_logger().error("event stays parked", position=row.position, error=type(problem).__name__)
    return done, len(rows) - done
