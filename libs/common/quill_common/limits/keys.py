"""Under which key something is counted: stores of counters hold no address and no name that could be read."""

import hashlib
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

_IPV6_BITS: Final = 64  # what one subscriber has (RFC 6177); the rest of the address is theirs to choose


class Keys:
    """Keyed hashes: without the secret, trying all addresses or all names tells nothing."""

    def __init__(self, secret: bytes) -> None:
        """All instances of a service have the `secret` (64 bytes at most), and no store of counters does."""
        self._secret = secret

    def of(self, who: str) -> str:
        """A hash of 128 bits, in hexadecimal."""
        return hashlib.blake2b(who.encode("utf-8", "surrogatepass"), key=self._secret, digest_size=16).hexdigest()


def network_of(address: str) -> str:
    """Who counts as one by address: an IPv4 address, an IPv6 network of 64 bits; other text as it is."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), _IPV6_BITS), strict=False))
