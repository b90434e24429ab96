"""The SQL of patient membership."""

from collections.abc import Sequence
from typing import Any

from quill_common.database.session import Reader, Writer
from sqlalchemy import ARRAY, Boolean, Row, Text, bindparam, delete, func, literal, select, true
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.organisation.tables import Organisation
from quill_orgs.patient_member.tables import PatientMember

_MEMBERS = (
    select(PatientMember.patient_id, PatientMember.is_primary)
    .where(PatientMember.organisation_id == bindparam("organisation_id"))
    .order_by(PatientMember.patient_id)
)

_JOINING = func.unnest(bindparam("patients", type_=ARRAY(Text))).table_valued("id").render_derived(name="joining")
_ROWS = (
    select(Organisation.id, _JOINING.c.id, bindparam("primary", type_=Boolean))
    .join_from(Organisation, _JOINING, true())
    .where(Organisation.id == bindparam("to"))
)
_ADD_ALL = (
    insert(PatientMember)
    .from_select(["organisation_id", "patient_id", "is_primary"], _ROWS)
    .on_conflict_do_nothing()
    .returning(PatientMember.patient_id)
)


async def members(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """Every patient of the organisation: `patient_id`, `is_primary`; by id."""
    return await reader.rows(_MEMBERS, {"organisation_id": organisation_id})


async def add(writer: Writer, organisation_id: int, patient_id: str, *, is_primary: bool) -> bool:
    """Whether a row was added: False for a member already, and when there is no such organisation."""
    row = select(Organisation.id, literal(patient_id), literal(is_primary)).where(Organisation.id == organisation_id)
    added = insert(PatientMember).from_select(["organisation_id", "patient_id", "is_primary"], row)
    return await writer.execute(added.on_conflict_do_nothing()) > 0


async def add_all(
    writer: Writer, organisation_id: int, patient_ids: Sequence[str], *, is_primary: bool
) -> Sequence[str]:
    """Those of `patient_ids` for whom a row was added, in one statement; otherwise as `add`."""
    return await writer.values(
        _ADD_ALL, {"to": organisation_id, "patients": sorted(set(patient_ids)), "primary": is_primary}
    )


async def remove(writer: Writer, organisation_id: int, patient_id: str) -> bool:
    """Whether there was such a row."""
    gone = delete(PatientMember).where(
        PatientMember.organisation_id == organisation_id, PatientMember.patient_id == patient_id
    )
    return await writer.execute(gone) > 0
