"""Calls to a service as the operator."""

from typing import Any, Final

import httpx
from quill_common.identity.errors import KeysUnavailable
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.settings import load
from quill_common.topology import SERVICES

from quill_operator import run_file
from quill_operator.console import console, refuse
from quill_operator.settings import OperatorSettings

_SECONDS: Final = 600.0  # a rebuild replays everything


def call(service: str, method: str, path: str, body: Any = None) -> Any:
    """The service's JSON answer. Ends the command with a message when there is none or the service refuses."""
    if service not in SERVICES:
        refuse(f"There is no service {service!r}: {', '.join(SERVICES)}")
    settings = load(OperatorSettings)
    base = base_url(settings, service)
    try:
        headers = ServiceTokens("operator", settings.key_file("operator")).headers(service)
        sent = {} if body is None else {"json": body}
        response = httpx.request(method, f"{base}{path}", headers=headers, timeout=_SECONDS, trust_env=False, **sent)
    except KeysUnavailable as problem:
        refuse(f"{problem}: is QUILL_DATA_DIR right?")
    except httpx.HTTPError as problem:
        refuse(f"{service} does not answer at {base}: {problem}")
    if response.status_code != httpx.codes.OK:
        refuse(f"{service} answered {response.status_code}: {_reason(response)}")
    if pending := response.headers.get("X-Quill-Pending"):
        console.print(f"Stored, but not yet in force in {pending}: they follow as soon as they can", style="yellow")
    return response.json()


def _reason(response: httpx.Response) -> str:
    """What the service says is wrong; for each field of a body where that is."""
    try:
        detail = response.json()["detail"]
        if not isinstance(detail, str):
            detail = "; ".join(f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in detail)
    except (ValueError, KeyError, TypeError):
        return response.text[:500]
    return str(detail)


def base_url(settings: OperatorSettings, service: str) -> str:
    """Where `service` listens: as set, else as it runs. Ends the command with a message when that is not known."""
    if f"{service}_url" in settings.model_fields_set:
        return str(getattr(settings, f"{service}_url")).rstrip("/")
    running = run_file.read(settings.folder).get(service)
    if running is None:
        refuse(f"Nothing runs on {settings.folder}: start `quill run`, or set QUILL_{service.upper()}_URL")
    return running["url"]
