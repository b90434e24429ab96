"""The SQL of shared organisations."""

from collections.abc import Sequence
from typing import Any

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from sqlalchemy import Row, bindparam, select

from quill_orgs.organisation.tables import Organisation
from quill_orgs.patient_member.tables import PatientMember
from quill_orgs.staff.tables import StaffMember

_SHARED = (
    select(Organisation.id, Organisation.name, Organisation.type)
    .join(StaffMember, StaffMember.organisation_id == Organisation.id)
    .join(PatientMember, PatientMember.organisation_id == Organisation.id)
    .where(StaffMember.user_id == bindparam("user_id"), PatientMember.patient_id == bindparam("patient_id"))
    .order_by(Organisation.id)
)


async def shared(reader: Reader, principal: Principal, patient_id: str) -> Sequence[Row[Any]]:
    """Where the principal is staff and the patient a member: `id`, `name`, `type`; by id."""
    return await reader.rows(_SHARED, {"user_id": principal.id, "patient_id": patient_id})
