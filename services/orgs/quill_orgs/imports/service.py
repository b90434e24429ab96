"""The rules of joining imported patients to an organisation."""

from collections.abc import Iterable

from quill_common.access.policy import existing_patients
from quill_common.database.session import Reader
from quill_common.events.unit_of_work import UnitOfWork

from quill_orgs.organisation import repository as organisations
from quill_orgs.organisation.errors import OrganisationNotFound
from quill_orgs.patient_member.service import join


async def name_of(reader: Reader, organisation_id: int) -> str:
    """Raises OrganisationNotFound."""
    row = await organisations.by_id(reader, organisation_id)
    if row is None:
        raise OrganisationNotFound
    return str(row.name)


async def join_imported(write: UnitOfWork, organisation_id: int, patient_ids: Iterable[str]) -> tuple[int, list[str]]:
    """How many became members, and the ids that are not patients. Raises OrganisationNotFound.

    Ids are taken in one order, so that two imports at once do not block each other for good.
    """
    await name_of(write, organisation_id)
    given = frozenset(patient_ids)
    known = await existing_patients(write, given)
    return len(await join(write, organisation_id, sorted(known))), sorted(given - known)
