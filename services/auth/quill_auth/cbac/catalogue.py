"""Look-ups in the catalogue, and the one rule that resolves a person's competencies (contract 10.1)."""

from collections.abc import Iterable
from typing import Final

from quill_common.access.competencies import COMPETENCIES

from quill_auth.cbac.professions import PROFESSIONS

COMPETENCY_BY_ID: Final = {competency.id: competency for competency in COMPETENCIES}
PROFESSION_BY_ID: Final = {profession.id: profession for profession in PROFESSIONS}

DEFAULT_PROFESSION: Final = "patient"
TEACHING_PROFESSION: Final = "learner"


def resolve(base_profession: str, additional: Iterable[str], removed: Iterable[str]) -> list[str]:
    """The final competencies, sorted by id: those of the profession and the additions, without the removals.

    An unknown profession contributes nothing.
    """
    profession = PROFESSION_BY_ID.get(base_profession)
    base = profession.competencies if profession else frozenset()
    return sorted(base.union(additional) - frozenset(removed))
