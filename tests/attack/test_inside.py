"""What services tell each other is not reached through the gateway, however the path is written."""

import pytest
from attack.browser import raw, session
from system.ward import PASSWORD, Ward, account

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system"), pytest.mark.timeout(240)]

INSIDE = ("internal/revocations", "internal/events?after=0", "internal/projections", "internal/users/1/deactivate")
BEFORE = (
    "/",
    "//",
    "/./",
    "/api/",
    "/api//",
    "/api/../",
    "/api/%2e%2e/",
    "/api/%2E%2E/",
    "/api/.%2e/",
    "/api/..%2f",
    "/api/%2e%2e%2f",
    "/api/..%5c",
    "/api/..\\",
    "/api/..;/",
    "/api/auth/../../",
    "/api/auth/me/../../../",
    "/api/auth/me/..%2f..%2f..%2f",
    "/api/users/..%2f..%2f",
    "/api/users/1/../../../",
    "/api/%252e%252e/",
    "/api/users/%252e%252e%252f%252e%252e%252f",
    "/api/%c0%ae%c0%ae/",
    "/api/%u002e%u002e/",
    "/api/\t../",
    "/api/organizations/1/features/..%2f..%2f..%2f..%2f",
    "/api/patients/x/letters/..%2f..%2f..%2f..%2f",
    "http://auth/",
    "http://auth/api/../",
    "*/",
)
AFTER = ("/", "%2f", "%00", "%20", ";x=1", ".json", "#", "?x=/api/auth/me")
TELLING = (b'"cursor"', b'"sessions"', b'"events"', b'"position"', b'"is_active":false')


def _spellings() -> list[str]:
    plain = INSIDE[0]
    upper = ["/" + plain.upper(), "/Internal/revocations", "/%69nternal/revocations", "/internal%2frevocations"]
    return [f"{before}{inside}" for before in BEFORE for inside in INSIDE] + [f"/{plain}{end}" for end in AFTER] + upper


async def test_no_spelling_leads_inside(place: Ward) -> None:
    user_id, name = await account(place.admin, "superadmin", "patient")
    mine = await session(place.system.url, name, PASSWORD)
    headers = "".join(f"{name}: {value}\r\n" for name, value in mine.headers().items())
    for method in ("GET", "POST"):
        for spelling in _spellings():
            target = spelling.replace("users/1/", f"users/{user_id}/")
            head = (
                f"{method} {target} HTTP/1.1\r\nHost: quill\r\nConnection: close\r\nContent-Length: 0\r\n{headers}\r\n"
            )
            status, rest = await raw(place.system.url, head.encode("latin-1"))
            assert status in {400, 403, 404, 405, 422}, (method, target, status)
            assert not [text for text in TELLING if text in rest], (method, target)
    active = await place.system.query("SELECT is_active FROM auth.users WHERE id = $1", user_id)
    assert active[0]["is_active"] is True


async def test_a_service_answers_nothing_inside_to_a_signed_in_user(place: Ward) -> None:
    _, name = await account(place.admin, "superadmin", "patient")
    mine = await session(place.system.url, name, PASSWORD)
    for service, process in place.system.processes().items():
        for path in INSIDE[1:3] if service != "gateway" else ():
            head = (
                f"GET /{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {mine.access}\r\n"
                f"Cookie: access_token={mine.access}\r\nX-Quill-Service: operator\r\n\r\n"
            )
            status, rest = await raw(process["url"], head.encode())
            assert status in {401, 403}, (service, path)
            assert not [text for text in TELLING if text in rest], (service, path)
