"""The one policy: who may see which patient (contract 2.4), as SQL that filters and as a question that refuses.

Rule P (clinical): own record, or shared organisation from level `staff` up, or a live grant.
Rule A (administrative): rule P, or level `admin` and higher.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    CompoundSelect,
    SQLColumnExpression,
    Text,
    any_,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from quill_common.access.principal import Principal
from quill_common.access.tables import AccessGrant, AccessPatient, AccessPatientMember, AccessStaff
from quill_common.database.session import Reader

PatientId = SQLColumnExpression[str] | str

_EXISTING = select(AccessPatient.id).where(AccessPatient.id == any_(bindparam("asked", type_=ARRAY(Text))))


def clinical(principal: Principal, patient_id: PatientId) -> ColumnElement[bool]:
    """Rule P for a column or a value: true where the principal may see that patient's clinical record."""
    patient = literal(patient_id) if isinstance(patient_id, str) else patient_id
    return or_(
        _own_record(principal, patient),
        _shares_organisation(principal, patient),
        exists().where(AccessGrant.user_id == principal.id, AccessGrant.patient_id == patient),
    )


def clinically_visible(principal: Principal) -> CompoundSelect[Any]:
    """Rule P as the set of patient ids, with repetitions: for a list that is to cost what the principal may see.

    `clinical` on a column of a large table asks of every row in it; `id IN` this set looks up a caller's own patients.
    """
    sets = [select(AccessGrant.patient_id).where(AccessGrant.user_id == principal.id)]
    if principal.patient_id is not None:
        sets.append(select(type_coerce(principal.patient_id, Text)))
    if principal.is_staff:
        members = select(AccessPatientMember.patient_id).join(
            AccessStaff, AccessStaff.organisation_id == AccessPatientMember.organisation_id
        )
        sets.append(members.where(AccessStaff.user_id == principal.id))
    return union_all(*sets)


def administrative(principal: Principal, patient_id: PatientId) -> ColumnElement[bool]:
    """Rule A for a column or a value."""
    return true() if principal.is_admin else clinical(principal, patient_id)


async def may_see_clinically(reader: Reader, principal: Principal, patient_id: str) -> bool:
    """Rule P for one patient. One statement."""
    return bool(await reader.value(select(clinical(principal, patient_id))))


async def may_administer(reader: Reader, principal: Principal, patient_id: str) -> bool:
    """Rule A for one patient. At most one statement."""
    return principal.is_admin or await may_see_clinically(reader, principal, patient_id)


async def patient_exists(reader: Reader, patient_id: str) -> bool:
    """Whether there is such a patient; ask only after access was decided."""
    return bool(await reader.value(select(exists().where(AccessPatient.id == patient_id))))


async def existing_patients(reader: Reader, patient_ids: Collection[str]) -> frozenset[str]:
    """Those of `patient_ids` that are patients; ask only after access was decided."""
    return frozenset(await reader.values(_EXISTING, {"asked": list(patient_ids)}))


def _own_record(principal: Principal, patient: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return false() if principal.patient_id is None else patient == principal.patient_id


def _shares_organisation(principal: Principal, patient: SQLColumnExpression[str]) -> ColumnElement[bool]:
    if not principal.is_staff:
        return false()
    return exists(
        select(AccessPatientMember.patient_id)
        .join(AccessStaff, AccessStaff.organisation_id == AccessPatientMember.organisation_id)
        .where(AccessPatientMember.patient_id == patient, AccessStaff.user_id == principal.id)
    )
