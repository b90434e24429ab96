"""The budgets of the design, in milliseconds of CPU a request over the gateway and all services."""

from typing import Final

BUDGETS: Final[dict[str, float]] = {
    "GET /api/auth/me": 1.2,
    "GET /api/organizations (20)": 1.5,
    "GET /api/patients/{id}": 1.8,
    "GET /api/patients?limit=100 (of 1,000)": 5.0,
    "GET /api/conversations?limit=50 (of 200)": 8.0,
    "GET /api/conversations/{id} (10 messages)": 3.0,
    "POST /api/conversations/{id}/messages": 4.0,
    "POST /api/auth/refresh": 2.5,
    "POST /api/auth/login": 60.0,
}
GATEWAY_BUDGET: Final = 0.4
MEMORY_BUDGET_MIB: Final = 150
EVENT_P50_MS: Final = 20
EVENT_P99_MS: Final = 250
