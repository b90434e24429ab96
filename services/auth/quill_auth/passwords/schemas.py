"""Shapes of changing and resetting a password."""

from typing import Annotated, Literal

from pydantic import Field
from quill_common.http.shapes import Answer, Body, Trimmed

from quill_auth.passwords.hashing import MAX_LENGTH

Password = Annotated[str, Field(max_length=MAX_LENGTH)]
"""A password that is to be set; one that is only compared has no limit."""


class ForgotPasswordIn(Body):
    email: Trimmed


class ResetPasswordIn(Body):
    token: str
    new_password: Password


class ChangePasswordIn(Body):
    current_password: str
    new_password: Password


class ResetAsked(Answer):
    detail: Literal["ok"]


class PasswordWasReset(Answer):
    detail: Literal["Password reset successfully"]


class PasswordChanged(Answer):
    detail: Literal["Password changed"]
