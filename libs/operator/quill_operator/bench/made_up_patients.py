"""Patients that do not exist, as FHIR resources: for benchmarks. The same number always gives the same patient."""

import random
import uuid
from collections.abc import Iterator
from typing import Any, Final

from quill_common.fhir.resource import Resource

NHS_NUMBER: Final = "https://fhir.nhs.uk/Id/nhs-number"
# The range that the NHS keeps for tests: no living person has a number that begins so.
_FIRST: Final = 999_000_000
MOST: Final = 900_000
_WEIGHTS: Final = range(10, 1, -1)
_NAMESPACE: Final = uuid.UUID("0b0c6c36-2e1b-4b57-9d0f-9f6f7f3a3f10")
_GIVEN: Final = {
    "female": ("Ada", "Beatrice", "Chloé", "Dilys", "Esme", "Farah", "Grace", "Hannah", "Imogen", "Jasmine", "Zoë"),
    "male": ("Adam", "Bashir", "Callum", "Dafydd", "Ewan", "Finn", "Gethin", "Hamish", "Idris", "José", "Zak"),
}
_STEMS: Final = ("Ash", "Black", "Carl", "Dun", "Elling", "Fair", "Green", "Hather", "Kirk", "Lang", "Mar", "Nor")
_ENDS: Final = ("bourne", "by", "combe", "dale", "field", "ham", "ley", "more", "shaw", "stead", "ton", "worth")
_STREETS: Final = ("High Street", "Church Lane", "Mill Road", "Station Road", "The Green", "Orchard Close")
_TOWNS: Final = (("Leeds", "LS"), ("York", "YO"), ("Cardiff", "CF"), ("Bath", "BA"), ("Derby", "DE"), ("Exeter", "EX"))


def made_up_patients(count: int) -> Iterator[Resource]:
    """`count` patients, each with a valid NHS number and a hospital number of its own; at most `MOST`."""
    number = _FIRST
    for index in range(count):
        while (digit := check_digit(number)) is None:
            number += 1
        yield _patient(index, f"{number}{digit}")
        number += 1


def check_digit(nine_digits: int) -> int | None:
    """The tenth digit of an NHS number, None when there is no valid number of these nine."""
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, str(nine_digits), strict=True))
    digit = (11 - total % 11) % 11
    return None if digit == 10 else digit


def _patient(index: int, nhs_number: str) -> Resource:
    chance = random.Random(index)  # noqa: S311 - nothing is secret here
    gender = chance.choice(("female", "male"))
    return {
        "resourceType": "Patient",
        "id": str(uuid.uuid5(_NAMESPACE, str(index))),
        "identifier": [
            {"use": "official", "system": NHS_NUMBER, "value": nhs_number},
            {
                "use": "usual",
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "system": "https://hospital.example/mrn",
                "value": f"H{index:07}",
            },
        ],
        "name": [{"use": "official", "family": _family(chance), "given": chance.sample(_GIVEN[gender], 2)}],
        "telecom": [{"system": "phone", "value": f"07700 9{chance.randrange(100_000):05}", "use": "mobile"}],
        "gender": gender,
        "birthDate": f"{chance.randint(1930, 2024)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}",
        "address": [_address(chance)],
    }


def _family(chance: random.Random) -> str:
    return chance.choice(_STEMS) + chance.choice(_ENDS)


def _address(chance: random.Random) -> dict[str, Any]:
    town, area = chance.choice(_TOWNS)
    return {
        "use": "home",
        "line": [f"{chance.randint(1, 200)} {chance.choice(_STREETS)}"],
        "city": town,
        "postalCode": f"{area}{chance.randint(1, 20)} {chance.randint(1, 9)}AA",
        "country": "GB",
    }
