"""The patients service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_patients.settings import Settings


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service("patients", settings or load(Settings), [], isolated=isolated, keys=keys)
