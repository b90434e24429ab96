"""Shapes of sign-in and of the signed-in user."""

from typing import Literal

from quill_common.http.shapes import Answer, Body, Trimmed

from quill_auth.second_factor.schemas import Code


class LoginIn(Body):
    username: Trimmed
    password: str
    totp_code: Code | None = None


class LoginUser(Answer):
    username: str
    roles: list[str]


class LoginOut(Answer):
    detail: Literal["ok"]
    user: LoginUser


class Refreshed(Answer):
    detail: Literal["refreshed"]


class LoggedOut(Answer):
    detail: Literal["ok"]


class Me(Answer):
    id: int
    username: str
    name: str | None
    email: str
    roles: list[str]
    system_permissions: str
    totp_enabled: bool
    enabled_features: list[str]
    clinical_services_enabled: bool
