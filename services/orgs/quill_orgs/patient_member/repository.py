"""The SQL of patient membership."""

from collections.abc import Sequence
from typing import Any

from quill_common.database.session import Reader, Writer
from sqlalchemy import ARRAY, Boolean, Row, Text, and_, bindparam, delete, func, select, text, true
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.organisation.tables import Organisation
from quill_orgs.patient_member.tables import PatientMember

# In one order, so that two transactions with the same patients do not wait for each other for good.
_LOCK = text(
    "SELECT count(pg_advisory_xact_lock(hashtextextended('orgs/patient/' || id, 0)))"
    " FROM (SELECT unnest(CAST(:patients AS text[])) AS id ORDER BY 1) AS joining"
)
_MEMBERS = (
    select(PatientMember.patient_id, PatientMember.is_primary)
    .where(PatientMember.organisation_id == bindparam("organisation_id"))
    .order_by(PatientMember.patient_id)
)

_JOINING = func.unnest(bindparam("patients", type_=ARRAY(Text))).table_valued("id").render_derived(name="joining")
_OTHER = PatientMember.__table__.alias("primary_one")
_HAS_PRIMARY = select(_OTHER.c.patient_id).where(_OTHER.c.patient_id == _JOINING.c.id, _OTHER.c.is_primary).exists()
_ROWS = (
    select(Organisation.id, _JOINING.c.id, and_(bindparam("primary", type_=Boolean), ~_HAS_PRIMARY))
    .join_from(Organisation, _JOINING, true())
    .where(Organisation.id == bindparam("to"))
)
_ADD = (
    insert(PatientMember)
    .from_select(["organisation_id", "patient_id", "is_primary"], _ROWS)
    .on_conflict_do_nothing(index_elements=["organisation_id", "patient_id"])
    .returning(PatientMember.patient_id)
)


async def members(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """Every patient of the organisation: `patient_id`, `is_primary`; by id."""
    return await reader.rows(_MEMBERS, {"organisation_id": organisation_id})


async def lock_memberships(writer: Writer, patient_ids: Sequence[str]) -> None:
    """Let one transaction at a time give a patient a primary membership; the others find it, and add no second."""
    await writer.value(_LOCK, {"patients": list(patient_ids)})


async def add(writer: Writer, organisation_id: int, patient_ids: Sequence[str], *, is_primary: bool) -> Sequence[str]:
    """Those for whom a row was added: not for members, and for nobody when there is no such organisation.

    One that is to be primary is not while the patient has another; `lock_memberships` comes before.
    """
    return await writer.values(
        _ADD, {"to": organisation_id, "patients": sorted(set(patient_ids)), "primary": is_primary}
    )


async def remove(writer: Writer, organisation_id: int, patient_id: str) -> bool:
    """Whether there was such a row."""
    gone = delete(PatientMember).where(
        PatientMember.organisation_id == organisation_id, PatientMember.patient_id == patient_id
    )
    return await writer.execute(gone) > 0
