"""The SQL of prescriptions."""

from collections.abc import Mapping
from typing import Any

from quill_common.database.session import Writer
from sqlalchemy import insert

from quill_patients.prescription.tables import Prescription


async def add(writer: Writer, values: Mapping[str, Any]) -> None:
    await writer.execute(insert(Prescription), values)
