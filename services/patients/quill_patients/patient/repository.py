"""The SQL of patients. Every query takes the principal: nobody sees a patient by asking another way."""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from quill_common.access.policy import administrative, clinically_visible
from quill_common.access.principal import Principal
from quill_common.access.stand_in import Standing, caller_parameters, standing_of
from quill_common.access.tables import AccessStaff
from quill_common.database.session import Reader
from quill_common.http.paging import Page
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Label,
    Row,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    func,
    select,
    tuple_,
)
from sqlalchemy.orm import aliased

from quill_patients.metadata.tables import PatientMetadata
from quill_patients.patient.store import RESOURCE_TYPE, Found
from quill_patients.patient.tables import Patient
from quill_patients.search.conditions import Search, Shape, conditions, search_for
from quill_patients.search.upkeep import NotSearchable, any_to_read
from quill_patients.search.wanted import Wanted

_KEY = (Patient.family_key, Patient.given_key, Patient.id)
_AFTER = ("after_family", "after_given", "after_id")
STATEMENTS = 256  # that are kept built; shapes of searches are few, but anybody may send odd ones


async def find(reader: Reader, principal: Principal, patient_id: str) -> Found:
    """Decide rule A and fetch, in one statement."""
    row = await reader.row(_one(standing_of(principal)), {**caller_parameters(principal), "patient_id": patient_id})
    assert row is not None  # noqa: S101 - the left side of the join always gives a row
    return Found(row.allowed, row.version, row.content)


@cache
def _one(standing: Standing) -> Select[Any]:
    patient_id = bindparam("patient_id", type_=Text)
    asked = select(administrative(standing.principal(), patient_id).label("allowed")).subquery()
    present = and_(Patient.id == patient_id, Patient.resource_type == RESOURCE_TYPE)
    return select(asked.c.allowed, Patient.version, Patient.content).select_from(
        asked.outerjoin(Patient.__table__, present)
    )


async def listed(reader: Reader, principal: Principal, wanted: Wanted, page: Page) -> Sequence[Row[Any]]:
    """Up to `page.fetch` patients in the list's order: `content`, `is_active` and the sort key."""
    after = page.after(str, str, str)
    search = await _search(reader, wanted)
    statement = page_of(standing_of(principal), search.shape, later=after is not None)
    bounds = dict(zip(_AFTER, after or (), strict=False))
    return await reader.rows(
        statement, {**caller_parameters(principal), **search.values, **bounds, "fetch": page.fetch}
    )


async def counted(reader: Reader, principal: Principal, wanted: Wanted) -> int:
    """How many patients `listed` has on all its pages."""
    search = await _search(reader, wanted)
    statement = count_of(standing_of(principal), search.shape)
    found: int = await reader.value(statement, {**caller_parameters(principal), **search.values})
    return found


async def _search(reader: Reader, wanted: Wanted) -> Search:
    """The search for `wanted`. Raises NotSearchable while it would miss patients."""
    if wanted.criteria and await any_to_read(reader):
        raise NotSearchable
    return search_for(wanted)


@lru_cache(STATEMENTS)
def page_of(standing: Standing, shape: Shape, *, later: bool) -> Select[Any]:
    """The statement of `listed`: it sorts by the keys alone and fetches content for the page only."""
    keys = _matching(standing, shape, *_KEY, PatientMetadata.patient_id.is_(None).label("is_active"))
    if later:
        keys = keys.where(tuple_(*_KEY) > tuple_(*(bindparam(name, type_=Text) for name in _AFTER)))
    if shape.by_index:
        keys = select(keys.cte("found").prefix_with("MATERIALIZED"))
    columns = keys.selected_columns
    order = columns.family_key, columns.given_key, columns.id
    shown = keys.order_by(*order).limit(bindparam("fetch", type_=Integer)).subquery()
    return select(shown, _content_of(shown.c.id)).order_by(shown.c.family_key, shown.c.given_key, shown.c.id)


def _content_of(patient_id: ColumnElement[str]) -> Label[str]:
    """Looked up for each row that is shown: a join may walk the whole table when it does not know the page's length."""
    own = aliased(Patient)
    content = select(own.content).where(own.id == patient_id, own.resource_type == RESOURCE_TYPE)
    return content.scalar_subquery().label("content")


@lru_cache(STATEMENTS)
def count_of(standing: Standing, shape: Shape) -> Select[Any]:
    """The statement of `counted`."""
    return _matching(standing, shape, func.count())


def _matching(standing: Standing, shape: Shape, *columns: Any) -> Select[Any]:
    """Those columns of the patients that are searched for and that the caller may see: here alone that is decided."""
    inactive = and_(PatientMetadata.patient_id == Patient.id, ~PatientMetadata.is_active)
    found = select(*columns).select_from(Patient).outerjoin(PatientMetadata, inactive).where(*conditions(shape.parts))
    if not shape.everyone:
        found = found.where(Patient.id == any_(_own_patients(standing.principal())))
    if not shape.include_inactive:
        found = found.where(PatientMetadata.patient_id.is_(None))
    return found


async def primary_organisation(reader: Reader, principal: Principal) -> int | None:
    """The organisation that the principal mainly works for."""
    found: int | None = await reader.value(
        select(AccessStaff.organisation_id).where(AccessStaff.user_id == principal.id, AccessStaff.is_primary)
    )
    return found


async def any_patient(reader: Reader) -> None:
    """Read one patient for real, whoever it is, and tell nothing of it."""
    await reader.row(select(Patient.content).limit(1))


def _own_patients(principal: Principal) -> ColumnElement[Any]:
    """The ids that rule P gives, as one array: PostgreSQL then looks these up and never walks all patients."""
    visible = clinically_visible(principal).subquery()
    return func.array(select(visible.c[0]).scalar_subquery(), type_=ARRAY(Text))
