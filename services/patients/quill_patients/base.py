"""The root of this service's own tables."""

from typing import ClassVar

from quill_common.database.base import NAMING, TYPES
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar = TYPES
