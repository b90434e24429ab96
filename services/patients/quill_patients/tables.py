"""All metadata that this service's schema consists of."""

from quill_common.shared_tables import SHARED

from quill_patients.base import Base
from quill_patients.metadata import tables as _metadata  # noqa: F401 - registers its tables
from quill_patients.patient import tables as _patient  # noqa: F401 - registers its tables
from quill_patients.prescription import tables as _prescription  # noqa: F401 - registers its tables

METADATA = [SHARED, Base.metadata]
