"""Making partitions waits for nobody long, and whatever the session's settings are makes the same months."""

from collections.abc import Sequence

from alembic import op

revision: str = "shared_0005"
down_revision: str | None = "shared_0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

# While it waits for its lock behind a long reader (a verification), all who read or seal wait behind it. The bounds of
# a month pass through text, which reads back as another time in some pairs of time zone and style ("CST").
_SETTINGS = (("lock_timeout", "'1s'"), ("timezone", "'UTC'"), ("datestyle", "'ISO, YMD'"))


def upgrade() -> None:
    for name, value in _SETTINGS:
        op.execute(f"ALTER FUNCTION make_audit_partitions() SET {name} = {value}")


def downgrade() -> None:
    for name, _ in _SETTINGS:
        op.execute(f"ALTER FUNCTION make_audit_partitions() RESET {name}")
