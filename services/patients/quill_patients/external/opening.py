"""The adapter to the site's server, out of the parts of the running service."""

from quill_common.fhir.http_client import FhirClient
from quill_common.service import Parts

from quill_patients.external.store import ExternalPatients


def external_patients(parts: Parts) -> ExternalPatients:
    """A store with calls of its own."""
    return ExternalPatients(FhirClient(parts.http, parts.settings), parts.settings.fhir_server_list_seconds)
