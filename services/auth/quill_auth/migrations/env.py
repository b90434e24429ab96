"""Entry point of alembic for this service."""

from quill_common.database.migration import run

run()
