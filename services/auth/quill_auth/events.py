"""Every event that auth publishes and consumes."""

from quill_common.access.events import access_projection
from quill_common.events.catalogue.auth import SessionRevoked, UserChanged, UserCreated, UserDeactivated

from quill_auth.organisations.projection import follow_organisations

__all__ = ["PROJECTION", "SessionRevoked", "UserChanged", "UserCreated", "UserDeactivated"]

PROJECTION = access_projection()
follow_organisations(PROJECTION)
