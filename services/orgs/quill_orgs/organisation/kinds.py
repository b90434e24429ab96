"""The five types of organisation (contract 5)."""

from typing import Final, Literal, get_args

OrganisationType = Literal["hospital_team", "gp_practice", "private_clinic", "department", "teaching_establishment"]

TYPES: Final[tuple[OrganisationType, ...]] = get_args(OrganisationType)
