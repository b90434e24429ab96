"""All metadata that this service's schema consists of."""

from quill_common.shared_tables import SHARED

from quill_auth.account import tables as _account  # noqa: F401 - registers its tables
from quill_auth.base import Base
from quill_auth.organisations import tables as _organisations  # noqa: F401 - registers its tables
from quill_auth.passwords import tables as _passwords  # noqa: F401 - registers its tables
from quill_auth.second_factor import tables as _second_factor  # noqa: F401 - registers its tables
from quill_auth.session import tables as _session  # noqa: F401 - registers its tables

METADATA = [SHARED, Base.metadata]
