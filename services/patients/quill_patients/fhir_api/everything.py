"""`Patient/{id}/$everything`: the patient, and what messaging holds of it that the caller may read."""

from typing import Any, Final

import aiohttp
import orjson
from fastapi import Request, Response
from quill_common.access.principal import Principal
from quill_common.audit.declared import Note
from quill_common.http.callers import Caller, Read
from quill_common.http.errors import Unavailable
from quill_common.http.shapes import FhirId
from quill_common.http.work import work_of
from quill_common.log import get_logger
from quill_common.service import Parts

from quill_patients.fhir_api import bundles
from quill_patients.fhir_api.answers import bundle_answer
from quill_patients.fhir_api.asked import page_asked
from quill_patients.fhir_api.links import base_of, patient_url
from quill_patients.fhir_api.outcomes import invalid_parameter
from quill_patients.fhir_api.parameters import CURSOR
from quill_patients.fhir_api.reading import links_of, present
from quill_patients.patient.store import Store

_TIMES: Final = aiohttp.ClientTimeout(total=10, connect=2)
_MOST: Final = 200
"""Communications of one page."""


async def everything(
    request: Request, caller: Caller, read: Read, store: Store, note: Note, patient_id: FhirId
) -> Response:
    """The patient on the first page, and the Communications about it, oldest first, paged."""
    _, content = await present(read, store, caller, patient_id)
    asked = page_asked(request)
    url = patient_url(request, patient_id)
    entries = [] if asked.cursor else [bundles.found(url, content)]
    limit = max(1, min(asked.count, _MOST) - len(entries))
    await read.let_go()
    communications, cursor = await _communications(
        work_of(request).parts, caller, patient_id, {"limit": str(limit), "cursor": asked.cursor or ""}
    )
    base = base_of(request)
    entries += [bundles.found(f"{base}/Communication/{each['id']}", each["content"]) for each in communications]
    note.add(communications=len(communications))
    return bundle_answer(bundles.searchset(entries, links_of(f"{url}/$everything", asked, cursor)))


async def _communications(
    parts: Parts, caller: Principal, patient_id: str, page: dict[str, str]
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what the account may read there. Raises NotFhir for a cursor that is not messaging's.

    Raises Unavailable for anything else that fails: what cannot be asked for is not left out.
    """
    url = f"{parts.settings.peer_url('messaging')}/internal/patients/{patient_id}/communications"
    asking = {"user_id": str(caller.id), "session_id": caller.session_id}
    query = asking | {name: value for name, value in page.items() if value}
    headers = parts.calls.headers("messaging")
    try:
        async with parts.http.get(url, params=query, headers=headers, timeout=_TIMES) as response:
            if response.status == 400 and "cursor" in query:
                raise invalid_parameter(CURSOR, "is not one of ours")
            if response.status != 200:
                raise aiohttp.ClientError(f"status {response.status}")
            answer = orjson.loads(await response.read())
            return answer["communications"], answer["next_cursor"]
    except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError, KeyError, TypeError) as problem:
        get_logger().warning("communications cannot be asked for", error=type(problem).__name__)
        raise Unavailable from problem
