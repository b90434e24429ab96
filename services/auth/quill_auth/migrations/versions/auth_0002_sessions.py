"""Where sessions are used from, and an index for a person's list of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0002"
down_revision: str | None = "auth_0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("session", sa.Column("device", sa.String(length=255), nullable=True))
    op.add_column("session", sa.Column("address", sa.String(length=64), nullable=True))
    op.create_index(
        "ix_session_live_by_use",
        "session",
        ["user_id", "last_used_at", "id"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.drop_index("ix_session_live_by_user", table_name="session", postgresql_where=sa.text("ended_at IS NULL"))


def downgrade() -> None:
    op.create_index(
        "ix_session_live_by_user", "session", ["user_id"], unique=False, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.drop_index("ix_session_live_by_use", table_name="session", postgresql_where=sa.text("ended_at IS NULL"))
    op.drop_column("session", "address")
    op.drop_column("session", "device")
