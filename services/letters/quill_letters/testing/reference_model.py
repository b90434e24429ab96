"""A checker of canonical JSON against the openEHR reference model 1.0.4, for the classes that letters use.

Source: the RM 1.0.4 class tables (data_types, support, common, data_structures, ehr). It says where a node lacks
a part that its class demands, holds one that its class does not know, or breaks an invariant.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple


class Part(NamedTuple):
    """An attribute: the classes that may stand there (`str`, `bool` and `list` beside openEHR's own)."""

    kinds: tuple[str, ...]
    required: bool = True
    many: bool = False


def one(*kinds: str) -> Part:
    return Part(kinds)


def maybe(*kinds: str) -> Part:
    return Part(kinds, required=False)


def some(*kinds: str, required: bool = False) -> Part:
    return Part(kinds, required, many=True)


_TEXT: Final = ("DV_TEXT", "DV_CODED_TEXT")
_PARTY: Final = ("PARTY_SELF", "PARTY_IDENTIFIED", "PARTY_RELATED")
_LOCATABLE: Final = {
    "name": one(*_TEXT),
    "archetype_node_id": one("str"),
    "uid": maybe("OBJECT_VERSION_ID", "HIER_OBJECT_ID"),
    "archetype_details": maybe("ARCHETYPED"),
    "feeder_audit": maybe("FEEDER_AUDIT"),
    "links": some("LINK"),
}
_VALUE: Final = {"value": one("str")}
_DV_TEXT: Final = _VALUE | {
    "language": maybe("CODE_PHRASE"),
    "encoding": maybe("CODE_PHRASE"),
    "formatting": maybe("str"),
}

CLASSES: Final[dict[str, dict[str, Part]]] = {
    "COMPOSITION": _LOCATABLE
    | {
        "language": one("CODE_PHRASE"),
        "territory": one("CODE_PHRASE"),
        "category": one("DV_CODED_TEXT"),
        "composer": one(*_PARTY),
        "context": maybe("EVENT_CONTEXT"),
        "content": some("EVALUATION"),
    },
    "EVENT_CONTEXT": {
        "start_time": one("DV_DATE_TIME"),
        "end_time": maybe("DV_DATE_TIME"),
        "location": maybe("str"),
        "setting": one("DV_CODED_TEXT"),
    },
    "EVALUATION": _LOCATABLE
    | {
        "language": one("CODE_PHRASE"),
        "encoding": one("CODE_PHRASE"),
        "subject": one(*_PARTY),
        "provider": maybe(*_PARTY),
        "data": one("ITEM_TREE"),
    },
    "ITEM_TREE": _LOCATABLE | {"items": some("ELEMENT")},
    "ELEMENT": _LOCATABLE | {"value": maybe(*_TEXT), "null_flavour": maybe("DV_CODED_TEXT")},
    "EHR_STATUS": _LOCATABLE
    | {"subject": one("PARTY_SELF"), "is_queryable": one("bool"), "is_modifiable": one("bool")},
    "ARCHETYPED": {
        "archetype_id": one("ARCHETYPE_ID"),
        "template_id": maybe("TEMPLATE_ID"),
        "rm_version": one("str"),
    },
    "FEEDER_AUDIT": {
        "originating_system_audit": one("FEEDER_AUDIT_DETAILS"),
        "originating_system_item_ids": some("DV_IDENTIFIER"),
    },
    "FEEDER_AUDIT_DETAILS": {"system_id": one("str"), "time": maybe("DV_DATE_TIME"), "version_id": maybe("str")},
    "PARTY_SELF": {"external_ref": maybe("PARTY_REF")},
    "PARTY_IDENTIFIED": {
        "name": maybe("str"),
        "external_ref": maybe("PARTY_REF"),
        "identifiers": some("DV_IDENTIFIER"),
    },
    "PARTY_REF": {"namespace": one("str"), "type": one("str"), "id": one("GENERIC_ID")},
    "GENERIC_ID": _VALUE | {"scheme": one("str")},
    "DV_IDENTIFIER": {"id": one("str"), "type": maybe("str"), "issuer": maybe("str"), "assigner": maybe("str")},
    "DV_TEXT": _DV_TEXT,
    "DV_CODED_TEXT": _DV_TEXT | {"defining_code": one("CODE_PHRASE")},
    "DV_DATE_TIME": _VALUE,
    "CODE_PHRASE": {"terminology_id": one("TERMINOLOGY_ID"), "code_string": one("str")},
    "TERMINOLOGY_ID": _VALUE,
    "ARCHETYPE_ID": _VALUE,
    "TEMPLATE_ID": _VALUE,
    "OBJECT_VERSION_ID": _VALUE,
    "HIER_OBJECT_ID": _VALUE,
}


def faults(node: Any, *kinds: str, at: str = "") -> list[str]:
    """What is wrong with `node`, which must be of one of `kinds`; empty when nothing is."""
    return list(_faults(node, kinds, at or kinds[0]))


def _faults(node: Any, kinds: tuple[str, ...], at: str) -> Iterator[str]:
    if not isinstance(node, dict):
        yield from _simple(node, kinds, at)
        return
    kind = node.get("_type")
    if kind not in kinds or kind not in CLASSES:
        yield f"{at}: is {kind}, not {' or '.join(kinds)}"
        return
    known = CLASSES[kind]
    for name in node.keys() - known.keys() - {"_type"}:
        yield f"{at}.{name}: {kind} has no such attribute"
    for name, part in known.items():
        if name in node:
            yield from _part(node[name], part, f"{at}.{name}")
        elif part.required:
            yield f"{at}.{name}: is missing"
    for holds, meaning in INVARIANTS.get(kind, ()) if _complete(node, known) else ():
        if not holds(node):
            yield f"{at}: {meaning}"


def _part(value: Any, part: Part, at: str) -> Iterator[str]:
    if not part.many:
        yield from _faults(value, part.kinds, at)
        return
    if not isinstance(value, list) or not value:
        yield f"{at}: is not a list with something in it"
        return
    for number, inner in enumerate(value):
        yield from _faults(inner, part.kinds, f"{at}[{number}]")


def _simple(value: Any, kinds: tuple[str, ...], at: str) -> Iterator[str]:
    if type(value).__name__ not in kinds:
        yield f"{at}: is {type(value).__name__}, not {' or '.join(kinds)}"
    elif value == "":
        yield f"{at}: is empty"


def _complete(node: dict[str, Any], known: dict[str, Part]) -> bool:
    return all(name in node for name, part in known.items() if part.required)


def _dated(node: dict[str, Any]) -> bool:
    try:
        return datetime.fromisoformat(node["value"]).tzinfo is not None
    except ValueError:
        return False


def _coded(name: str, codes: frozenset[str]) -> Callable[[dict[str, Any]], bool]:
    def holds(node: dict[str, Any]) -> bool:
        code = node[name]["defining_code"]
        return code["terminology_id"]["value"] == "openehr" and code["code_string"] in codes

    return holds


def _rooted(node: dict[str, Any]) -> bool:
    """An archetype's root says so in `archetype_details`, with the same id; no other node does."""
    details, own = node.get("archetype_details"), node["archetype_node_id"]
    if _ARCHETYPE.fullmatch(own) is None:
        return details is None and own.startswith("at")
    return details is not None and details["archetype_id"]["value"] == own


_ARCHETYPE: Final = re.compile(r"[A-Za-z]+-[A-Za-z]+-[A-Z_]+\.[a-z_]+\.v\d+")
_VERSION: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}::[^:]+::[1-9]\d*")
_ROOTED: Final = (_rooted, "archetype root and archetype_details do not agree")
_SETTINGS: Final = frozenset({"225", *map(str, range(227, 239))})

INVARIANTS: Final[dict[str, tuple[tuple[Callable[[dict[str, Any]], bool], str], ...]]] = {
    "COMPOSITION": (
        _ROOTED,
        (lambda node: "uid" in node, "a stored composition has a uid"),
        (_coded("category", frozenset({"431", "433", "451"})), "category is not of openEHR's group"),
        (lambda node: "context" in node, "an event has a context"),
    ),
    "EVENT_CONTEXT": ((_coded("setting", _SETTINGS), "setting is not of openEHR's group"),),
    "EVALUATION": (_ROOTED,),
    "EHR_STATUS": (_ROOTED,),
    "ITEM_TREE": (_ROOTED,),
    "ELEMENT": (_ROOTED, (lambda node: ("value" in node) != ("null_flavour" in node), "value xor null_flavour")),
    "PARTY_IDENTIFIED": (
        (lambda node: node.keys() & {"name", "external_ref", "identifiers"} != set(), "names nobody"),
    ),
    "DV_DATE_TIME": ((_dated, "is no ISO 8601 time with offset"),),
    "OBJECT_VERSION_ID": ((lambda node: _VERSION.fullmatch(node["value"]) is not None, "is no version id"),),
}
