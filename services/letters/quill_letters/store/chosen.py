"""Which store a request gets: the one place that knows which there are."""

from typing import Annotated

from fastapi import Depends, Request
from quill_common.http.callers import Read, Write
from quill_common.http.work import work_of

from quill_letters.store.embedded import EmbeddedReader, EmbeddedStore
from quill_letters.store.interface import CompositionReader, CompositionStore


async def _reading(read: Read) -> CompositionReader:
    return EmbeddedReader(read)


async def _writing(request: Request, write: Write) -> CompositionStore:
    return EmbeddedStore(write, work_of(request).parts.settings.system_id)


ReadStore = Annotated[CompositionReader, Depends(_reading)]
WriteStore = Annotated[CompositionStore, Depends(_writing)]
