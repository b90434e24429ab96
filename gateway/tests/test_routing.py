from collections.abc import Sequence

import pytest
from quill_gateway.paths import segments
from quill_gateway.routes import ROUTES, Route
from quill_gateway.routing import Router

router: Router[Route] = Router(ROUTES)
PATIENT = "b3c1f0de-0000-4000-8000-000000000001"


def found(method: str, path: bytes) -> str | None:
    parts = segments(path)
    route = router.find(method, parts) if parts is not None else None
    return route.path if route else None


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_is_found_under_its_own_template(route: Route) -> None:
    path = "/".join("x1" if part.startswith("{") else part for part in route.path.split("/"))
    assert router.find(route.method, segments(path.encode()) or []) is route


def test_a_fixed_segment_goes_before_a_parameter_for_its_own_method_only() -> None:
    assert found("POST", b"/api/patients/verify") == "/api/patients/verify"
    assert found("GET", b"/api/patients/verify") == "/api/patients/{patient_id}"
    assert router.methods(["api", "patients", "verify"]) == {"POST", "GET", "PATCH"}


def test_two_lines_for_the_same_place_are_refused() -> None:
    twice: Sequence[Route] = (ROUTES[0], ROUTES[0])
    with pytest.raises(ValueError, match="Two routes"):
        Router(twice)


def test_a_composition_uid_may_be_encoded() -> None:
    template = "/api/patients/{patient_id}/letters/{composition_uid}"
    uid = "2f6c1f0a-5d2f-4f0e-9a55-0d6f1d1b7a3c"
    for separator in ("::", "%3A%3A", "%3a:"):
        path = f"/api/patients/{PATIENT}/letters/{uid}{separator}quill{separator}1".encode()
        assert found("GET", path) == template


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"*",
        b"api/users",
        b"/",
        b"/api",
        b"/api/",
        b"/api/users/",
        b"//api/users",
        b"/api//users",
        b"/API/users",
        b"/api/users/7/",
        b"/api/./users",
        b"/api/users/..",
        b"/api/users/../users",
        b"/api/%2e%2e/internal/events",
        b"/api/users/%2e",
        b"/api/users/.%2e",
        b"/api/users%2f7",
        b"/api/users/7%2Flink-patient",
        b"/api/users/a%5cb",
        b"/api/users/a\\b",
        b"/api/users/%00",
        b"/api/users/7%0d%0ax",
        b"/api/users/%7f",
        b"/api/users/%",
        b"/api/users/%zz",
        b"/api/users/%ff",
        b"/api/users/7;role=admin",
        b"/api/users/7?x",
        b"/api/users/7#x",
        b"/api/users/a b",
        b"/api/users/\xc3\xa9",
        b"/internal/events",
        b"/api/internal/events",
        b"/health/store",
        b"/openapi.json",
    ],
)
def test_ambiguous_or_inner_paths_lead_nowhere(path: bytes) -> None:
    assert found("GET", path) is None


def test_encoded_letters_mean_what_the_service_will_understand() -> None:
    assert found("GET", b"/api/%75sers") == "/api/users"
    assert found("GET", b"/api/patients/%C3%A9") == "/api/patients/{patient_id}"
    assert segments(b"/api/users/%252e%252e") == ["api", "users", "%2e%2e"]
