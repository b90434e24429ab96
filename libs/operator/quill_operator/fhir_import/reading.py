"""Read files entry by entry: FHIR Bundles, and NDJSON with a resource a line. Never a whole file in memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from quill_common.fhir.json_stream import MAX_PIECE, JsonStream
from quill_common.fhir.json_text import NotJson, parse

Resource = dict[str, Any]

NDJSON: Final = ".ndjson"
_SUFFIXES: Final = (".json", NDJSON)


class Unreadable(Exception):
    """A file that is no bundle, or one that cannot be read; says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource with its place: the index of a bundle's entry or of a line, from 0, and its full URL if it has one."""

    file: Path
    index: int
    resource: Resource
    url: str | None

    @property
    def kind(self) -> str:
        return str(self.resource["resourceType"])


@dataclass(frozen=True, slots=True)
class Bad:
    """A place where no resource is, and why."""

    file: Path
    index: int
    reason: str


def files_of(paths: list[Path]) -> Iterator[Path]:
    """The files named, and every `*.json` and `*.ndjson` below the folders named."""
    for path in paths:
        if path.is_dir():
            yield from sorted(found for found in path.rglob("*") if found.suffix in _SUFFIXES and found.is_file())
        else:
            yield path


def entries(file: Path) -> Iterator[Entry | Bad]:
    """The entries of `file` in their order. Raises Unreadable, at the latest at its end."""
    try:
        with file.open("rb") as opened:
            yield from _lines(file, opened) if file.suffix == NDJSON else _bundle(file, opened)
    except OSError as problem:
        raise Unreadable(problem.strerror or "cannot be read") from problem
    except NotJson as problem:
        raise Unreadable(str(problem)) from problem


def _bundle(file: Path, opened: BinaryIO) -> Iterator[Entry | Bad]:
    stream = JsonStream(opened)
    if stream.peek() not in ("{", ""):
        raise Unreadable("is not a FHIR Bundle")
    kind = None
    for name in stream.members():
        if name == "entry":
            if stream.peek() != "[":
                raise Unreadable("has no array of entries")
            for index, entry in enumerate(stream.items()):
                if not _is_deletion(entry):
                    yield _entry(file, index, entry)
        elif name == "resourceType":
            kind = stream.value()
            if kind != "Bundle":
                break
        else:
            stream.value()
    else:
        stream.end()
    if kind != "Bundle":
        raise Unreadable("is not a FHIR Bundle")


def _lines(file: Path, opened: BinaryIO) -> Iterator[Entry | Bad]:
    index = 0
    while line := opened.readline(MAX_PIECE):
        if line.strip():
            try:
                yield _entry(file, index, {"resource": parse(line)})
            except NotJson as problem:
                yield Bad(file, index, str(problem))
        index += 1


def _is_deletion(entry: Any) -> bool:
    """Of a transaction: there is nothing to bring in."""
    return isinstance(entry, dict) and "resource" not in entry and "request" in entry


def _entry(file: Path, index: int, entry: Any) -> Entry | Bad:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return Bad(file, index, "holds no resource")
    url = entry.get("fullUrl")
    return Entry(file, index, resource, url if isinstance(url, str) else None)
