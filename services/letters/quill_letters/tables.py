"""All metadata that this service's schema consists of."""

from quill_common.shared_tables import SHARED

from quill_letters.base import Base
from quill_letters.composition import tables as _composition  # noqa: F401 - registers its tables
from quill_letters.ehr import tables as _ehr  # noqa: F401 - registers its tables

METADATA = [SHARED, Base.metadata]
