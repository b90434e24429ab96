"""What a clinical note (FHIR DocumentReference) becomes: one letter for each attached text."""

import base64
import re
from collections.abc import Iterator
from typing import Any, Final

from quill_common.fhir.validation import InvalidResource, validate

from quill_operator.fhir_import.reading import Resource
from quill_operator.fhir_import.references import References

_WITH_TIME: Final = re.compile(r".+T.+(Z|[+-]\d\d:\d\d)")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CHARSET: Final = re.compile(r';\s*charset="?([^";\s]+)', re.IGNORECASE)

Letter = dict[str, Any]


class NotALetter(Exception):
    """A note, or one of its attachments, that cannot become a letter; says why."""


def letters_of(note: Resource, known: References) -> Iterator[Letter | NotALetter]:
    """A letter, or the reason against it, for each attachment; one reason when the whole note is no good."""
    try:
        about = _about(note, known)
    except NotALetter as problem:
        yield problem
        return
    for number, content in enumerate(note["content"]):
        source_id = note["id"] if number == 0 else f"{note['id']}#{number}"
        try:
            yield {**about, "source_id": source_id, "body": _text(content["attachment"])}
        except NotALetter as problem:
            yield problem


def _about(note: Resource, known: References) -> Letter:
    try:
        validate(note, "DocumentReference")
    except InvalidResource as problem:
        raise NotALetter(str(problem)) from problem
    if "id" not in note:
        raise NotALetter("id: is missing")
    if note.get("status") == "entered-in-error":  # absent where an extension says why
        raise NotALetter("was entered in error")
    patient_id = known.patient_id(note.get("subject", {}).get("reference"))
    if patient_id is None:
        raise NotALetter("its subject is no patient that is known here")
    return {
        "patient_id": patient_id,
        "title": _title(note),
        "author_name": _author(note, known),
        "written_at": _time(note),
    }


def _title(note: Resource) -> str | None:
    for concept in (note.get("type", {}), *note.get("category", [])):
        found = concept.get("text") or next((c["display"] for c in concept.get("coding", []) if "display" in c), None)
        if found:
            return str(found)
    return None


def _author(note: Resource, known: References) -> str | None:
    names = (a.get("display") or known.name(a.get("reference")) for a in note.get("author", []))
    return ", ".join(name for name in names if name) or None


def _time(note: Resource) -> str:
    given = note.get("date") or note.get("context", {}).get("period", {}).get("start") or ""
    if _WITH_TIME.fullmatch(given):
        return str(given)
    if _DAY.fullmatch(given):
        return f"{given}T00:00:00Z"
    raise NotALetter("has no date")


def _text(attachment: dict[str, Any]) -> str:
    kind = attachment.get("contentType", "")
    if not kind.lower().startswith("text/"):
        raise NotALetter(f"its attachment is {kind or 'of no stated type'}, not text")
    if "data" not in attachment:
        raise NotALetter("its attachment is not in the file")
    charset = _CHARSET.search(kind)
    try:
        data = base64.b64decode("".join(attachment["data"].split()), validate=True)
        text = data.decode(charset[1] if charset else "utf-8")
        text.encode()  # UTF-7, for one, decodes to half surrogate pairs
        return text
    except (UnicodeError, LookupError) as problem:
        raise NotALetter("its attachment is not text in the stated character set") from problem
    except ValueError as problem:  # binascii.Error is one
        raise NotALetter("its attachment is not base64") from problem
