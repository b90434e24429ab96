"""Shapes of accounts. Blank strings of optional fields and lengths: contract 1.1 and 9."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field
from quill_common.access.levels import LEVELS
from quill_common.http.shapes import Answer, BlankIsAbsent, Body, Id, Text, Trimmed

from quill_auth.cbac.catalogue import PROFESSION_BY_ID
from quill_auth.cbac.schemas import CompetencyIds
from quill_auth.passwords.schemas import Password


def _known_profession(value: str) -> str:
    if value and value not in PROFESSION_BY_ID:
        raise ValueError("is not a base profession")
    return value


def _known_level(value: str) -> str:
    if value and value not in LEVELS:
        raise ValueError("is not a permission level")
    return value


Username = Annotated[Trimmed, Field(max_length=150)]
FullName = Annotated[Trimmed, Field(max_length=255)]
Email = Annotated[Trimmed, Field(max_length=255)]
BaseProfession = Annotated[str, AfterValidator(_known_profession)]
Level = Annotated[str, AfterValidator(_known_level)]
RoleNames = Annotated[list[Annotated[Text, Field(max_length=64)]], Field(max_length=50)]


class RegisterIn(Body):
    username: Username
    email: Email
    password: Password
    full_name: Annotated[FullName | None, BlankIsAbsent] = None
    organisation_id: Annotated[Id | None, BlankIsAbsent] = None


class UserCreateIn(Body):
    """Blank profession and level mean the default."""

    name: FullName
    username: Username | None = None
    email: Email
    password: Password
    base_profession: BaseProfession = "patient"
    additional_competencies: CompetencyIds = []
    removed_competencies: CompetencyIds = []
    roles: RoleNames | None = None
    system_permissions: Level = "patient"


class UserUpdateIn(Body):
    """Null or absent leaves a field as it is."""

    name: FullName | None = None
    username: Username | None = None
    email: Email | None = None
    password: Password | None = None
    base_profession: BaseProfession | None = None
    additional_competencies: CompetencyIds | None = None
    removed_competencies: CompetencyIds | None = None
    roles: RoleNames | None = None
    system_permissions: Level | None = None


class InvitedIn(Body):
    """What an invitation says, and what the invited person wants if there is no account yet."""

    invitation_id: UUID
    email: Annotated[Email, Field(min_length=1)]
    user_type: Literal["external_hcp", "patient_advocate"]
    username: Username = ""
    password: Password = ""


class InvitedOut(Answer):
    """`registered`: made for this invitation, now or before."""

    user_id: int
    registered: bool
    is_active: bool


class Registered(Answer):
    detail: Literal["created"]


class UserWritten(Answer):
    detail: Literal["created", "updated"]
    id: int
    username: str
    email: str


class UserSwitched(Answer):
    detail: Literal["activated", "deactivated"]
    id: int
    is_active: bool


class UserSummary(Answer):
    id: int
    username: str
    email: str
    system_permissions: str


class UserList(Answer):
    users: list[UserSummary]
    next_cursor: str | None = None


class UserDetail(Answer):
    id: int
    username: str
    email: str
    name: str
    base_profession: str
    additional_competencies: list[str]
    removed_competencies: list[str]
    roles: list[str] = []
    system_permissions: str
