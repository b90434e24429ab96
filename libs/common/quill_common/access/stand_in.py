"""Statements about a caller, built once and run for every caller of the same standing.

Building a statement costs more than running it. What the policy makes of a principal depends on its level and on
whether it is linked to a patient; who it is can be a parameter.

    @cache
    def _statement(standing: Standing) -> Select[Any]:
        return select(...).where(clinical(standing.principal(), Table.patient_id))

    await reader.rows(_statement(standing_of(caller)), caller_parameters(caller))
"""

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import BigInteger, Text, bindparam

from quill_common.access.principal import Principal


@dataclass(frozen=True, slots=True)
class Standing:
    """All that a statement may depend on; few, so it is a good key for a cache."""

    level: str
    is_linked: bool

    def principal(self) -> Principal:
        """A principal for the policy's conditions only: its ids are the parameters `caller_id`, `caller_patient_id`."""
        linked = bindparam("caller_patient_id", type_=Text)
        return Principal(
            id=cast(int, bindparam("caller_id", type_=BigInteger)),
            username="",
            full_name=None,
            email="",
            level=self.level,
            roles=frozenset(),
            competencies=frozenset(),
            patient_id=cast(str, linked) if self.is_linked else None,
            session_id="",
        )


def standing_of(principal: Principal) -> Standing:
    return Standing(principal.level, principal.patient_id is not None)


def caller_parameters(principal: Principal) -> dict[str, Any]:
    """The values of the parameters of a stand-in."""
    return {"caller_id": principal.id, "caller_patient_id": principal.patient_id}
