"""Everything that must be there before the first process starts: database, roles, keys, migrated schemas."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from quill_common.database.migration import upgrade
from quill_common.database.provision import provision
from quill_common.embedded import EmbeddedPostgres
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.topology import SERVICES, Service

from quill_operator.secret_files import password
from quill_operator.settings import OperatorSettings


def embedded_server(folder: Path) -> EmbeddedPostgres:
    """The PostgreSQL of a data directory."""
    return EmbeddedPostgres(folder / "postgres")


@contextmanager
def database(settings: OperatorSettings) -> Iterator[tuple[str, EmbeddedPostgres | None]]:
    """The owner's URL, and the server behind it when it is ours."""
    if settings.database_url:
        yield settings.database_url, None
        return
    server = embedded_server(settings.folder)
    try:
        yield server.start(), server
    finally:
        server.stop()


async def prepare(settings: OperatorSettings, admin_url: str, tell: Callable[[str], None]) -> dict[Service, str]:
    """Make keys, roles and schemas; the database URL of each service. Repeating it changes nothing."""
    ensure_service_keys(settings.folder)
    urls: dict[Service, str] = {}
    for service in SERVICES:
        tell(f"Preparing the database of {service}")
        urls[service] = await provision(admin_url, service, password(settings.folder, service))
        await upgrade(service, admin_url)
    return urls
