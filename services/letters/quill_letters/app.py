"""The letters service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_letters.composition.routes import router as composition
from quill_letters.events import projection
from quill_letters.imports.routes import router as imports
from quill_letters.settings import Settings
from quill_letters.store.routes import router as store


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service(
        "letters",
        settings or load(Settings),
        [composition, imports, store],
        projection=projection(),
        isolated=isolated,
        keys=keys,
    )
