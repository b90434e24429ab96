"""All metadata that the schema of this service consists of."""

from quill_common.access import tables as _access  # noqa: F401 - registers its tables
from quill_common.database.base import SharedBase
from quill_common.events import tables as _events  # noqa: F401 - registers its tables
from quill_common.http import tables as _http  # noqa: F401 - registers its tables

from quill_orgs.base import Base
from quill_orgs.feature import tables as _feature  # noqa: F401 - registers its tables
from quill_orgs.organisation import tables as _organisation  # noqa: F401 - registers its tables
from quill_orgs.patient_member import tables as _patient_member  # noqa: F401 - registers its tables
from quill_orgs.staff import tables as _staff  # noqa: F401 - registers its tables

METADATA = [SharedBase.metadata, Base.metadata]
