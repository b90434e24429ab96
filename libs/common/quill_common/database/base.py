"""The tables' common root and the column types that Quill's schemas share."""

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, DateTime, MetaData, Text, func
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

TYPES: dict[object, object] = {str: Text(), int: BigInteger(), datetime: DateTime(timezone=True)}

Now = Annotated[datetime, mapped_column(DateTime(timezone=True), server_default=func.clock_timestamp())]


class Root(DeclarativeBase):
    """What every table declares its columns by. A set of tables has metadata of its own: see `SharedBase`."""

    type_annotation_map: ClassVar = TYPES


def own_metadata() -> MetaData:
    """For the abstract base of one set of tables; constraints are named alike in all of them."""
    return MetaData(naming_convention=NAMING)


class SharedBase(Root):
    """Base of the tables that every service has in its own schema: events and the access projection."""

    __abstract__ = True
    metadata = own_metadata()
