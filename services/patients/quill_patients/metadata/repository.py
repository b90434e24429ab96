"""The SQL of patient metadata. Access is decided by the routes: the rows say nothing about care."""

from quill_common.database.session import Reader, Writer
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from quill_patients.metadata.tables import PatientMetadata


async def is_active(reader: Reader, patient_id: str) -> bool:
    """True without a row."""
    found = await reader.value(select(PatientMetadata.is_active).where(PatientMetadata.patient_id == patient_id))
    return found is not False


async def set_active(writer: Writer, patient_id: str, *, active: bool) -> bool:
    """Whether that changed anything; the row is made on first use."""
    await writer.execute(insert(PatientMetadata).values(patient_id=patient_id, is_active=True).on_conflict_do_nothing())
    changed = (
        update(PatientMetadata)
        .where(PatientMetadata.patient_id == patient_id, PatientMetadata.is_active.is_not(active))
        .values(is_active=active)
    )
    return await writer.execute(changed) > 0
