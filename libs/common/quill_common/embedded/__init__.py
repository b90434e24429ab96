"""PostgreSQL from a package: for a machine that has none."""

from quill_common.embedded.postgres import EmbeddedPostgres, EmbeddedPostgresError

__all__ = ["EmbeddedPostgres", "EmbeddedPostgresError"]
