"""What the gateway itself refuses below the FHIR door: in FHIR's form instead of `{"detail": ...}`."""

from typing import Final

from quill_common.fhir.outcome import (  # quill: allow import-direction - one table of FHIR's codes for all
    FHIR_JSON,
    outcome_of,
)

from quill_gateway.errors import Headers, Refusal

FHIR_BASE: Final = "/api/fhir/R4"

_BASE: Final = FHIR_BASE.encode()
_FHIR: Headers = [(b"content-type", FHIR_JSON.encode())]
_CHALLENGE: Headers = [(b"www-authenticate", b'Bearer realm="Quill"')]  # RFC 6750: what a client should bring


def is_fhir(raw_path: bytes) -> bool:
    """Whether a path, as the client wrote it, is below the FHIR door or the door itself."""
    return raw_path == _BASE or raw_path.startswith(_BASE + b"/")


def fhir_error(refusal: Refusal) -> tuple[bytes, Headers]:
    """The body and headers by which a FHIR client understands a refusal."""
    challenge = _CHALLENGE if refusal.status == 401 else []
    return outcome_of(refusal.status, refusal.detail), _FHIR + challenge + refusal.headers
