"""The names of a Patient resource: which one counts, how it changes, how it sorts."""

import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

_KEY_LENGTH: Final = 100  # of characters: an index row has to stay below a third of a page


def official_name(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The `official` name, else the first that has no `use`, else the first; None without any.

    Names that are over count only where there is no other.
    """
    names: list[dict[str, Any]] = resource.get("name") or []
    for some in ([name for name in names if not _is_over(name)], names):
        for wanted in ("official", None):
            for name in some:
                if name.get("use") == wanted:
                    return name
    return names[0] if names else None


def _is_over(name: Mapping[str, Any]) -> bool:
    end: str = (name.get("period") or {}).get("end") or ""
    return bool(end) and end[:10] < datetime.now(UTC).date().isoformat()[: len(end)]


def set_official_name(resource: dict[str, Any], given: str | None, family: str | None) -> None:
    """Give the official name these parts; a part that is None, further given names and other names stay."""
    names = resource.setdefault("name", [])
    name = official_name(resource)
    if name is None or name.get("use") not in ("official", None):
        known = {key: value for key, value in (name or {}).items() if key in ("given", "family")}
        name = {"use": "official", **known}
        names.append(name)
    name["use"] = "official"
    has_parts = bool(name.get("given") or name.get("family"))
    before = (name.get("given") or [])[:1], name.get("family")
    if given is not None:
        name["given"] = [given, *(name.get("given") or [])[1:]]
    if family is not None:
        name["family"] = family
    if before != (name.get("given", [])[:1], name.get("family")) and (has_parts or (given and family)):
        # The text must not say what no part says (FHIR R4, HumanName).
        name.pop("text", None)
        name.pop("_text", None)


def sort_keys(resource: Mapping[str, Any]) -> dict[str, str]:
    """`family_key` and `given_key`: without case and accents, cut to a length that an index holds."""
    name = official_name(resource) or {}
    given = " ".join(part for part in name.get("given") or [] if part)
    return {"family_key": _key(name.get("family") or ""), "given_key": _key(given)}


def _key(name: str) -> str:
    plain = (c for c in unicodedata.normalize("NFKD", name[: 4 * _KEY_LENGTH]) if not unicodedata.combining(c))
    return "".join(plain).casefold()[:_KEY_LENGTH]
