"""Every event that letters publishes and consumes.

It publishes `LetterWritten`. It consumes what the access projection needs: users (auth), memberships and grants
(orgs), patients' existence (patients).
"""

from quill_common.access.events import access_projection
from quill_common.events.catalogue.letters import LetterWritten
from quill_common.events.projection import Projection

__all__ = ["LetterWritten", "projection"]


def projection() -> Projection:
    """What this service keeps of what others publish."""
    return access_projection()
