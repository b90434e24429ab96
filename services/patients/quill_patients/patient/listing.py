"""The list of patients: the whole truth or, said so, none of it (contract 6.1)."""

import orjson
from quill_common.access.principal import Principal
from quill_common.database.faults import is_database_away
from quill_common.database.session import Reader
from quill_common.http.paging import Page
from sqlalchemy.exc import SQLAlchemyError

from quill_patients.patient import repository

FAULTS = (SQLAlchemyError, OSError, TimeoutError)
NOT_READY = b'{"patients":[],"fhir_ready":false,"next_cursor":null}'

_LISTED = {True: ',"is_active":true}', False: ',"is_active":false}'}


async def page_of(
    reader: Reader, principal: Principal, page: Page, *, scope: str | None, include_inactive: bool
) -> bytes:
    """The answer as JSON. `scope` and `include_inactive` have effect for admins only."""
    try:
        rows = await repository.listed(
            reader,
            principal,
            page,
            everyone=principal.is_admin and scope == "admin",
            include_inactive=principal.is_admin and include_inactive,
        )
    except FAULTS as problem:
        if not is_database_away(problem):
            raise
        return NOT_READY
    shown, next_cursor = page.cut(rows, lambda row: (row.family_key, row.given_key, row.id))
    patients = ",".join(with_flag(row.content, is_active=row.is_active) for row in shown)
    return b'{"patients":[%s],"fhir_ready":true,"next_cursor":%s}' % (patients.encode(), orjson.dumps(next_cursor))


def with_flag(content: str, *, is_active: bool) -> str:
    """A stored resource with `is_active` as its last member; stored text is an object that is not empty."""
    return content[:-1] + _LISTED[is_active]
