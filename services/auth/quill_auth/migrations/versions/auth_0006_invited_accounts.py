"""Which invitation an account was made for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "auth_0006"
down_revision: str | None = "auth_0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("users", sa.Column("invitation_id", sa.Uuid(), nullable=True))
    op.create_unique_constraint(op.f("uq_users_invitation_id"), "users", ["invitation_id"])


def downgrade() -> None:
    op.drop_constraint(op.f("uq_users_invitation_id"), "users", type_="unique")
    op.drop_column("users", "invitation_id")
