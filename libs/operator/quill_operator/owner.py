"""The owner's way to the database, for commands that work whether or not the system runs."""

from collections.abc import Iterator
from contextlib import contextmanager

from quill_common.embedded import EmbeddedPostgresError
from quill_common.settings import load

from quill_operator.console import refuse
from quill_operator.data_lock import DataDirectoryInUseError, data_directory, is_held
from quill_operator.run.preparation import database, embedded_server
from quill_operator.settings import OperatorSettings


@contextmanager
def owner_url() -> Iterator[str]:
    """The owner's URL of the configured database, of the running embedded one, or of one started for this."""
    settings = load(OperatorSettings)
    try:
        if settings.database_url:
            yield settings.database_url
        elif is_held(settings.folder):
            yield embedded_server(settings.folder).running_url()
        else:
            with data_directory(settings.folder), database(settings) as (url, _):
                yield url
    except (EmbeddedPostgresError, DataDirectoryInUseError, PermissionError) as problem:
        refuse(str(problem))
