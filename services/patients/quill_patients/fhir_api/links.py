"""Addresses at the door: absolute where the gateway says by which one it was called, else from the root."""

from collections.abc import Iterable
from urllib.parse import quote, urlencode

from fastapi import Request

BASE = "/api/fhir/R4"
PATIENT = f"{BASE}/Patient"


def base_of(request: Request) -> str:
    """`https://quill.example/api/fhir/R4`."""
    return request.headers.get("x-quill-called-as", "") + BASE


def patient_url(request: Request, patient_id: str, version: int | None = None) -> str:
    """Where a patient is, or one version of it."""
    url = f"{base_of(request)}/Patient/{quote(patient_id)}"
    return url if version is None else f"{url}/_history/{version}"


def link(relation: str, url: str, parameters: Iterable[tuple[str, str]]) -> dict[str, str]:
    """A link of a Bundle. `|`, `:` and `,` stay readable: they are FHIR's own."""
    query = urlencode(list(parameters), safe="|:,$")
    return {"relation": relation, "url": f"{url}?{query}" if query else url}
