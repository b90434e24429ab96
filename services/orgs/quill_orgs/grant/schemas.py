"""What goes out about grants."""

from typing import Literal

from quill_common.http.shapes import Answer, Time


class GrantAnswer(Answer):
    """`user_type` is the account's present level."""

    user_id: int
    username: str
    email: str
    user_type: str
    granted_at: Time
    access_level: str


class GrantList(Answer):
    grants: list[GrantAnswer]
    next_cursor: str | None = None


class Revoked(Answer):
    status: Literal["revoked"]


REVOKED = Revoked(status="revoked")
