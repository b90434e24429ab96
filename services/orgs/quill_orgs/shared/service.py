"""The rule of shared organisations."""

from collections.abc import Sequence
from typing import Any

from quill_common.access.principal import Principal
from quill_common.database.session import Reader
from sqlalchemy import Row

from quill_orgs.shared import repository


async def shared_with(reader: Reader, principal: Principal, patient_id: str) -> Sequence[Row[Any]]:
    """Below level staff nothing is shared: a row in the staff table is open to everyone who registers."""
    return await repository.shared(reader, principal, patient_id) if principal.is_staff else ()
