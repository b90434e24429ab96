"""What one account did, and what was done to it, is found without reading the whole trail."""

from collections.abc import Sequence

from alembic import op

revision: str = "shared_0006"
down_revision: str | None = "shared_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_COLUMNS = {"ix_audit_entry_of_actor": "actor_id", "ix_audit_entry_of_subject": "subject_user_id"}


def upgrade() -> None:
    for name, column in _COLUMNS.items():
        op.execute(f"CREATE INDEX {name} ON audit_entry ({column}, recorded_at, id) WHERE {column} IS NOT NULL")


def downgrade() -> None:
    for name in _COLUMNS:
        op.execute(f"DROP INDEX {name}")
