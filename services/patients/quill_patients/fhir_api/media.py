"""What a FHIR client sends and takes: media types, `_format`, and the wishes of `Prefer` (R4, http, 3.1.0.1)."""

from collections.abc import Iterable
from typing import Final

from fastapi import Request
from quill_common.fhir.outcome import FHIR_JSON
from quill_common.http.errors import BadRequest, QuillError

JSON_PATCH: Final = "application/json-patch+json"
RESOURCE: Final = frozenset({FHIR_JSON, "application/json", "text/json"})
PATCHES: Final = frozenset({JSON_PATCH})
FORM: Final = frozenset({"application/x-www-form-urlencoded"})
RETURNS: Final = frozenset({"minimal", "representation", "OperationOutcome"})

_TAKEN: Final = RESOURCE | {"*/*", "application/*", "text/*"}
_FORMATS: Final = RESOURCE | {"json", "application/fhir json", "application/json fhir"}  # `+` in a query is a space
_VERSION: Final = "4.0"


class NotAcceptable(QuillError):
    status = 406
    detail = "Only application/fhir+json of FHIR version 4.0 can be sent"


class UnsupportedMediaType(QuillError):
    status = 415

    def __init__(self, expected: Iterable[str]) -> None:
        super().__init__(f"The body must be {' or '.join(sorted(expected))}, in UTF-8, of FHIR version 4.0")


def require_json_wanted(request: Request) -> None:
    """Raises NotAcceptable where `_format` or else `Accept` want something else than FHIR's JSON."""
    wanted = request.query_params.get("_format")
    if wanted:
        name, parameters = _media_type(wanted)
        if name not in _FORMATS or not _is_ours(parameters):
            raise NotAcceptable
        return
    accepted = [_media_type(one) for value in request.headers.getlist("accept") for one in value.split(",") if one]
    if accepted and not any(
        name in _TAKEN and _is_ours(parameters) and not _is_refused(parameters) for name, parameters in accepted
    ):
        raise NotAcceptable


def require_body(request: Request, expected: frozenset[str]) -> None:
    """Raises UnsupportedMediaType for a body that is declared as something else than `expected`."""
    name, parameters = _media_type(request.headers.get("content-type", ""))
    charset = parameters.get("charset", "utf-8").lower()
    if name not in expected or charset not in {"utf-8", "utf8", "us-ascii"} or not _is_ours(parameters):
        raise UnsupportedMediaType(expected)


def preferred(request: Request, name: str, values: Iterable[str]) -> str | None:
    """The wish `name` of the Prefer headers (RFC 7240): one of `values`, None without one.

    Another value of `handling` or `return` is an error only where the client asks for strict handling.
    """
    for header in request.headers.getlist("prefer"):
        for wish in header.replace(";", ",").split(","):
            key, _, value = wish.partition("=")
            if key.strip().lower() == name:
                value = value.strip().strip('"')
                if value in values:
                    return value
    return None


def is_strict(request: Request) -> bool:
    """Whether what cannot be followed is an error: `Prefer: handling=strict`."""
    return preferred(request, "handling", ("strict", "lenient")) == "strict"


class UnknownParameters(BadRequest):
    """Only with `Prefer: handling=strict`; otherwise they are ignored and not in the self link."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__(f"Unknown parameters: {', '.join(sorted(set(names)))[:200]}")


def _media_type(text: str) -> tuple[str, dict[str, str]]:
    name, *rest = text.split(";")
    pairs = (one.partition("=") for one in rest)
    return name.strip().lower(), {key.strip().lower(): value.strip().strip('"') for key, _, value in pairs}


def _is_ours(parameters: dict[str, str]) -> bool:
    return parameters.get("fhirversion", _VERSION) in {_VERSION, "4.0.1"}


def _is_refused(parameters: dict[str, str]) -> bool:
    """`q=0` means "not this one"."""
    try:
        return float(parameters.get("q", "1")) <= 0
    except ValueError:
        return False
