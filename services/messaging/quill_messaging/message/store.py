"""Where Communications are kept: tables of our own, or the FHIR server of the site (contract 13.1)."""

from typing import Annotated, cast

from fastapi import Depends, FastAPI, Request
from quill_common.fhir.http_client import FhirClient
from quill_common.fhir.http_health import store_check
from quill_common.fhir.http_store import HttpResourceStore
from quill_common.fhir.store import ResourceStore
from quill_common.service import Parts

from quill_messaging.message.communication import built_in_store
from quill_messaging.message.repository import communication_ids_after


async def open_store(app: FastAPI, parts: Parts) -> None:
    """Give the service its store."""
    if parts.settings.fhir_server_url is None:
        app.state.communications = built_in_store()
    else:
        client = FhirClient(parts.http, parts.settings)
        app.state.communications = HttpResourceStore(client, communication_ids_after)
        parts.health.add("clinical store", store_check(client))


def store_of(request: Request) -> ResourceStore:
    """The store of the running service."""
    return cast(ResourceStore, request.app.state.communications)


async def _of(request: Request) -> ResourceStore:  # async: FastAPI gives a plain function to a thread
    return store_of(request)


Store = Annotated[ResourceStore, Depends(_of)]
