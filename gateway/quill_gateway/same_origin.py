"""Changing calls that another site's page made: a second line behind the CSRF token, and the only one for sign-in.

The rules are those of `CrossOriginProtection` in Go's net/http. Browsers say by themselves where a call comes from, and
pages cannot change it: `Sec-Fetch-Site` (all browsers since 2023, over HTTPS), else `Origin`.
"""

from collections.abc import Iterable

from quill_gateway.client_address import ClientAddress
from quill_gateway.errors import BadCsrf
from quill_gateway.headers import Incoming

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OUR_OWN = frozenset({b"same-origin", b"none"})  # `none`: the user asked, not a page
_PORTS = {b"http": b":80", b"https": b":443"}


class SameOrigin:
    def __init__(self, trusted: Iterable[str], proxies: ClientAddress) -> None:
        """`trusted`: origins (`https://host`) of frontends elsewhere; `proxies` may tell which name was called."""
        self._trusted = frozenset(origin.encode().lower() for origin in trusted)
        self._proxies = proxies

    def check(self, incoming: Incoming, peer: str) -> None:
        """Raises BadCsrf. `peer` is the connection's other end."""
        site, origin = incoming.read.get(b"sec-fetch-site"), incoming.read.get(b"origin")
        if site is None and origin is None:
            return  # no browser, or an old one on our own page
        if (site is not None and len(site) > 1) or (origin is not None and len(origin) > 1):
            raise BadCsrf
        if site is not None and site[0] in _OUR_OWN:
            return
        if origin is not None and origin[0] in self._trusted:
            return
        if site is None and origin is not None and self._is_ours(origin[0], incoming, peer):
            return
        raise BadCsrf

    def _is_ours(self, origin: bytes, incoming: Incoming, peer: str) -> bool:
        """The page comes from where the call went to. Without its scheme: whoever can change that owns the network."""
        scheme, separator, host = origin.lower().partition(b"://")
        if scheme not in _PORTS or not separator or not host:
            return False  # also `null`: a sandbox, a file, or a redirect from elsewhere
        names = incoming.read.get(b"host", [])
        if self._proxies.trusts(peer):
            names = names + [name for value in incoming.read.get(b"x-forwarded-host", ()) for name in value.split(b",")]
        host = host.removesuffix(_PORTS[scheme])
        return any(name.strip().lower().removesuffix(_PORTS[scheme]) == host for name in names)
