"""The tables that every service has in its own schema: importing this registers all of them."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.audit import tables as _audit  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables
from quill_common.limits import tables as _limits  # noqa: F401 - registers its tables
from quill_common.mail import tables as _mail  # noqa: F401 - registers its tables

SHARED = SharedBase.metadata
