"""All metadata that this service's schema consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

from quill_patients.base import Base
from quill_patients.metadata import tables as _metadata  # noqa: F401 - registers its tables
from quill_patients.patient import tables as _patient  # noqa: F401 - registers its tables

METADATA = [SharedBase.metadata, Base.metadata]
