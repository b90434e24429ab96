"""Compare what a service says of itself with the contract, operation by operation, in readable lines."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from contract.schemas import Document, Schema, Shape, is_additive, resolve, shape_of

METHODS = ("get", "put", "post", "delete", "patch")
_SUCCESS = ("200", "201")


def operations(document: Document) -> dict[str, tuple[str, str, Mapping[str, Any]]]:
    """Every operation by its id: method, path, and the operation with the parameters of its path."""
    found: dict[str, tuple[str, str, Mapping[str, Any]]] = {}
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
                name = operation.get("operationId", f"{method.upper()} {path}")
                found[name] = (method.upper(), path, {**operation, "parameters": parameters})
    return found


def differences(
    contract: Document, actual: Document, *, pending: Collection[str] = (), only: Collection[str] | None = None
) -> list[str]:
    """What stands in `contract` and is otherwise in `actual`; empty when they agree.

    `pending` names operations that need not exist yet, `only` those to look at (all when None). Parts that the
    contract marks additive may be missing, and parts marked so in `actual` may be there.
    """
    wanted, there = operations(contract), operations(actual)
    return [
        line
        for name, one in wanted.items()
        if name not in pending and (only is None or name in only)
        for line in _operation(contract, actual, name, one, there)
    ]


def undeclared(contract: Document, actual: Document, *, beyond: Collection[tuple[str, str]] = ()) -> list[str]:
    """Operations of `actual` that neither the contract knows nor `beyond` names, by method and path."""
    known = operations(contract)
    return [
        f"{name}: not in the contract"
        for name, (method, path, _) in operations(actual).items()
        if name not in known and (method, path) not in beyond
    ]


def _operation(
    contract: Document,
    actual: Document,
    name: str,
    wanted: tuple[str, str, Mapping[str, Any]],
    there: Mapping[str, tuple[str, str, Mapping[str, Any]]],
) -> Iterator[str]:
    method, path, expected = wanted
    if name not in there:
        other = next((found for found, one in there.items() if one[:2] == (method, path)), None)
        yield f"{name}: {method} {path} is called {other}" if other else f"{name}: {method} {path} is missing"
        return
    found_method, found_path, found = there[name]
    if (found_method, found_path) != (method, path):
        yield f"{name}: is {found_method} {found_path}, not {method} {path}"
    yield from _query(contract, actual, name, expected, found)
    yield from _request(contract, actual, name, expected, found)
    yield from _responses(contract, actual, name, expected, found)


def _query(
    contract: Document, actual: Document, name: str, expected: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[str]:
    wanted, there = _query_parameters(contract, expected), _query_parameters(actual, found)
    for parameter in sorted(wanted.keys() - there.keys()):
        yield f"{name}: query parameter {parameter} is missing"
    for parameter in sorted(there.keys() - wanted.keys()):
        if not (is_additive(actual, there[parameter]) or is_additive(actual, there[parameter].get("schema"))):
            yield f"{name}: query parameter {parameter} is not in the contract"
    for parameter in sorted(wanted.keys() & there.keys()):
        if bool(wanted[parameter].get("required")) != bool(there[parameter].get("required")):
            yield f"{name}: query parameter {parameter} is {_required(there[parameter].get('required'))}"


def _query_parameters(document: Document, operation: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    resolved = (resolve(document, parameter) for parameter in operation["parameters"])
    return {parameter["name"]: parameter for parameter in resolved if parameter["in"] == "query"}


def _request(
    contract: Document, actual: Document, name: str, expected: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[str]:
    wanted, there = _body(contract, expected.get("requestBody")), _body(actual, found.get("requestBody"))
    if (wanted is None) != (there is None):
        yield f"{name}: {'takes no body' if there is None else 'takes a body that the contract does not know'}"
    elif wanted is not None and there is not None:
        yield from _compare(contract, actual, wanted, there, f"{name} body", sent=True)


def _responses(
    contract: Document, actual: Document, name: str, expected: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[str]:
    for status in _SUCCESS:
        wanted, there = expected.get("responses", {}).get(status), found.get("responses", {}).get(status)
        if (wanted is None) != (there is None):
            yield f"{name}: answer {status} is {'missing' if there is None else 'not in the contract'}"
            continue
        schema, other = _body(contract, wanted), _body(actual, there)
        if schema is not None and other is None:
            yield f"{name} {status}: has no described body"
        elif schema is not None and other is not None:
            yield from _compare(contract, actual, schema, other, f"{name} {status}", sent=False)


def _body(document: Document, holder: Any) -> Schema | None:
    """The JSON schema of a request body or a response."""
    content = (resolve(document, holder) or {}).get("content", {}) if holder is not None else {}
    schema: Schema | None = content.get("application/json", {}).get("schema")
    return schema


def _compare(
    contract: Document, actual: Document, wanted: Schema, there: Schema, at: str, *, sent: bool, depth: int = 0
) -> Iterator[str]:
    """`sent` is for what clients send: there, what is required and whether more is refused must agree too."""
    expected, found = shape_of(contract, wanted), shape_of(actual, there)
    if (expected.empty and expected.free) or depth > _DEEP:
        return
    yield from _names(contract, actual, expected, found, at)
    if sent and expected.properties:
        yield from _strictness(expected, found, at)
    for name in sorted(expected.properties.keys() & found.properties.keys()):
        inner = expected.properties[name], found.properties[name]
        yield from _compare(contract, actual, *inner, f"{at}.{name}", sent=sent, depth=depth + 1)
    for mine, theirs, mark in ((expected.items, found.items, "[]"), (expected.values, found.values, "{}")):
        if mine and theirs:
            inner = {"anyOf": mine}, {"anyOf": theirs}
            yield from _compare(contract, actual, *inner, f"{at}{mark}", sent=sent, depth=depth + 1)
        elif mine and _says_more(contract, mine) and not found.opened:
            yield f"{at}{mark}: is missing"


_DEEP = 12


def _names(contract: Document, actual: Document, expected: Shape, found: Shape, at: str) -> Iterator[str]:
    for name in sorted(expected.properties.keys() - found.properties.keys()):
        if not is_additive(contract, expected.properties[name]):
            yield f"{at}.{name}: is missing"
    if expected.opened or not expected.properties:
        return
    for name in sorted(found.properties.keys() - expected.properties.keys()):
        if not is_additive(actual, found.properties[name]):
            yield f"{at}.{name}: is not in the contract"


def _strictness(expected: Shape, found: Shape, at: str) -> Iterator[str]:
    shared = expected.properties.keys() & found.properties.keys()
    for name in sorted((expected.required ^ found.required) & shared):
        yield f"{at}.{name}: is {_required(name in found.required)}"
    if expected.closed != found.closed:
        yield f"{at}: unknown fields are {'refused' if found.closed else 'ignored'}"


def _says_more(document: Document, schemas: list[Schema]) -> bool:
    return any(not shape_of(document, schema).empty for schema in schemas)


def _required(value: Any) -> str:
    return "required" if value else "optional"
