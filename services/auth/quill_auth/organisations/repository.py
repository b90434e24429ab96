"""What is asked about organisations."""

from quill_common.access.tables import AccessStaff, AccessUser
from quill_common.database.session import Reader
from sqlalchemy import bindparam, exists, func, select

from quill_auth.organisations.tables import KnownFeature, KnownOrganisation

_KNOWN = select(exists().where(KnownOrganisation.id == bindparam("organisation_id")))

FEATURES_OF_USER = func.array(
    select(KnownFeature.feature_key)
    .join(AccessStaff, AccessStaff.organisation_id == KnownFeature.organisation_id)
    .where(AccessStaff.user_id == AccessUser.id, AccessStaff.is_primary)
    .order_by(KnownFeature.feature_key)
    .correlate(AccessUser)
    .scalar_subquery()
)
"""The feature keys of the primary organisation of the user in `access_user`, for a larger statement."""


async def is_known(reader: Reader, organisation_id: int) -> bool:
    return bool(await reader.value(_KNOWN, {"organisation_id": organisation_id}))
