"""Nonsense sent to every route of the gateway is refused with a 4xx that says why."""

import json
import re
from typing import Any

import pytest
from system.running import RunningSystem
from system.ward import Ward, ward

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

LEAST_OPERATIONS = 40  # a document that lost its paths must not look like a system without faults
HUGE = "x" * 300_000
OUT_OF_RANGE = ("0", "-1", str(2**63), "9" * 400, "1.5", "NaN", "%00", "a%00b", "..%2f..", "%ff%fe", "x" * 5000, "☃")
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**63,
    2**200,
    1.5,
    "",
    " ",
    "\x00",
    "a\x00b",
    HUGE,
    [],
    {},
    [[[]]],
    "☃" * 50,
)
RAW = (
    b"",
    b"{",
    b"[]",
    b"null",
    b'"text"',
    b"\xff\xfe{}",
    b'{"name": "\\ud800"}',
    b'{"a":' * 2000 + b"1" + b"}" * 2000,
    b'{"patient_id": NaN}',
    b'{"user_id": ' + b"9" * 5000 + b"}",
)


LEFT_ALONE = {
    "logout",  # ends who attacks
    "getHealth",  # may be away
    "fhirPatientDelete",  # ends whom the others are tried on
}


def _fields(operation: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """The names of the body's fields, as the service documents them."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return list(schema.get("properties", {}))


async def test_nonsense_never_gives_a_5xx(system: RunningSystem) -> None:
    w = await ward(system)
    document = (await w.admin.call("GET", "/api/openapi.json")).json()
    attacked = 0
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if operation.get("operationId") in LEFT_ALONE:
                continue
            await _attack(w, method.upper(), path, _fields(operation, document))
            attacked += 1
    assert attacked >= LEAST_OPERATIONS


async def _attack(w: Ward, method: str, path: str, fields: list[str]) -> None:
    plain = path.format(
        org_id=w.organisation,
        user_id=w.clinician_id,
        patient_id=w.patient_id,
        conversation_id=1,
        session_id="11111111-1111-4111-8111-111111111111",
        composition_uid="x::y::1",
        feature_key="epr",
        version=1,
    )
    for value in OUT_OF_RANGE:
        await _refused(w, method, re.sub(r"\{\w+\}", value, path))
        await _refused(
            w, "GET", f"{plain}?limit={value}&cursor={value}&status={value}&patient_id={value}&scope={value}"
        )
    if method == "GET":
        return
    for raw in RAW:
        await _refused(w, method, plain, raw)
    for field in fields:
        for value in VALUES:
            await _refused(w, method, plain, json.dumps(dict.fromkeys(fields, "x") | {field: value}).encode())


async def _refused(w: Ward, method: str, path: str, body: bytes | None = None) -> None:
    content: dict[str, Any] = {} if body is None else {"content": body, "headers": {"Content-Type": "application/json"}}
    answer = await w.admin.call(method, path, **content)
    assert answer.status_code < 500, f"{method} {path[:100]} {(body or b'')[:200]!r} -> {answer.text[:300]}"
    form = "application/fhir+json" if path.startswith("/api/fhir/") else "application/json"
    assert answer.headers["content-type"].startswith(form), f"{method} {path[:100]}"
