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
    literal_column,
    select,
    true,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from quill_patients.metadata.tables import PatientMetadata
from quill_patients.patient.store import RESOURCE_TYPE, Found
from quill_patients.patient.tables import Patient
from quill_patients.search.conditions import Search, Shape, conditions, search_for
from quill_patients.search.upkeep import NotSearchable, any_to_read
from quill_patients.search.wanted import Wanted

_KEY = (Patient.family_key, Patient.given_key, Patient.id)
_AFTER = ("after_family", "after_given", "after_id")
_IS_ACTIVE = PatientMetadata.patient_id.is_(None).label("is_active")
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
    keys = (
        _found_first(standing, shape, later)
        if shape.by_index or not shape.everyone
        else _in_order(standing, shape, later)
    )
    shown = keys.limit(bindparam("fetch", type_=Integer)).subquery()
    return select(shown, _content_of(shown.c.id)).order_by(shown.c.family_key, shown.c.given_key, shown.c.id)


def _in_order(standing: Standing, shape: Shape, later: bool) -> Select[Any]:
    """Walks the patients in the list's order until the page is full."""
    keys = _matching(standing, shape, *_KEY, _IS_ACTIVE).order_by(*_KEY)
    return keys.where(_later(*_KEY)) if later else keys


def _found_first(standing: Standing, shape: Shape, later: bool) -> Select[Any]:
    """Finds all that fit, sorts them, and asks of those alone that come to be shown whether they are active.

    OFFSET 0 keeps PostgreSQL from walking in the list's order instead: it takes those that fit to lie evenly among all,
    and whose name begins with an S lie near the end.
    """
    fit = select(*_KEY).where(_visible(standing, shape), *conditions(shape.parts, of_metadata=False))
    if later:
        fit = fit.where(_later(*_KEY))
    found = fit.order_by(*_KEY).offset(literal_column("0")).subquery()
    key = (found.c.family_key, found.c.given_key, found.c.id)
    inactive = select(PatientMetadata.patient_id).where(
        PatientMetadata.patient_id == found.c.id, ~PatientMetadata.is_active
    )
    is_active = inactive.scalar_subquery().is_(None)
    keys = select(*key, is_active.label("is_active")).order_by(*key)
    if ("inactive",) in shape.parts:
        keys = keys.where(~is_active)
    return keys if shape.include_inactive and ("active",) not in shape.parts else keys.where(is_active)


def _later(*key: ColumnElement[str] | InstrumentedAttribute[str]) -> ColumnElement[bool]:
    return tuple_(*key) > tuple_(*(bindparam(name, type_=Text) for name in _AFTER))


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
    """Those columns of the patients that are searched for, whom the caller may see."""
    inactive = and_(PatientMetadata.patient_id == Patient.id, ~PatientMetadata.is_active)
    joined = select(*columns).select_from(Patient).outerjoin(PatientMetadata, inactive)
    found = joined.where(_visible(standing, shape), *conditions(shape.parts))
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


def _visible(standing: Standing, shape: Shape) -> ColumnElement[bool]:
    """Whom the caller may see; for every list, search and count that is decided here alone.

    Rule P is asked of the few that a search finds; else the caller's own patients are looked up, one by one: as one
    array, so that PostgreSQL never walks all patients instead.
    """
    if shape.everyone:
        return true()
    visible = select(clinically_visible(standing.principal()).subquery().c[0])
    if shape.finds_few:
        return Patient.id.in_(visible)
    return Patient.id == any_(func.array(visible.scalar_subquery(), type_=ARRAY(Text)))
