"""What goes in and out about invitations."""

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field
from quill_common.http.shapes import Answer, ExactBody, Text, Trimmed

UserType = Literal["external_hcp", "patient_advocate"]
Status = Literal["access_granted", "registered"]

_ADDRESS: Final = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s.\x00-\x1f\x7f]+(\.[^@\s.\x00-\x1f\x7f]+)+")


def _looks_like_an_address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError("must look like a mail address")
    return value


class NewInvitation(ExactBody):
    email: Annotated[Trimmed, Field(max_length=255), AfterValidator(_looks_like_an_address)]
    user_type: UserType


class InvitationAnswer(Answer):
    """`invite_url` is relative to the site."""

    invite_url: str
    token: str


class Acceptance(ExactBody):
    """Name and password are for a new account; with one that is there already they are not looked at."""

    token: str
    username: Annotated[Trimmed, Field(max_length=150)] | None = None
    password: Annotated[Text, Field(max_length=128)] | None = None


class AcceptanceAnswer(Answer):
    status: Status
    user_id: int
