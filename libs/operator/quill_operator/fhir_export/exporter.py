"""Write the resources of one type, a page in memory at a time."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlencode

import httpx
from quill_common.fhir.export import MAX_PAGE, NEXT
from quill_common.topology import Service

EXPORTED: Final[dict[str, Service]] = {"Patient": "patients", "Communication": "messaging"}


class FileExists(Exception):
    """There is such a file already; nothing was written."""


class Pages(Protocol):
    """Asks a service; every request of an export may be repeated safely."""

    def answer(self, service: Service, method: str, path: str) -> httpx.Response:
        """The good answer as it came. Raises ServiceFailed."""


def export(services: Pages, service: Service, resource_type: str, folder: Path) -> int:
    """Write `<folder>/<resource_type>.ndjson`, readable by its owner alone; how many resources.

    The file has its name only once it is complete. Raises FileExists and ServiceFailed.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target, partial = folder / f"{resource_type}.ndjson", folder / f".{resource_type}.ndjson.partial"
    if target.exists():
        raise FileExists(f"{target} exists already")
    partial.unlink(missing_ok=True)
    count = 0
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for page in _pages(services, service, resource_type):
                file.write(page)
                count += page.count(b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)
    return count


def _pages(services: Pages, service: Service, resource_type: str) -> Iterator[bytes]:
    after: str | None = None
    while True:
        asked = {"limit": str(MAX_PAGE), **({"after": after} if after else {})}
        answer = services.answer(service, "GET", f"/internal/export/{resource_type}?{urlencode(asked)}")
        yield answer.content
        after = answer.headers.get(NEXT)
        if after is None:
            return
