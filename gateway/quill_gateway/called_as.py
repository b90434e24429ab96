"""The address by which a client called: FHIR's links and locations are absolute, and no service knows it."""

import re
from typing import Final

from quill_gateway.client_address import ClientAddress
from quill_gateway.exchange import Exchange
from quill_gateway.headers import Incoming

_HOST: Final = re.compile(rb"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SCHEMES: Final = frozenset({b"http", b"https"})


class CalledAs:
    """Reads it from `Host`, or from what a trusted proxy says. It goes back to who asked and to nobody else."""

    def __init__(self, proxies: ClientAddress, *, https_only: bool) -> None:
        self._proxies = proxies
        self._behind_proxy = b"https" if https_only else b"http"

    def base(self, exchange: Exchange, peer: str) -> str | None:
        """`https://quill.example`, None when it cannot be told."""
        incoming = exchange.incoming
        scheme, host = exchange.scope["scheme"].encode(), _only(incoming, b"host")
        if self._proxies.trusts(peer):
            host = _only(incoming, b"x-forwarded-host") or host
            told = _only(incoming, b"x-forwarded-proto")
            scheme = told if told in _SCHEMES else self._behind_proxy
        if host is None or not _HOST.fullmatch(host):
            return None
        return f"{scheme.decode()}://{host.decode()}"


def _only(incoming: Incoming, name: bytes) -> bytes | None:
    """The value of a header that is there once and names one thing."""
    values = incoming.read.get(name, ())
    return values[0].strip().lower() if len(values) == 1 and values[0].strip() else None
