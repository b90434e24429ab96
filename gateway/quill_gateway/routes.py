"""What passes the gateway: the contract's index of endpoints (section 2.6), what goes beyond it, and nothing else."""

from dataclasses import dataclass
from enum import Enum, Flag, auto
from typing import Final

from quill_common.topology import Service


class Caller(Enum):
    """Which credential a route takes; services decide about rights. `SIGNING_IN` needs none, gives up its own."""

    ANYONE = auto()
    SIGNED_IN = auto()
    REFRESH_COOKIE = auto()
    SIGNING_IN = auto()


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


def _on(method: str, path: str, service: Service, caller: Caller, guard: Guard = Guard.NONE) -> Route:
    return Route(method, path, service, caller, Guard.CSRF in guard, Guard.CLINICAL in guard)


ANYONE, SIGNED_IN, REFRESH_COOKIE = Caller.ANYONE, Caller.SIGNED_IN, Caller.REFRESH_COOKIE
SIGNING_IN = Caller.SIGNING_IN
CSRF, CLINICAL, BOTH = Guard.CSRF, Guard.CLINICAL, Guard.CSRF | Guard.CLINICAL

# fmt: off
CONTRACT: Final[tuple[Route, ...]] = (
    _on("POST",   "/api/auth/login",                                        "auth", SIGNING_IN),
    _on("POST",   "/api/auth/register",                                     "auth", ANYONE),
    _on("POST",   "/api/auth/forgot-password",                              "auth", ANYONE),
    _on("POST",   "/api/auth/reset-password",                               "auth", ANYONE),
    _on("POST",   "/api/auth/change-password",                              "auth", SIGNED_IN, CSRF),
    _on("POST",   "/api/auth/refresh",                                      "auth", REFRESH_COOKIE),
    _on("POST",   "/api/auth/logout",                                       "auth", SIGNED_IN),
    _on("GET",    "/api/auth/me",                                           "auth", SIGNED_IN),
    _on("POST",   "/api/auth/totp/setup",                                   "auth", SIGNED_IN, CSRF),
    _on("POST",   "/api/auth/totp/verify",                                  "auth", SIGNED_IN, CSRF),
    _on("POST",   "/api/auth/totp/disable",                                 "auth", SIGNED_IN, CSRF),
    _on("GET",    "/api/users",                                             "auth", SIGNED_IN),
    _on("POST",   "/api/users",                                             "auth", SIGNED_IN, CSRF),
    _on("GET",    "/api/users/{user_id}",                                   "auth", SIGNED_IN),
    _on("PATCH",  "/api/users/{user_id}",                                   "auth", SIGNED_IN, CSRF),
    _on("PATCH",  "/api/users/{user_id}/link-patient",                      "auth", SIGNED_IN, CSRF),
    _on("GET",    "/api/cbac/my-competencies",                              "auth", SIGNED_IN),
    _on("PATCH",  "/api/cbac/my-competencies",                              "auth", SIGNED_IN, CSRF),

    _on("GET",    "/api/auth/organizations",                                "orgs", ANYONE),
    _on("GET",    "/api/organizations",                                     "orgs", SIGNED_IN),
    _on("POST",   "/api/organizations",                                     "orgs", SIGNED_IN, CSRF),
    _on("GET",    "/api/organizations/{org_id}",                            "orgs", SIGNED_IN),
    _on("PUT",    "/api/organizations/{org_id}",                            "orgs", SIGNED_IN, CSRF),
    _on("POST",   "/api/organizations/{org_id}/staff",                      "orgs", SIGNED_IN, CSRF),
    _on("DELETE", "/api/organizations/{org_id}/staff/{user_id}",            "orgs", SIGNED_IN, CSRF),
    _on("POST",   "/api/organizations/{org_id}/patients",                   "orgs", SIGNED_IN, BOTH),
    _on("DELETE", "/api/organizations/{org_id}/patients/{patient_id}",      "orgs", SIGNED_IN, CSRF),
    _on("GET",    "/api/organizations/{org_id}/features",                   "orgs", SIGNED_IN),
    _on("PUT",    "/api/organizations/{org_id}/features/{feature_key}",     "orgs", SIGNED_IN, CSRF),
    _on("GET",    "/api/patients/{patient_id}/shared-organisations",        "orgs", SIGNED_IN, CLINICAL),
    _on("POST",   "/api/patients/{patient_id}/invite-external",             "orgs", SIGNED_IN, BOTH),
    _on("POST",   "/api/accept-invite",                                     "orgs", ANYONE),
    _on("GET",    "/api/patients/{patient_id}/external-access",             "orgs", SIGNED_IN, CLINICAL),
    _on("DELETE", "/api/patients/{patient_id}/external-access/{user_id}",   "orgs", SIGNED_IN, BOTH),

    _on("GET",    "/api/patients",                                          "patients", SIGNED_IN, CLINICAL),
    _on("POST",   "/api/patients",                                          "patients", SIGNED_IN, BOTH),
    _on("POST",   "/api/patients/verify",                                   "patients", SIGNED_IN, BOTH),
    _on("GET",    "/api/patients/{patient_id}",                             "patients", SIGNED_IN, CLINICAL),
    _on("PATCH",  "/api/patients/{patient_id}",                             "patients", SIGNED_IN, BOTH),
    _on("GET",    "/api/patients/{patient_id}/demographics",                "patients", SIGNED_IN, CLINICAL),
    _on("PUT",    "/api/patients/{patient_id}/demographics",                "patients", SIGNED_IN, BOTH),
    _on("GET",    "/api/patients/{patient_id}/metadata",                    "patients", SIGNED_IN, CLINICAL),
    _on("POST",   "/api/patients/{patient_id}/deactivate",                  "patients", SIGNED_IN, BOTH),
    _on("POST",   "/api/patients/{patient_id}/activate",                    "patients", SIGNED_IN, BOTH),
    _on("POST",   "/api/prescriptions/controlled",                          "patients", SIGNED_IN, CSRF),

    _on("POST",   "/api/patients/{patient_id}/letters",                     "letters", SIGNED_IN, BOTH),
    _on("GET",    "/api/patients/{patient_id}/letters",                     "letters", SIGNED_IN, CLINICAL),
    _on("GET",    "/api/patients/{patient_id}/letters/{composition_uid}",   "letters", SIGNED_IN, CLINICAL),

    _on("POST",   "/api/conversations",                                     "messaging", SIGNED_IN, BOTH),
    _on("GET",    "/api/conversations",                                     "messaging", SIGNED_IN, CLINICAL),
    _on("GET",    "/api/patients/{patient_id}/conversations",               "messaging", SIGNED_IN, CLINICAL),
    _on("GET",    "/api/conversations/{conversation_id}",                   "messaging", SIGNED_IN, CLINICAL),
    _on("PATCH",  "/api/conversations/{conversation_id}",                   "messaging", SIGNED_IN, BOTH),
    _on("POST",   "/api/conversations/{conversation_id}/messages",          "messaging", SIGNED_IN, BOTH),
    _on("POST",   "/api/conversations/{conversation_id}/participants",      "messaging", SIGNED_IN, BOTH),
    _on("GET",    "/api/conversations/{conversation_id}/participants",      "messaging", SIGNED_IN, CLINICAL),
    _on("POST",   "/api/conversations/{conversation_id}/join",              "messaging", SIGNED_IN, BOTH),
    _on("POST",   "/api/conversations/{conversation_id}/read",              "messaging", SIGNED_IN, BOTH),
    _on("POST",   "/api/push/subscribe",                                    "messaging", SIGNED_IN),
    _on("POST",   "/api/push/send-test",                                    "messaging", SIGNED_IN, CSRF),
)

# Shapes, errors and who may: docs/api-beyond-the-contract.md
BEYOND_CONTRACT: Final[tuple[Route, ...]] = (
    _on("GET",    "/api/auth/sessions",                                     "auth", SIGNED_IN),
    _on("DELETE", "/api/auth/sessions",                                     "auth", SIGNED_IN, CSRF),
    _on("DELETE", "/api/auth/sessions/{session_id}",                        "auth", SIGNED_IN, CSRF),
    _on("GET",    "/api/users/{user_id}/sessions",                          "auth", SIGNED_IN),
    _on("DELETE", "/api/users/{user_id}/sessions",                          "auth", SIGNED_IN, CSRF),
    _on("DELETE", "/api/users/{user_id}/sessions/{session_id}",             "auth", SIGNED_IN, CSRF),
    _on("POST",   "/api/users/{user_id}/deactivate",                        "auth", SIGNED_IN, CSRF),
    _on("POST",   "/api/users/{user_id}/activate",                          "auth", SIGNED_IN, CSRF),
    _on("GET",    "/api/audit",                                             "auth", SIGNED_IN),
    _on("GET",    "/api/patients/{patient_id}/audit",                       "auth", SIGNED_IN),
    _on("GET",    "/api/patients/{patient_id}/history",                     "patients", SIGNED_IN, CLINICAL),
    _on("GET",    "/api/patients/{patient_id}/history/{version}",           "patients", SIGNED_IN, CLINICAL),
    _on("POST",   "/api/auth/totp/recovery-codes",                          "auth", SIGNED_IN, CSRF),
)
# fmt: on

ROUTES: Final = CONTRACT + BEYOND_CONTRACT
