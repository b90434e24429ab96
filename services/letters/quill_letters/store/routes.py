"""Whether the openEHR store works, for the gateway's health."""

from fastapi import Request
from quill_common.database.session import Reader
from quill_common.http.store_health import store_health_router

from quill_letters.store.embedded import EmbeddedReader


async def _read_the_store(_: Request, reader: Reader) -> None:
    await EmbeddedReader(reader).probe()


router = store_health_router(_read_the_store)
