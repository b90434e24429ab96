"""The identifiers of a Patient resource (contract 11.1)."""

from typing import Any, Final

from quill_common.fhir.json_text import serialise

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
MRN: Final = "http://hospital.example.org/identifiers/mrn"
OLD_MRN: Final = "http://hospital.example.org/mrn"  # written by the system before us; read, never written

Identifier = dict[str, Any]


def set_identifier(resource: dict[str, Any], system: str, value: str) -> None:
    """Replace the identifier of `system`, or add one; all others stay, also those of the system that are `old`.

    An MRN leaves its old system by it.
    """
    identifiers: list[Identifier] = resource.get("identifier") or []
    of_system = [i for i in identifiers if _system(i) == system]
    present = sorted((i for i in of_system if i.get("use") != "old"), key=lambda i: i["system"] != system)
    past = [{**i, "system": system} for i in of_system if i.get("use") == "old"]
    replacement = {**(present[0] if present else {}), "system": system, "value": value}
    _put(resource, identifiers, {system: [replacement, *past]})


def merge_identifiers(resource: dict[str, Any], given: list[Identifier]) -> None:
    """Take over `given` by system: all of a system that is named are replaced, those of other systems stay.

    One without a system is added, unless it is there already.
    """
    identifiers: list[Identifier] = resource.get("identifier") or []
    by_system: dict[str, list[Identifier]] = {}
    known = {serialise(i) for i in identifiers}  # as text: decimals that keep their digits are equal to nothing else
    nameless = [i for i in given if not i.get("system") and serialise(i) not in known]
    for identifier in given:
        system = _system(identifier)
        if system:
            by_system.setdefault(system, []).append({**identifier, "system": system})
    _put(resource, identifiers, by_system)
    if nameless:
        resource["identifier"] = [*(resource.get("identifier") or []), *nameless]


def _put(resource: dict[str, Any], identifiers: list[Identifier], by_system: dict[str, list[Identifier]]) -> None:
    """Put those of each system where the first of it stood, else at the end."""
    result: list[Identifier] = []
    placed: set[str] = set()
    for identifier in identifiers:
        system = _system(identifier)
        if system not in by_system:
            result.append(identifier)
        elif system not in placed:
            placed.add(system)
            result += by_system[system]
    for system, replacements in by_system.items():
        if system not in placed:
            result += replacements
    if result:
        resource["identifier"] = result


def _system(identifier: Identifier) -> str:
    """The system that an identifier belongs to; the MRN's old one counts as the MRN's."""
    system: str = identifier.get("system") or ""
    return MRN if system == OLD_MRN else system
