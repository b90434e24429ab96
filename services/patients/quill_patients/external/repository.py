"""What our own tables say of patients whose resources are elsewhere."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from quill_common.access.policy import clinically_visible
from quill_common.access.principal import Principal
from quill_common.access.stand_in import Standing, caller_parameters, standing_of
from quill_common.access.tables import AccessPatient
from quill_common.database.session import Reader, Writer
from sqlalchemy import ARRAY, Select, Text, and_, any_, bindparam, func, select

from quill_patients.metadata.tables import PatientMetadata

_INACTIVE: Final = select(PatientMetadata.patient_id).where(~PatientMetadata.is_active)
_KNOWN: Final = select(AccessPatient.id).where(AccessPatient.id == any_(bindparam("ids", type_=ARRAY(Text))))
_FROM_THE_START: Final = select(AccessPatient.id).order_by(AccessPatient.id).limit(bindparam("limit"))
_ONWARDS: Final = _FROM_THE_START.where(AccessPatient.id > bindparam("after", type_=Text))
_LOCKED: Final = func.pg_try_advisory_xact_lock(func.hashtextextended(bindparam("of", type_=Text), 0))
_ONE_AT_A_TIME: Final = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("of", type_=Text), 0)))


async def visible(reader: Reader, principal: Principal) -> Mapping[str, bool]:
    """The ids of rule P, each with whether the patient is listed. One statement."""
    rows = await reader.rows(_visible(standing_of(principal)), caller_parameters(principal))
    return {row.id: row.is_active for row in rows}


@cache
def _visible(standing: Standing) -> Select[Any]:
    own = clinically_visible(standing.principal()).subquery()
    patient_id = own.c[0]
    inactive = and_(PatientMetadata.patient_id == patient_id, ~PatientMetadata.is_active)
    return (
        select(patient_id.label("id"), PatientMetadata.patient_id.is_(None).label("is_active"))
        .distinct()
        .outerjoin(PatientMetadata, inactive)
    )


async def inactive(reader: Reader) -> frozenset[str]:
    """The ids of all that are not listed."""
    return frozenset(await reader.values(_INACTIVE))


async def known(reader: Reader, ids: Sequence[str]) -> frozenset[str]:
    """Those of `ids` that were published: every service knows of them, or will."""
    return frozenset(await reader.values(_KNOWN, {"ids": list(ids)}))


async def ids_after(reader: Reader, after: str | None, limit: int) -> Sequence[str]:
    """Up to `limit` known ids in their order, from the first behind `after`."""
    if after is None:
        return await reader.values(_FROM_THE_START, {"limit": limit})
    return await reader.values(_ONWARDS, {"limit": limit, "after": after})


async def hold_number(writer: Writer, number: str) -> None:
    """Keep others of us from giving an NHS number until the commit."""
    await writer.value(_ONE_AT_A_TIME, {"of": f"nhs number/{number}"})


async def hold_if_free(writer: Writer, lock: str) -> bool:
    """Take the lock until the commit, unless somebody has it."""
    return bool(await writer.value(select(_LOCKED), {"of": lock}))
