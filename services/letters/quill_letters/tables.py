"""All metadata that this service's schema consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

from quill_letters.base import Base
from quill_letters.composition import tables as _composition  # noqa: F401 - registers its tables
from quill_letters.ehr import tables as _ehr  # noqa: F401 - registers its tables

METADATA = [SharedBase.metadata, Base.metadata]
