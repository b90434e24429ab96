"""Bundles put together of stored JSON texts: nothing that is stored is read and written again."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from quill_common.fhir.resource import StoredResource
from quill_common.http.shapes import rfc3339

Links = Sequence[dict[str, str]]


def searchset(entries: Iterable[str], links: Links, total: int | None = None) -> bytes:
    """A Bundle of `match` and `include` entries; `total` of all matches, on every page."""
    return _bundle("searchset", entries, links, total)


def found(url: str, content: str, mode: str = "match") -> str:
    """An entry of a searchset."""
    return f'{{"fullUrl":{_text(url)},"resource":{content},"search":{{"mode":"{mode}"}}}}'


def history(entries: Iterable[str], links: Links, total: int | None = None) -> bytes:
    """A Bundle of versions, newest first."""
    return _bundle("history", entries, links, total)


def version_entry(url: str, stored: StoredResource, before: StoredResource | None) -> str:
    """A version and the one `before` it: what was stored by which interaction. A deletion has no resource."""
    target = f"{stored.resource_type}/{stored.id}"
    if stored.deleted:
        method, status, resource = "DELETE", "204", ""
    elif stored.version == 1:
        method, status, resource = "POST", "201", f'"resource":{stored.content},'
    else:
        status = "201" if before is not None and before.deleted else "200"
        method, resource = "PUT", f'"resource":{stored.content},'
    request = {"method": method, "url": stored.resource_type if method == "POST" else target}
    response = {"status": status, "etag": stored.etag, "lastModified": rfc3339(stored.last_updated)}
    return f'{{"fullUrl":{_text(url)},{resource}"request":{_text(request)},"response":{_text(response)}}}'


def _bundle(kind: str, entries: Iterable[str], links: Links, total: int | None) -> bytes:
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        head["total"] = total
    head["link"] = list(links)
    listed = ",".join(entries)
    end = f',"entry":[{listed}]}}' if listed else "}"  # FHIR knows no empty arrays
    return orjson.dumps(head)[:-1] + end.encode()


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
