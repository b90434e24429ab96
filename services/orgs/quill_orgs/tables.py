"""All metadata that this service's schema consists of."""

from quill_common.shared_tables import SHARED

from quill_orgs.base import Base
from quill_orgs.feature import tables as _feature  # noqa: F401 - registers its tables
from quill_orgs.grant import tables as _grant  # noqa: F401 - registers its tables
from quill_orgs.invitation import tables as _invitation  # noqa: F401 - registers its tables
from quill_orgs.organisation import tables as _organisation  # noqa: F401 - registers its tables
from quill_orgs.patient_member import tables as _patient_member  # noqa: F401 - registers its tables
from quill_orgs.staff import tables as _staff  # noqa: F401 - registers its tables

METADATA = [SHARED, Base.metadata]
