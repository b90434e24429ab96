"""What counts as one, and what a store of counters learns of it."""

from pathlib import Path

import pytest
from quill_common.identity.service_keys import ensure_service_keys
from quill_common.identity.service_tokens import ServiceTokens
from quill_common.limits.keys import Keys, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_subscriber_counts_as_one_whatever_address_it_takes(address: str, network: str) -> None:
    assert network_of(address) == network


def test_instances_of_a_service_hash_alike_and_others_do_not(tmp_path: Path) -> None:
    ensure_service_keys(tmp_path)
    one, again, other = (
        Keys(ServiceTokens(name, tmp_path / "keys" / "services" / f"{name}.pem").secret("rate limits"))
        for name in ("auth", "auth", "orgs")
    )
    assert one.of("ada") == again.of("ada") != one.of("ada ")
    assert one.of("ada") != other.of("ada")
    assert "ada lovelace" not in one.of("ada lovelace")  # which no digits happen to spell
