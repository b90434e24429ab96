"""The list of patients: the whole truth or, said so, none of it (contract 6.1)."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from quill_common.access.principal import Principal
from quill_common.database.faults import is_database_away
from quill_common.database.session import Reader
from quill_common.fhir.store import StoreFailing
from quill_common.http.paging import Page
from sqlalchemy.exc import SQLAlchemyError

from quill_patients.patient.store import PatientStore
from quill_patients.search.wanted import Wanted

FAULTS = (SQLAlchemyError, OSError, TimeoutError)
NOT_READY = b'{"patients":[],"fhir_ready":false,"next_cursor":null}'

_LISTED = {True: ',"is_active":true}', False: ',"is_active":false}'}


@dataclass(frozen=True, slots=True)
class Listed:
    """A page as JSON, and whom it shows."""

    answer: bytes
    patient_ids: Sequence[str]


async def page_of(
    reader: Reader, store: PatientStore, principal: Principal, wanted: Wanted, page: Page, *, total: bool = False
) -> Listed | None:
    """The page, with the number of patients on all pages if it is asked for; None when it cannot be made now."""
    try:
        rows = await store.search(reader, principal, wanted, page)
        number = await store.count(reader, principal, wanted) if total else None
    except StoreFailing:
        return None
    except FAULTS as problem:
        if not is_database_away(problem):
            raise
        return None
    shown, next_cursor = page.cut(rows, lambda row: (row.family_key, row.given_key, row.id))
    patients = ",".join(with_flag(row.content, is_active=row.is_active) for row in shown)
    head, end = b'{"patients":[', b'],"fhir_ready":true,"next_cursor":%s' % orjson.dumps(next_cursor)
    last = b"}" if number is None else b',"total":%d}' % number
    return Listed(head + patients.encode() + end + last, [row.id for row in shown])


def with_flag(content: str, *, is_active: bool) -> str:
    """A stored resource with `is_active` as its last member; stored text is an object that is not empty."""
    return content[:-1] + _LISTED[is_active]
