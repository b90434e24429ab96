"""Whatever stands in a request, reading it either works or is refused; nothing else is ever raised."""

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st
from quill_gateway.client_address import ClientAddress
from quill_gateway.errors import BadRequest
from quill_gateway.headers import Incoming, outgoing
from quill_gateway.paths import segments
from quill_gateway.routes import ROUTES, Route
from quill_gateway.routing import Router

router: Router[Route] = Router(ROUTES)
names = st.sampled_from(
    [
        b"cookie",
        b"connection",
        b"content-length",
        b"transfer-encoding",
        b"x-request-id",
        b"x-forwarded-for",
        b"x-a",
    ]
)
headers = st.lists(st.tuples(names, st.binary(max_size=60)), max_size=8)
pieces = st.sampled_from([b"/", b"api", b"users", b"patients", b"verify", b"%2f", b"%2e", b"..", b"%", b"1", b"\xff"])


@given(st.lists(pieces, max_size=12).map(b"".join))
@example(b"/api/patients/verify")
def test_no_path_confuses_the_reading(path: bytes) -> None:
    parts = segments(path)
    if parts is None:
        return
    assert all(part not in {"", ".", ".."} and "/" not in part for part in parts)
    assert len(parts) == path.count(b"/")
    for method in ("GET", "POST"):
        route = router.find(method, parts)
        assert (route is not None) == (method in router.methods(parts))
        assert route is None or route.path.count("/") == path.count(b"/")


@given(headers)
def test_no_headers_confuse_the_reading(sent: list[tuple[bytes, bytes]]) -> None:
    incoming = Incoming(sent)
    assert 1 <= len(incoming.request_id()) <= 64
    assert set(incoming.cookies()) <= {b"access_token", b"refresh_token", b"XSRF-TOKEN"}
    assert not {"cookie", "connection", "content-length", "transfer-encoding"} & set(incoming.forwarded)
    with suppress(BadRequest):
        incoming.check()
        assert incoming.content_length is None or incoming.content_length >= 0


@given(headers)
def test_no_answer_of_a_service_confuses_the_reading(sent: list[tuple[bytes, bytes]]) -> None:
    passed, revoked = outgoing(sent)
    assert revoked == []
    assert not {b"connection", b"transfer-encoding", b"x-request-id"} & {name for name, _ in passed}


@given(st.lists(st.binary(max_size=40), max_size=3))
def test_no_forwarding_header_confuses_the_reading(values: list[bytes]) -> None:
    assert ClientAddress([]).of("192.0.2.1", values) == "192.0.2.1"
