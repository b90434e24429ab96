"""A method that a path does not have is a 405 that names those it has, before anything else is looked at."""

import json

import pytest
from attack.browser import raw
from quill_common.testing.refusals import detail_of
from quill_gateway.routes import ROUTES
from system.running import RunningSystem

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "BREW", "get")
PATHS = {route.path for route in ROUTES} | {"/api/health"}
ALSO = {
    "/api/patients/verify": {"GET", "PATCH"},
    "/api/fhir/R4/Patient/_search": {"GET", "PUT", "PATCH", "DELETE"},
    "/api/health": {"GET", "HEAD"},
}
"""Methods of a path that is also another's example."""


def _has(path: str) -> set[str]:
    """The methods of a path that is written so: `/api/patients/verify` is also a patient's id."""
    own = {route.method for route in ROUTES if route.path == path}
    return own | ALSO.get(path, set())


@pytest.mark.parametrize("path", sorted(PATHS))
async def test_other_methods_are_refused(system: RunningSystem, path: str) -> None:
    target = path.replace("{", "").replace("}", "")
    for method in METHODS:
        if method in _has(path):
            continue
        head = f"{method} {target} HTTP/1.1\r\nHost: quill\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
        status, rest = await raw(system.url, head.encode())
        if status == 400 and method in {"CONNECT", "BREW", "get"}:
            continue  # the server's parser knows no such method
        assert status == 405, method
        names, _, body = rest.partition(b"\r\n\r\n")
        allowed = next(line for line in names.lower().split(b"\r\n") if line.startswith(b"allow:"))
        assert set(allowed[6:].decode().upper().replace(" ", "").split(",")) == _has(path), method
        assert body == b"" if method == "HEAD" else detail_of(json.loads(body)) == "Method Not Allowed", method
