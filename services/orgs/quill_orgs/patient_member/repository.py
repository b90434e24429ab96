"""The SQL of patient membership."""

from collections.abc import Sequence
from typing import Any

from quill_common.database.session import Reader, Writer
from sqlalchemy import ColumnElement, Row, bindparam, delete, literal, select, text
from sqlalchemy.dialects.postgresql import insert

from quill_orgs.organisation.tables import Organisation
from quill_orgs.patient_member.tables import PatientMember

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:lock, 0))")
_MEMBERS = (
    select(PatientMember.patient_id, PatientMember.is_primary)
    .where(PatientMember.organisation_id == bindparam("organisation_id"))
    .order_by(PatientMember.patient_id)
)


async def members(reader: Reader, organisation_id: int) -> Sequence[Row[Any]]:
    """Every patient of the organisation: `patient_id`, `is_primary`; by id."""
    return await reader.rows(_MEMBERS, {"organisation_id": organisation_id})


async def add(writer: Writer, organisation_id: int, patient_id: str, *, is_primary: bool) -> bool:
    """Whether a row was added: False for a member already, and when there is no such organisation.

    One that is to be primary is not while the patient has another; `lock_memberships` comes before.
    """
    primary: ColumnElement[bool] = literal(False)
    if is_primary:
        other = PatientMember.__table__.alias("primary_one")
        primary = ~select(other.c.patient_id).where(other.c.patient_id == patient_id, other.c.is_primary).exists()
    row = select(Organisation.id, literal(patient_id), primary).where(Organisation.id == organisation_id)
    added = insert(PatientMember).from_select(["organisation_id", "patient_id", "is_primary"], row)
    return await writer.execute(added.on_conflict_do_nothing(index_elements=["organisation_id", "patient_id"])) > 0


async def lock_memberships(writer: Writer, patient_id: str) -> None:
    """Let one transaction at a time give the patient a primary membership; the others find it, and add no second."""
    await writer.value(_LOCK, {"lock": f"orgs/patient/{patient_id}"})


async def remove(writer: Writer, organisation_id: int, patient_id: str) -> bool:
    """Whether there was such a row."""
    gone = delete(PatientMember).where(
        PatientMember.organisation_id == organisation_id, PatientMember.patient_id == patient_id
    )
    return await writer.execute(gone) > 0
