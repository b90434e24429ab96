"""The rules of organisations."""

from typing import Any

from quill_common.database.session import Reader
from quill_common.events.catalogue.orgs import OrganisationChanged
from quill_common.events.unit_of_work import UnitOfWork
from sqlalchemy import Row

from quill_orgs.organisation import repository
from quill_orgs.organisation.errors import OrganisationNotFound, OrganizationNotFound, UnknownOrganisationType
from quill_orgs.organisation.kinds import TYPES
from quill_orgs.organisation.schemas import NewOrganisation, OrganisationChange, OrganisationDetail
from quill_orgs.patient_member import repository as patient_members
from quill_orgs.staff import repository as staff


async def create(write: UnitOfWork, wanted: NewOrganisation) -> Row[Any]:
    """Store and publish. The creator does not become a member. Raises UnknownOrganisationType."""
    _require_known(wanted.type)
    row = await repository.add(write, {"name": wanted.name, "type": wanted.type, "location": wanted.location or None})
    await _publish(write, row)
    return row


async def change(write: UnitOfWork, organisation_id: int, wanted: OrganisationChange) -> Row[Any]:
    """Change what is given. Raises UnknownOrganisationType and OrganisationNotFound."""
    if wanted.type is not None:
        _require_known(wanted.type)
    values: dict[str, str | None] = dict(wanted.model_dump(exclude_none=True))
    if "location" in values:
        values["location"] = values["location"] or None
    if not values:
        return await _unchanged(write, organisation_id)
    row = await repository.change(write, organisation_id, values)
    if row is None:
        raise OrganisationNotFound
    await _publish(write, row)
    return row


async def detail(reader: Reader, organisation_id: int) -> OrganisationDetail:
    """One organisation with all its members. Raises OrganizationNotFound."""
    row = await repository.by_id(reader, organisation_id)
    if row is None:
        raise OrganizationNotFound
    members = await staff.members(reader, organisation_id)
    patients = await patient_members.members(reader, organisation_id)
    return OrganisationDetail.model_validate(
        {
            **row._mapping,
            "staff_count": len(members),
            "patient_count": len(patients),
            "staff_members": members,
            "patient_members": patients,
        }
    )


async def _unchanged(reader: Reader, organisation_id: int) -> Row[Any]:
    row = await repository.by_id(reader, organisation_id)
    if row is None:
        raise OrganisationNotFound
    return row


def _require_known(kind: str) -> None:
    if kind not in TYPES:
        raise UnknownOrganisationType


async def _publish(write: UnitOfWork, row: Row[Any]) -> None:
    await write.publish(OrganisationChanged(id=row.id, name=row.name, organisation_type=row.type))
