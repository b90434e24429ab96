"""All metadata that this service's schema consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

from quill_auth.account import tables as _account  # noqa: F401 - registers its tables
from quill_auth.base import Base
from quill_auth.organisations import tables as _organisations  # noqa: F401 - registers its tables
from quill_auth.session import tables as _session  # noqa: F401 - registers its tables

METADATA = [SharedBase.metadata, Base.metadata]
