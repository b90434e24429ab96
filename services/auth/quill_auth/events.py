"""Every event that auth publishes and consumes."""

from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import SessionRevoked, UserChanged, UserCreated, UserDeactivated
from quill_common.events.projection import Projection

from quill_auth.organisations.projection import follow_organisations

__all__ = ["SessionRevoked", "UserChanged", "UserCreated", "UserDeactivated", "projection"]


def projection() -> Projection:
    """What auth keeps of what others publish: access, and the organisations with their features."""
    followed = access_projection()
    follow_organisations(followed)
    return followed
