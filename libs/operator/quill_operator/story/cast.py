"""Who plays, under names that no earlier performance has used."""

import secrets
from dataclasses import dataclass
from typing import Any

from quill_operator.bench.made_up_patients import check_digit
from quill_operator.story.actor import Actor


@dataclass
class Cast:
    """The five people, and what the admin has set up for them."""

    admin: Actor
    clinician: Actor
    patient: Actor
    outsider: Actor
    guest: Actor
    run: str
    password: str
    nhs_number: str

    @classmethod
    def of(cls, base_url: str) -> "Cast":
        return cls(
            admin=Actor("Admin", base_url),
            clinician=Actor("Dr Amara Osei", base_url),
            patient=Actor("Edith Marsh", base_url),
            outsider=Actor("Dr Ian Stranger", base_url),
            guest=Actor("Dr Noor Haddad", base_url),
            run=secrets.token_hex(4),
            password=secrets.token_urlsafe(16),
            nhs_number=_unissued_number(),
        )

    def account(self, name: str, level: str, profession: str) -> dict[str, Any]:
        """The body that creates an account of this performance."""
        username = f"{name.lower().replace(' ', '.')}.{self.run}"
        return {
            "name": name,
            "username": username,
            "email": f"{username}@example.org",
            "password": self.password,
            "base_profession": profession,
            "system_permissions": level,
        }

    async def leave(self) -> None:
        for actor in (self.admin, self.clinician, self.patient, self.outsider, self.guest):
            await actor.visitor.http.aclose()


def _unissued_number() -> str:
    """A valid NHS number of those that are given to nobody, below the ones that benchmarks use."""
    while True:
        nine_digits = 900_000_000 + secrets.randbelow(99_000_000)
        digit = check_digit(nine_digits)
        if digit is not None:
            return f"{nine_digits}{digit}"
