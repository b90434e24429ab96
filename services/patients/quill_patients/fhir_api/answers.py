"""Answers that carry a resource, as R4 wants them: ETag, Last-Modified, Location, and as much body as was preferred."""

from datetime import UTC, datetime
from email.utils import format_datetime

import orjson
from fastapi import Request, Response
from quill_common.fhir.outcome import FHIR_JSON, Issue, operation_outcome
from quill_common.fhir.resource import StoredResource, etag_of

from quill_patients.fhir_api.links import patient_url
from quill_patients.fhir_api.media import RETURNS, preferred


def resource_answer(content: str, version: int, status: int = 200) -> Response:
    """A resource as it is stored."""
    changed = datetime.fromisoformat(orjson.loads(content)["meta"]["lastUpdated"])
    headers = {"ETag": etag_of(version), "Last-Modified": format_datetime(changed.astimezone(UTC), usegmt=True)}
    return Response(content, status, headers, FHIR_JSON)


def found_answer(request: Request, patient_id: str, content: str) -> Response:
    """A resource that was to be created and is there already."""
    answer = resource_answer(content, int(orjson.loads(content)["meta"]["versionId"]))
    answer.headers["Location"] = patient_url(request, patient_id)
    return answer


def bundle_answer(bundle: bytes) -> Response:
    return Response(bundle, media_type=FHIR_JSON)


def written_answer(request: Request, stored: StoredResource, *, created: bool) -> Response:
    """What was stored, in the form of `Prefer: return=`; the whole resource where nothing was preferred."""
    answer = resource_answer(stored.content, stored.version, 201 if created else 200)
    wanted = preferred(request, "return", RETURNS)
    if wanted == "minimal":
        answer = Response(None, answer.status_code, _without_body(answer))
    elif wanted == "OperationOutcome":
        outcome = operation_outcome([Issue("informational", "The patient was stored", severity="information")])
        answer = Response(outcome, answer.status_code, _without_body(answer), FHIR_JSON)
    if created:
        answer.headers["Location"] = patient_url(request, stored.id, stored.version)
    return answer


def _without_body(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if not name.lower().startswith("content-")}
