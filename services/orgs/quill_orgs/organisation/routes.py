"""`/api/organizations` and the public list of names (contract 5.1 to 5.5)."""

from typing import Any

from fastapi import APIRouter, Response
from quill_common.audit.declared import Audited, Note
from quill_common.http.answers import json_answer
from quill_common.http.callers import Caller, OncePerKey, Read, Write, require_admin
from quill_common.http.paging import Paging
from quill_common.http.shapes import PathId
from quill_common.http.work import WorkRoute

from quill_orgs.organisation import repository, service
from quill_orgs.organisation.schemas import (
    NewOrganisation,
    OrganisationAnswer,
    OrganisationChange,
    OrganisationDetail,
    OrganisationList,
    OrganisationNames,
)

router = APIRouter(prefix="/api", tags=["organizations"], route_class=WorkRoute)


@router.get("/auth/organizations", operation_id="listOrganizationNames", response_model=OrganisationNames)
async def list_names(read: Read, page: Paging) -> Response:
    """The names for the registration form, for anyone."""
    (after,) = page.after(int) or (0,)
    return _listed(*page.cut(await repository.page_of_names(read, after, page.fetch), _key))


@router.get("/organizations", operation_id="listOrganizations", response_model=OrganisationList)
async def list_organisations(caller: Caller, read: Read, page: Paging) -> Response:
    """All organisations, by id."""
    require_admin(caller)
    (after,) = page.after(int) or (0,)
    return _listed(*page.cut(await repository.page(read, after, page.fetch), _key))


@router.post(
    "/organizations",
    operation_id="createOrganization",
    response_model=OrganisationAnswer,
    dependencies=[Audited("organisation.create")],
)
async def create(caller: Caller, write: Write, once: OncePerKey, note: Note, body: NewOrganisation) -> Any:
    """Create an organisation."""
    require_admin(caller)
    await once.begin()
    created = await service.create(write, body)
    note.target(f"organisation/{created.id}")
    return created


@router.get(
    "/organizations/{org_id}",
    operation_id="getOrganization",
    response_model=OrganisationDetail,
    dependencies=[Audited("organisation.read")],
)
async def get(caller: Caller, read: Read, note: Note, org_id: PathId) -> Any:
    """One organisation with all its members."""
    note.target(f"organisation/{org_id}")
    require_admin(caller)
    organisation = await service.detail(read, org_id)
    note.about_all(member.patient_id for member in organisation.patient_members)
    return organisation


@router.put(
    "/organizations/{org_id}",
    operation_id="updateOrganization",
    response_model=OrganisationAnswer,
    dependencies=[Audited("organisation.update")],
)
async def update(caller: Caller, write: Write, note: Note, org_id: PathId, body: OrganisationChange) -> Any:
    """Change an organisation; absent or null fields stay."""
    note.target(f"organisation/{org_id}")
    note.add(fields=sorted(body.model_dump(exclude_none=True)))
    require_admin(caller)
    return await service.change(write, org_id, body)


def _key(row: Any) -> tuple[int]:
    return (row.id,)


def _listed(rows: Any, next_cursor: str | None) -> Response:
    """Rows to JSON without models between: this is a hot path."""
    fields = rows[0]._fields if rows else ()
    listed = [dict(zip(fields, row, strict=True)) for row in rows]
    return json_answer({"organizations": listed, "next_cursor": next_cursor})
