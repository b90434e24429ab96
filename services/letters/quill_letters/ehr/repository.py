"""SQL of EHRs."""

from uuid import UUID

from quill_common.database.session import Reader, Writer
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert

from quill_letters.ehr.tables import Ehr

_OF_PATIENT = select(Ehr.ehr_id).where(Ehr.patient_id == bindparam("patient_id"))
_ADD = insert(Ehr).on_conflict_do_nothing(index_elements=["patient_id"])


async def ehr_of(reader: Reader, patient_id: str) -> UUID | None:
    """The id of the patient's EHR, None when there is none yet."""
    found: UUID | None = await reader.value(_OF_PATIENT, {"patient_id": patient_id})
    return found


async def add_ehr(writer: Writer, ehr_id: UUID, system_id: str, patient_id: str, status: str) -> None:
    """Give the patient an EHR unless another transaction does; waits for one that is about to."""
    row = {"ehr_id": ehr_id, "system_id": system_id, "patient_id": patient_id, "status": status}
    await writer.execute(_ADD, row)
