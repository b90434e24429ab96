"""The rules of features: two switches at once, and one of them finds it done already."""

from collections.abc import Sequence
from typing import Any

from quill_common.database.session import Reader
from quill_common.events.catalogue.orgs import FeatureDisabled, FeatureEnabled
from quill_common.events.unit_of_work import UnitOfWork
from sqlalchemy import Row

from quill_orgs.feature import repository
from quill_orgs.feature.schemas import Outcome
from quill_orgs.organisation import repository as organisations
from quill_orgs.organisation.errors import OrganisationNotFound


async def enabled(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """The features that are on. Raises OrganisationNotFound."""
    rows = await repository.enabled(reader, organisation_id)
    if not rows:
        await _require_organisation(reader, organisation_id)
    return rows


async def enable(write: UnitOfWork, organisation_id: int, feature_key: str, enabled_by: int) -> Outcome:
    """Turn a feature on. Raises OrganisationNotFound."""
    await _require_organisation(write, organisation_id)
    if not await repository.add(write, organisation_id, feature_key, enabled_by):
        write.found_done()
        return "already_enabled"
    await write.publish(FeatureEnabled(organisation_id=organisation_id, feature_key=feature_key))
    return "enabled"


async def disable(write: UnitOfWork, organisation_id: int, feature_key: str) -> Outcome:
    """Turn a feature off. Raises OrganisationNotFound."""
    await _require_organisation(write, organisation_id)
    if not await repository.remove(write, organisation_id, feature_key):
        write.found_done()
        return "already_disabled"
    await write.publish(FeatureDisabled(organisation_id=organisation_id, feature_key=feature_key))
    return "disabled"


async def _require_organisation(reader: Reader, organisation_id: int) -> None:
    if not await organisations.is_there(reader, organisation_id):
        raise OrganisationNotFound
