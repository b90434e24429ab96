"""Routes that tell and change nothing about a patient, an account or a membership, each with the reason."""

from typing import Final

COMMON: Final = {
    "GET /health/live": "health",
    "GET /health/ready": "health",
    "GET /metrics": "numbers only",
    "GET /openapi.json": "the API's document",
    "GET /internal/events": "ids for other services, which record what they make of them",
    "POST /internal/catch-up": "events that are recorded where they happened",
    "GET /internal/projections": "positions only",
    "POST /internal/projections/rebuild": "repeats what was recorded when it happened",
    "GET /internal/events/parked": "positions and errors, without content",
    "POST /internal/events/parked/retry": "applies events that are recorded where they happened",
    "GET /internal/audit": "for auth, which records who asked, and the operator",
}

OWN: Final = {
    "auth": {
        "POST /api/auth/login": "its handler and its transaction record `session.begin` and `session.refuse`",
        "POST /api/auth/refresh": "goes on with a session whose beginning is recorded; one that ends by it is recorded",
        "POST /api/auth/forgot-password": "who makes the link records it, if there is an account",
        "GET /api/auth/me": "one's own account",
        "GET /api/auth/sessions": "one's own sessions",
        "GET /api/cbac/my-competencies": "one's own rights",
        "GET /.well-known/jwks.json": "public keys",
        "GET /internal/keys": "names and ages of keys",
        "GET /internal/revocations": "ids of sessions whose end is recorded",
    },
    "orgs": {
        "GET /api/auth/organizations": "names of organisations, public",
        "GET /api/organizations": "organisations without their members",
        "GET /api/organizations/{org_id}/features": "switches of an organisation",
        "GET /internal/organisations/{organisation_id}": "the name of an organisation",
    },
    "patients": {"GET /health/store": "health", "GET /api/fhir/R4/metadata": "what the FHIR door can do"},
    "letters": {"GET /health/store": "health"},
    "messaging": {},
}
