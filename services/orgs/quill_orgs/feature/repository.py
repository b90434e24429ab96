"""The SQL of features."""

from collections.abc import Sequence
from typing import Any

from quill_common.database.session import Reader, Writer
from sqlalchemy import Row, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.feature.tables import Feature

_ENABLED = (
    select(Feature.feature_key, Feature.enabled_at, Feature.enabled_by)
    .where(Feature.organisation_id == bindparam("organisation_id"))
    .order_by(Feature.feature_key)
)


async def enabled(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """What is on: `feature_key`, `enabled_at`, `enabled_by`; by key."""
    return await reader.rows(_ENABLED, {"organisation_id": organisation_id})


async def add(writer: Writer, organisation_id: int, feature_key: str, enabled_by: int) -> bool:
    """Whether the row is new."""
    row = insert(Feature).values(organisation_id=organisation_id, feature_key=feature_key, enabled_by=enabled_by)
    unique = ["organisation_id", "feature_key"]
    return await writer.execute(row.on_conflict_do_nothing(index_elements=unique)) > 0


async def remove(writer: Writer, organisation_id: int, feature_key: str) -> bool:
    """Whether there was a row."""
    gone = delete(Feature).where(Feature.organisation_id == organisation_id, Feature.feature_key == feature_key)
    return await writer.execute(gone) > 0
