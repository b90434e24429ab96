"""The rules of reading earlier versions. A deleted patient's are still there; decide access first."""

from collections.abc import Sequence

import orjson
from quill_common.database.session import Reader
from quill_common.fhir.resource import StoredResource
from quill_common.http.errors import NotFound, PatientNotFound
from quill_common.http.paging import Page
from quill_common.http.shapes import rfc3339

from quill_patients.patient.store import RESOURCE_TYPE, PatientStore


class VersionNotFound(NotFound):
    detail = "Patient version not found"


class VersionIsDeletion(NotFound):
    detail = "Patient was deleted in this version"


async def page_of(reader: Reader, store: PatientStore, patient_id: str, page: Page) -> bytes:
    """A page of versions as JSON, newest first. Raises PatientNotFound."""
    after = page.after(int)
    before = after[0] if after else None
    rows = await store.history(reader, RESOURCE_TYPE, patient_id, limit=page.fetch, before=before)
    if not rows and before is None:
        raise PatientNotFound
    shown, next_cursor = page.cut(rows, lambda version: (version.version,))
    return b'{"versions":[%s],"next_cursor":%s}' % (_listed(shown), orjson.dumps(next_cursor))


async def one(reader: Reader, store: PatientStore, patient_id: str, version: int) -> StoredResource:
    """One version that has content. Raises VersionNotFound or VersionIsDeletion."""
    found = await store.read_version(reader, RESOURCE_TYPE, patient_id, version)
    if found is None:
        raise VersionNotFound
    if found.deleted:
        raise VersionIsDeletion
    return found


def _listed(versions: Sequence[StoredResource]) -> bytes:
    return b",".join(
        orjson.dumps(
            {
                "version": version.version,
                "last_updated": rfc3339(version.last_updated),
                "deleted": version.deleted,
                "resource": None if version.deleted else orjson.Fragment(version.content),
            }
        )
        for version in versions
    )
