"""A PostgreSQL server for a test run.

`QUILL_TEST_DATABASE_URL`: URL of a superuser (or a role with CREATEDB and CREATEROLE) of a running server.
Unset: an embedded server, private to the run and gone after it.

Under xdist the controller opens it once and hands the URL to its workers in `QUILL_TEST_DATABASE_URL`.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from quill_common.embedded import EmbeddedPostgres

URL_VARIABLE: Final = "QUILL_TEST_DATABASE_URL"


@contextmanager
def postgres_server(tmp: Path | None = None) -> Iterator[str]:
    """Yield the administrator's URL; a private server lives in `tmp` (default: a new temporary folder)."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield given
        return
    directory = tmp / "postgres" if tmp else Path(tempfile.mkdtemp(prefix="quill-postgres-"))
    server = EmbeddedPostgres(directory, durable=False)
    try:
        yield server.start()
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)
