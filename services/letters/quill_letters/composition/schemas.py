"""Shapes of the letter endpoints (contract 7)."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from quill_common.http.shapes import Answer, BlankIsAbsent, Body, Text, Time

MAX_TITLE: Final = 500
MAX_BODY: Final = 200_000
MAX_AUTHOR: Final = 255


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be blank")
    return value


LetterTitle = Annotated[Text, Field(min_length=1, max_length=MAX_TITLE), AfterValidator(_not_blank)]
LetterBody = Annotated[
    Text, Field(min_length=1, max_length=MAX_BODY, description="Markdown"), AfterValidator(_not_blank)
]
AuthorField = Annotated[Annotated[Text, Field(max_length=MAX_AUTHOR)] | None, BlankIsAbsent]


class LetterIn(Body):
    """A letter to be written."""

    title: LetterTitle
    body: LetterBody
    author_name: AuthorField = None
    author_email: AuthorField = None


class LetterWrittenOut(Answer):
    """A letter that was written."""

    patient_id: str
    composition_uid: str
    title: str


class LetterSummary(Answer):
    """An entry of the list."""

    composition_uid: str
    title: str
    created_at: Time
    author: str


class LettersOut(Answer):
    """A page of a patient's letters, newest first."""

    patient_id: str
    letters: list[LetterSummary]
    next_cursor: str | None = None


class _Valued(BaseModel):
    value: str


class Uid(_Valued):
    """OBJECT_VERSION_ID."""

    type_: Literal["OBJECT_VERSION_ID"] = Field("OBJECT_VERSION_ID", alias="_type")


class Name(_Valued):
    """DV_TEXT."""

    type_: Literal["DV_TEXT"] = Field("DV_TEXT", alias="_type")


class Composer(BaseModel):
    """PARTY_IDENTIFIED."""

    model_config = ConfigDict(extra="allow")

    type_: Literal["PARTY_IDENTIFIED"] = Field("PARTY_IDENTIFIED", alias="_type")
    name: str


class CompositionOut(BaseModel):
    """An openEHR COMPOSITION in canonical JSON; sent as stored, described here for the API's document."""

    model_config = ConfigDict(extra="allow")

    type_: Literal["COMPOSITION"] = Field(alias="_type")
    uid: Uid
    name: Name
    archetype_node_id: str
    archetype_details: dict[str, Any] = {}
    language: dict[str, Any]
    territory: dict[str, Any]
    category: dict[str, Any]
    composer: Composer
    context: dict[str, Any]
    content: Annotated[list[dict[str, Any]], Field(min_length=1)]


class LetterOut(Answer):
    """One letter."""

    patient_id: str
    composition_uid: str
    data: CompositionOut
