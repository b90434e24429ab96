"""All metadata that this service's schema consists of."""

from quill_common.shared_tables import SHARED

from quill_messaging.base import Base
from quill_messaging.message import communication as _communication  # noqa: F401 - registers its tables
from quill_messaging.message import tables as _message  # noqa: F401 - registers its tables
from quill_messaging.thread import tables as _thread  # noqa: F401 - registers its tables

METADATA = [SHARED, Base.metadata]
