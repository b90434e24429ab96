from ipaddress import ip_network

import pytest
from quill_gateway.client_address import ClientAddress

PROXIES = ClientAddress([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("10.0.0.1", [b"198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", [b"6.6.6.6", b"198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"198.51.100.7:4711"], "198.51.100.7"),
        ("10.0.0.1", [b"[2001:db8::1]:4711"], "2001:db8::1"),
        ("fd00::1", [b"2001:db8::1"], "2001:db8::1"),
        ("::ffff:10.0.0.1", [b"198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", [b"10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [b"198.51.100.7, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [b"\xff\x00"], "10.0.0.1"),
        ("10.0.0.1", [b""], "10.0.0.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("192.0.2.1", [b"198.51.100.7"], "192.0.2.1"),
        ("unknown", [b"198.51.100.7"], "unknown"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_counts(peer: str, forwarded_for: list[bytes], address: str) -> None:
    assert PROXIES.of(peer, forwarded_for) == address


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert ClientAddress([]).of("10.0.0.1", [b"198.51.100.7"]) == "10.0.0.1"
