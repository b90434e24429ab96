"""A resource as it is stored: its JSON text beside what names and dates that version."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from quill_common.fhir.json_text import parse, serialise

Resource = dict[str, Any]

_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_SET_BY_THE_STORE: Final = ("versionId", "lastUpdated")


@dataclass(frozen=True, slots=True)
class StoredResource:
    """One version of a resource. `content` is what is sent: a JSON object that carries `meta` of this version.

    One that is `deleted` says so and has no content: an empty text.
    """

    resource_type: str
    id: str
    version: int
    last_updated: datetime
    content: str
    deleted: bool = False

    @property
    def etag(self) -> str:
        return etag_of(self.version)

    def resource(self) -> Resource:
        """The content to change and to hand to `update`; a new value at each call."""
        resource: Resource = parse(self.content)
        return resource


def is_fhir_id(value: object) -> bool:
    """Whether `value` may be the id of a resource (FHIR R4, datatypes, id)."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def etag_of(version: int) -> str:
    """The entity tag of a version, weak as FHIR's REST interface has it: `W/"3"`."""
    return f'W/"{version}"'


def matches_etag(if_match: str, version: int) -> bool:
    """Whether an `If-Match` header names `version`: a list of entity tags, weak or strong, or `*`."""
    if if_match.strip() == "*":
        return True
    tags = (tag.strip().removeprefix("W/") for tag in if_match.split(","))
    return f'"{version}"' in tags


def stamped(resource: Mapping[str, Any], version: int, at: datetime) -> str:
    """The text of `resource` as `version`: only `meta.versionId` and `meta.lastUpdated` are set, the rest stays."""
    time = at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    meta = {**(resource.get("meta") or {}), "versionId": str(version), "lastUpdated": time}
    if "meta" in resource:
        return serialise({**resource, "meta": meta})
    first = {key: resource[key] for key in ("resourceType", "id") if key in resource}
    return serialise({**first, "meta": meta, **resource})


def same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two resources say the same, whatever version they are and in whatever order."""
    return _without_version(one) == _without_version(other)


def _without_version(resource: Mapping[str, Any]) -> bytes:
    meta = {key: value for key, value in (resource.get("meta") or {}).items() if key not in _SET_BY_THE_STORE}
    rest = {key: value for key, value in resource.items() if key != "meta"}
    return orjson.dumps({**rest, "meta": meta}, option=orjson.OPT_SORT_KEYS)
