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


class SharedBase(DeclarativeBase):
    """Root of the tables that every service has in its own schema: events and the access projection."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = TYPES


def service_base() -> type[DeclarativeBase]:
    """A root for one service's own tables; call it once, in the service's `tables` root."""

    class ServiceBase(DeclarativeBase):
        metadata = MetaData(naming_convention=NAMING)
        type_annotation_map: ClassVar = TYPES

    return ServiceBase
