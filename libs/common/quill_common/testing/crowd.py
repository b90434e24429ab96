"""An invented population of any size: who the patients are, and which organisations look after them.

Everything about a patient follows from its number, so that a crowd grows by adding numbers and nobody in it changes.
Each service writes it into its own tables (`quill_<service>.testing.crowd`); the access projection is written here.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Any, Final

import asyncpg

PATIENTS_EACH: Final = 500
"""Of each organisation, as its first; half of them are members of the neighbouring organisation too."""
STAFF_EACH: Final = 10
FIRST_USER: Final = 1_000_000
INACTIVE_EVERY: Final = 10
NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
MRN: Final = "http://hospital.example.org/identifiers/mrn"

_NAMESPACE: Final = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
# The commonest names of a real population have about one person in a hundred each.
_COMMON: Final = (
    ("Smith", 1.2), ("Jones", 1.0), ("Taylor", 0.6), ("Brown", 0.6), ("Williams", 0.6), ("Wilson", 0.5),
    ("Johnson", 0.5), ("Davies", 0.5), ("Patel", 0.5), ("Robinson", 0.4), ("Wright", 0.4), ("Thompson", 0.4),
    ("Evans", 0.4), ("Walker", 0.4), ("White", 0.4), ("Roberts", 0.4), ("Green", 0.4), ("Hall", 0.4), ("Khan", 0.4),
    ("O’Neill", 0.2), ("Müller", 0.1), ("Nuñez", 0.1),
)  # fmt: skip
_STEMS: Final = (
    "Ash", "Birch", "Black", "Brad", "Brook", "Cald", "Carl", "Chad", "Clay", "Cole", "Cran", "Dal", "Den", "Dun",
    "East", "Fair", "Farn", "Fen", "Gar", "Glen", "Hal", "Hart", "Hat", "Hol", "Hux", "Kirk", "Lang", "Lin", "Marl",
    "Mill", "Nor", "Oak", "Pem", "Pres", "Rad", "Red", "Row", "Sel", "Stan", "Thorn", "Wal", "West", "Win", "Wood",
)  # fmt: skip
_ENDS: Final = (
    "berry", "bourne", "bridge", "brook", "bury", "by", "combe", "croft", "dale", "den", "field", "ford", "gate",
    "ham", "hurst", "land", "ley", "low", "man", "mere", "more", "ridge", "shaw", "son", "stead", "ton", "wick",
    "wood", "worth", "yard",
)  # fmt: skip
_GIVEN: Final = (
    "Ada", "Agnes", "Aisha", "Alan", "Alice", "Amir", "Amy", "Arthur", "Beth", "Brian", "Chloë", "Clara", "David",
    "Dawn", "Edith", "Emily", "Eric", "Fatima", "Frank", "George", "Grace", "Harry", "Helen", "Ian", "Iris", "Jack",
    "James", "Joan", "John", "Karen", "Leo", "Lucy", "Margaret", "Mary", "Mohammed", "Nigel", "Olive", "Oscar",
    "Peter", "Priya", "Rose", "Ruth", "Samuel", "Sarah", "Thomas", "Victor", "Wei", "William", "Yusuf", "Zoë",
)  # fmt: skip
_SURNAMES: Final = [name for name, _ in _COMMON] + [stem + end for stem in _STEMS for end in _ENDS]
_OTHERS: Final = (100 - sum(percent for _, percent in _COMMON)) / (len(_SURNAMES) - len(_COMMON))
_UP_TO: Final = list(accumulate([percent for _, percent in _COMMON] + [_OTHERS] * (len(_SURNAMES) - len(_COMMON))))
_GENDERS: Final = ("female", "male", "female", "male", "female", "male", "other", "unknown")


def patient_id(number: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, str(number)))


def nhs_number(number: int) -> str:
    """Valid, and nobody else's below 50 million."""
    for base in (f"{400_000_000 + 2 * number}", f"{400_000_000 + 2 * number + 1}"):
        check = 11 - sum(int(digit) * weight for digit, weight in zip(base, range(10, 1, -1), strict=True)) % 11
        if check != 10:
            return f"{base}{check % 11}"
    raise AssertionError("neighbouring numbers differ in their remainder")


def organisations_of(number: int) -> tuple[int, ...]:
    """The first one is primary."""
    own = number // PATIENTS_EACH
    return (own + 1,) if number % 2 else (own + 1, (own ^ 1) + 1)


def is_active(number: int) -> bool:
    return number % INACTIVE_EVERY != INACTIVE_EVERY - 1


def patient(number: int) -> dict[str, Any]:
    """A FHIR Patient with name, birth date, gender and two identifiers."""
    dice = random.Random(number)  # noqa: S311 - invented people, the same every time
    [family] = dice.choices(_SURNAMES, cum_weights=_UP_TO)
    given = dice.sample(_GIVEN, dice.choice((1, 1, 2)))
    return {
        "resourceType": "Patient",
        "id": patient_id(number),
        "extension": [{"url": "urn:quillmedical:avatar-gradient", "valueInteger": number % 30}],
        "identifier": [
            {"system": NHS_NUMBER, "value": nhs_number(number)},
            {"system": MRN, "value": f"MRN{number:07}"},
        ],
        "name": [{"use": "official", "family": family, "given": given}],
        "gender": dice.choice(_GENDERS),
        "birthDate": (date(1930, 1, 1) + timedelta(days=dice.randrange(34_000))).isoformat(),
    }


@dataclass(frozen=True, slots=True)
class Growth:
    """The patients with numbers from `first` up to, not including, `last`, and what they need. Multiples of 1,000."""

    first: int
    last: int

    def __post_init__(self) -> None:
        assert self.first % (2 * PATIENTS_EACH) == self.last % (2 * PATIENTS_EACH) == 0

    @property
    def numbers(self) -> list[int]:
        """In the order of arrival: an organisation's patients do not lie side by side."""
        numbers = list(range(self.first, self.last))
        random.Random(self.last).shuffle(numbers)  # noqa: S311 - invented people, the same every time
        return numbers

    @property
    def organisations(self) -> range:
        return range(self.first // PATIENTS_EACH + 1, self.last // PATIENTS_EACH + 1)

    @property
    def members(self) -> Iterator[tuple[str, int, bool]]:
        """`patient_id`, `organisation_id`, `is_primary`."""
        for number in self.numbers:
            for organisation in organisations_of(number):
                yield patient_id(number), organisation, organisation == number // PATIENTS_EACH + 1

    @property
    def staff(self) -> Iterator[tuple[int, int]]:
        """`user_id`, `organisation_id`; everybody works for one."""
        for organisation in self.organisations:
            for place in range(STAFF_EACH):
                yield FIRST_USER + organisation * STAFF_EACH + place, organisation


SMALL: Final = Growth(0, 1_000)
TO_LARGE: Final = Growth(1_000, 100_000)


async def fill_projection(connection: asyncpg.Connection, schema: str, growth: Growth) -> None:
    """What the service of `schema` knows of users, memberships and patients, as the owner of the database."""
    users = [
        (user, f"crowd{user}", f"crowd{user}@example.org", "staff", ["Clinician"], ["access_patient_records"], True)
        for user, _ in growth.staff
    ]
    for table, columns, records in (
        ("access_patient", "id is_active", ((patient_id(n), is_active(n)) for n in growth.numbers)),
        ("access_patient_member", "patient_id organisation_id", (member[:2] for member in growth.members)),
        ("access_user", "id username email level roles competencies is_active", users),
        ("access_staff", "user_id organisation_id is_primary", ((*each, True) for each in growth.staff)),
    ):
        await connection.copy_records_to_table(
            table, schema_name=schema, columns=columns.split(), records=records, timeout=None
        )
