"""The address of whoever called, through proxies that are trusted to tell it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class ClientAddress:
    """Believes `X-Forwarded-For` only from the given networks, reading it from the right."""

    def __init__(self, trusted: Sequence[_Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, peer: str, forwarded_for: Sequence[bytes]) -> str:
        """`peer` is the connection's other end; the answer is the nearest address that is no such proxy."""
        if not self._trusted or not forwarded_for:
            return peer
        nearest = peer
        if not self._is_trusted(_parse(peer)):
            return peer
        for hop in reversed(b",".join(forwarded_for).decode("latin-1").split(",")):
            address = _parse(hop)
            if address is None:
                return nearest
            nearest = str(address)
            if not self._is_trusted(address):
                return nearest
        return nearest

    def trusts(self, peer: str) -> bool:
        """Whether `peer` is such a proxy."""
        return bool(self._trusted) and self._is_trusted(_parse(peer))

    def _is_trusted(self, address: _Address | None) -> bool:
        return address is not None and any(address in network for network in self._trusted)


def _parse(text: str) -> _Address | None:
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
