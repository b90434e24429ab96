"""The messaging service on one screen."""

from fastapi import FastAPI
from quill_common.identity.key_sources import KeySource
from quill_common.service import create_service
from quill_common.settings import load

from quill_messaging.conversation.routes import router as conversation
from quill_messaging.events import projection
from quill_messaging.exports.routes import router as exports
from quill_messaging.message.routes import router as message
from quill_messaging.participant.routes import router as participant
from quill_messaging.settings import Settings


def create_app(settings: Settings | None = None, *, isolated: bool = False, keys: KeySource | None = None) -> FastAPI:
    """The application; `isolated` leaves out what talks to other processes."""
    return create_service(
        "messaging",
        settings or load(Settings),
        [conversation, message, participant, exports],
        projection=projection(),
        isolated=isolated,
        keys=keys,
    )
