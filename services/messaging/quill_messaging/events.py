"""Every event that messaging publishes and consumes.

Consumes, all through the access projection: users (auth), memberships and grants (orgs), patients (patients).
"""

from quill_common.access.events import access_projection
from quill_common.events.catalogue.messaging import ConversationStarted, MessageSent, ParticipantJoined, StatusChanged
from quill_common.events.projection import Projection

__all__ = ["ConversationStarted", "MessageSent", "ParticipantJoined", "StatusChanged", "projection"]


def projection() -> Projection:
    """What messaging does with the events of others, and with its own."""
    return access_projection()
