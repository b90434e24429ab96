"""A projection of orgs: which organisations there are, and their features."""

from sqlalchemy.orm import Mapped, mapped_column

from quill_auth.base import Base


class KnownOrganisation(Base):
    """An organisation into which a person may register."""

    __tablename__ = "known_organisation"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class KnownFeature(Base):
    """A feature that is on."""

    __tablename__ = "known_feature"

    organisation_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    feature_key: Mapped[str] = mapped_column(primary_key=True)
