"""The root of the tables that only patients has."""

from quill_common.database.base import Root, own_metadata


class Base(Root):
    """Has metadata of its own, beside that of the shared tables."""

    __abstract__ = True
    metadata = own_metadata()
