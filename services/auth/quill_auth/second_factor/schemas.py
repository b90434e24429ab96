"""Shapes of the second factor."""

from typing import Annotated, Literal

from pydantic import Field
from quill_common.http.shapes import Answer, Body

Code = Annotated[str, Field(max_length=128)]
"""A TOTP or recovery code as it was typed; what is none is wrong, not malformed."""


class CodeIn(Body):
    code: Code


class TotpPending(Answer):
    provision_uri: str


class TotpEnabled(Answer):
    detail: Literal["enabled"]
    recovery_codes: Annotated[list[str], Field(json_schema_extra={"x-quill-additive": True})]


class TotpDisabled(Answer):
    detail: Literal["disabled"]


class RecoveryCodes(Answer):
    detail: Literal["created"]
    recovery_codes: list[str]
