"""Shapes of competencies."""

from typing import Annotated

from pydantic import AfterValidator, Field
from quill_common.http.shapes import Answer, Body

from quill_auth.cbac.catalogue import COMPETENCY_BY_ID


def _known(ids: list[str]) -> list[str]:
    """Without repeats, in the order given."""
    if any(competency not in COMPETENCY_BY_ID for competency in ids):
        raise ValueError("names an unknown competency")
    return list(dict.fromkeys(ids))


CompetencyIds = Annotated[list[str], Field(max_length=1000), AfterValidator(_known)]


class MyCompetenciesIn(Body):
    """Null or absent leaves a list as it is; a list replaces."""

    additional_competencies: CompetencyIds | None = None
    removed_competencies: CompetencyIds | None = None


class Competencies(Answer):
    user_id: int
    username: str
    base_profession: str
    additional_competencies: list[str]
    removed_competencies: list[str]
    final_competencies: list[str]
