"""All metadata that this service's schema consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

from quill_messaging.base import Base
from quill_messaging.message import communication as _communication  # noqa: F401 - registers its tables
from quill_messaging.message import tables as _message  # noqa: F401 - registers its tables
from quill_messaging.thread import tables as _thread  # noqa: F401 - registers its tables

METADATA = [SharedBase.metadata, Base.metadata]
