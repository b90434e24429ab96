"""What passes the gateway: the contract's index of endpoints (section 2.6), and nothing else."""

from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Final

from quill_common.topology import Service


class Caller(Enum):
    """Which credential a route takes; services decide about rights."""

    ANYONE = auto()
    SIGNED_IN = auto()
    REFRESH_COOKIE = auto()


class Guard(Flag):
    """What is checked beside: the CSRF token; the switch of clinical services."""

    NONE = 0
    CSRF = auto()
    CLINICAL = auto()


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the index. A path template's `{name}` stands for one segment."""

    method: str
    path: str
    service: Service
    caller: Caller
    csrf: bool
    clinical: bool


def _route(method: str, path: str, service: Service, caller: Caller, guard: Guard = Guard.NONE) -> Route:
    return Route(method, path, service, caller, Guard.CSRF in guard, Guard.CLINICAL in guard)


_ANYONE, _SIGNED_IN, _REFRESH_COOKIE = Caller.ANYONE, Caller.SIGNED_IN, Caller.REFRESH_COOKIE
_CSRF, _CLINICAL, _BOTH = Guard.CSRF, Guard.CLINICAL, Guard.CSRF | Guard.CLINICAL

# fmt: off
ROUTES: Final[tuple[Route, ...]] = (
    _route("POST",   "/api/auth/login",                                        "auth", _ANYONE),
    _route("POST",   "/api/auth/register",                                     "auth", _ANYONE),
    _route("POST",   "/api/auth/forgot-password",                              "auth", _ANYONE),
    _route("POST",   "/api/auth/reset-password",                               "auth", _ANYONE),
    _route("POST",   "/api/auth/change-password",                              "auth", _SIGNED_IN, _CSRF),
    _route("POST",   "/api/auth/refresh",                                      "auth", _REFRESH_COOKIE),
    _route("POST",   "/api/auth/logout",                                       "auth", _SIGNED_IN),
    _route("GET",    "/api/auth/me",                                           "auth", _SIGNED_IN),
    _route("POST",   "/api/auth/totp/setup",                                   "auth", _SIGNED_IN, _CSRF),
    _route("POST",   "/api/auth/totp/verify",                                  "auth", _SIGNED_IN, _CSRF),
    _route("POST",   "/api/auth/totp/disable",                                 "auth", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/users",                                             "auth", _SIGNED_IN),
    _route("POST",   "/api/users",                                             "auth", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/users/{user_id}",                                   "auth", _SIGNED_IN),
    _route("PATCH",  "/api/users/{user_id}",                                   "auth", _SIGNED_IN, _CSRF),
    _route("PATCH",  "/api/users/{user_id}/link-patient",                      "auth", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/cbac/my-competencies",                              "auth", _SIGNED_IN),
    _route("PATCH",  "/api/cbac/my-competencies",                              "auth", _SIGNED_IN, _CSRF),

    _route("GET",    "/api/auth/organizations",                                "orgs", _ANYONE),
    _route("GET",    "/api/organizations",                                     "orgs", _SIGNED_IN),
    _route("POST",   "/api/organizations",                                     "orgs", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/organizations/{org_id}",                            "orgs", _SIGNED_IN),
    _route("PUT",    "/api/organizations/{org_id}",                            "orgs", _SIGNED_IN, _CSRF),
    _route("POST",   "/api/organizations/{org_id}/staff",                      "orgs", _SIGNED_IN, _CSRF),
    _route("DELETE", "/api/organizations/{org_id}/staff/{user_id}",            "orgs", _SIGNED_IN, _CSRF),
    _route("POST",   "/api/organizations/{org_id}/patients",                   "orgs", _SIGNED_IN, _BOTH),
    _route("DELETE", "/api/organizations/{org_id}/patients/{patient_id}",      "orgs", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/organizations/{org_id}/features",                   "orgs", _SIGNED_IN),
    _route("PUT",    "/api/organizations/{org_id}/features/{feature_key}",     "orgs", _SIGNED_IN, _CSRF),
    _route("GET",    "/api/patients/{patient_id}/shared-organisations",        "orgs", _SIGNED_IN, _CLINICAL),
    _route("POST",   "/api/patients/{patient_id}/invite-external",             "orgs", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/accept-invite",                                     "orgs", _ANYONE),
    _route("GET",    "/api/patients/{patient_id}/external-access",             "orgs", _SIGNED_IN, _CLINICAL),
    _route("DELETE", "/api/patients/{patient_id}/external-access/{user_id}",   "orgs", _SIGNED_IN, _BOTH),

    _route("GET",    "/api/patients",                                          "patients", _SIGNED_IN, _CLINICAL),
    _route("POST",   "/api/patients",                                          "patients", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/patients/verify",                                   "patients", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/patients/{patient_id}",                             "patients", _SIGNED_IN, _CLINICAL),
    _route("PATCH",  "/api/patients/{patient_id}",                             "patients", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/patients/{patient_id}/demographics",                "patients", _SIGNED_IN, _CLINICAL),
    _route("PUT",    "/api/patients/{patient_id}/demographics",                "patients", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/patients/{patient_id}/metadata",                    "patients", _SIGNED_IN, _CLINICAL),
    _route("POST",   "/api/patients/{patient_id}/deactivate",                  "patients", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/patients/{patient_id}/activate",                    "patients", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/prescriptions/controlled",                          "patients", _SIGNED_IN, _CSRF),

    _route("POST",   "/api/patients/{patient_id}/letters",                     "letters", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/patients/{patient_id}/letters",                     "letters", _SIGNED_IN, _CLINICAL),
    _route("GET",    "/api/patients/{patient_id}/letters/{composition_uid}",   "letters", _SIGNED_IN, _CLINICAL),

    _route("POST",   "/api/conversations",                                     "messaging", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/conversations",                                     "messaging", _SIGNED_IN, _CLINICAL),
    _route("GET",    "/api/patients/{patient_id}/conversations",               "messaging", _SIGNED_IN, _CLINICAL),
    _route("GET",    "/api/conversations/{conversation_id}",                   "messaging", _SIGNED_IN, _CLINICAL),
    _route("PATCH",  "/api/conversations/{conversation_id}",                   "messaging", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/conversations/{conversation_id}/messages",          "messaging", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/conversations/{conversation_id}/participants",      "messaging", _SIGNED_IN, _BOTH),
    _route("GET",    "/api/conversations/{conversation_id}/participants",      "messaging", _SIGNED_IN, _CLINICAL),
    _route("POST",   "/api/conversations/{conversation_id}/join",              "messaging", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/conversations/{conversation_id}/read",              "messaging", _SIGNED_IN, _BOTH),
    _route("POST",   "/api/push/subscribe",                                    "messaging", _SIGNED_IN),
    _route("POST",   "/api/push/send-test",                                    "messaging", _SIGNED_IN, _CSRF),
)
# fmt: on
