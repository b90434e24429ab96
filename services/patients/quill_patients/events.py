"""Every event that patients publishes and consumes.

It publishes that a patient exists, changed, was deleted, left or re-entered the lists; never what the record says. It
consumes what the access projection needs: users (auth), memberships and grants (orgs).
"""

from quill_common.access.events import access_projection
from quill_common.events.catalogue.patients import (
    PatientActivated,
    PatientChanged,
    PatientCreated,
    PatientDeactivated,
    PatientDeleted,
)
from quill_common.events.projection import Projection

__all__ = ["PatientActivated", "PatientChanged", "PatientCreated", "PatientDeactivated", "PatientDeleted", "projection"]


def projection() -> Projection:
    """What this service keeps of what others publish."""
    return access_projection()
