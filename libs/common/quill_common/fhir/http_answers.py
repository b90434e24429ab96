"""What a FHIR server's answer says, once it is sure that it says what was asked for."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from quill_common.fhir.json_text import NotJson, parse, require_storable, serialise
from quill_common.fhir.resource import Resource, StoredResource, is_fhir_id
from quill_common.fhir.store import StoreFailing

MAX_VERSION: Final = 2**63 - 1

_VERSION: Final = re.compile(r"[1-9][0-9]{0,18}")
_ETAG: Final = re.compile(r'W/"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Entry:
    """A resource of a page, or what a history says of one that was deleted: then it has no content."""

    stored: StoredResource
    resource: Resource


@dataclass(frozen=True, slots=True)
class Bundle:
    """A page; `next` is the link to the following one as the server wrote it."""

    entries: list[Entry]
    next: str | None


def resource_of(body: bytes, resource_type: str, resource_id: str) -> StoredResource:
    """The resource that was asked for. Raises StoreFailing for anything else."""
    entry = _entry(_object(body), resource_type)
    if entry.stored.id != resource_id:
        raise StoreFailing("answered with another resource")
    return entry.stored


def bundle_of(body: bytes, resource_type: str) -> Bundle:
    """A page of a search or a history. Raises StoreFailing when any part of it is not as it should be."""
    bundle = _object(body)
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in ("searchset", "history"):
        raise StoreFailing("answered with something else than a page")
    entries = [_of_page(entry, resource_type) for entry in _objects(bundle, "entry") if not _is_remark(entry)]
    following = [link.get("url") for link in _objects(bundle, "link") if link.get("relation") == "next"]
    if len(following) > 1 or not all(isinstance(url, str) for url in following):
        raise StoreFailing("a page has no clear next one")
    return Bundle(entries, following[0] if following else None)


def _of_page(entry: Resource, resource_type: str) -> Entry:
    if "resource" in entry:
        resource = entry["resource"]
        if not isinstance(resource, dict):
            raise StoreFailing("a page has an entry that is no resource")
        return _entry(resource, resource_type)
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict) or request.get("method") != "DELETE":
        raise StoreFailing("a page has an entry without a resource")
    found = _ETAG.fullmatch(str(response.get("etag")))
    named = str(request.get("url")).split("?")[0].split("/_history/")
    resource_id = named[0].rsplit("/", 1)[-1]
    if not is_fhir_id(resource_id):
        raise StoreFailing("a deletion does not say of what")
    version = _version(found[1] if found else named[-1])
    return Entry(StoredResource(resource_type, resource_id, version, _time(response.get("lastModified")), "", True), {})


def _is_remark(entry: Resource) -> bool:
    """Whether the entry is the server's own word about the search (R4, Bundle.entry.search.mode)."""
    search = entry.get("search")
    return isinstance(search, dict) and search.get("mode") == "outcome"


def _entry(resource: Resource, resource_type: str) -> Entry:
    meta = resource.get("meta")
    resource_id = resource.get("id")
    if resource.get("resourceType") != resource_type or not isinstance(resource_id, str) or not is_fhir_id(resource_id):
        raise StoreFailing("answered with another resource")
    if not isinstance(meta, dict):
        raise StoreFailing("a resource has no version")
    try:
        require_storable(resource)
    except NotJson as problem:
        raise StoreFailing("a resource holds what is no text") from problem
    version, time = _version(meta.get("versionId")), _time(meta.get("lastUpdated"))
    return Entry(StoredResource(resource_type, resource_id, version, time, serialise(resource)), resource)


def _version(value: Any) -> int:
    """A version that counts. Servers that name versions by words cannot say which one is newer."""
    if not isinstance(value, str) or not _VERSION.fullmatch(value) or int(value) > MAX_VERSION:
        raise StoreFailing("a version is no number")
    return int(value)


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError) as problem:
        raise StoreFailing("a version has no time") from problem
    if time.tzinfo is None:
        raise StoreFailing("a version has no time")
    return time


def _object(body: bytes) -> Resource:
    try:
        value = parse(body)
    except NotJson as problem:
        raise StoreFailing("answered with something else than JSON") from problem
    if not isinstance(value, dict):
        raise StoreFailing("answered with something else than a resource")
    return value


def _objects(bundle: Resource, name: str) -> list[Resource]:
    values = bundle.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
        raise StoreFailing("a page is not of the shape of one")
    return values
