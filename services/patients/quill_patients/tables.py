"""The root of this service's tables, and all metadata that its schema consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase, service_base
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

Base = service_base()

METADATA = [SharedBase.metadata, Base.metadata]
