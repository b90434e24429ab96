"""Every process's own key pair for calls between services, and the one document with all public halves."""

import json
from pathlib import Path
from typing import Final

from quill_common.identity.jwks import PublicKeys, parse_jwks, to_jwks
from quill_common.identity.key_files import create_private_key, load_private_key, locked, replace_file
from quill_common.topology import SERVICES

CALLERS: Final[tuple[str, ...]] = (*SERVICES, "gateway", "operator")


def ensure_service_keys(data_dir: Path) -> None:
    """Create what is missing under `<data_dir>/keys`. Harmless to repeat, and to run twice at once.

    Raises KeysUnavailable when a key file is damaged, ValueError when the published document is.
    """
    directory = data_dir / "keys" / "services"
    published = data_dir / "keys" / "services.jwks.json"
    with locked(directory):
        for name in CALLERS:
            if not (directory / f"{name}.pem").exists():
                create_private_key(directory / f"{name}.pem")
        known = parse_jwks(published.read_bytes()) if published.exists() else {}
        own: PublicKeys = {name: load_private_key(directory / f"{name}.pem").public_key() for name in CALLERS}
        if any(known.get(name) != key for name, key in own.items()):
            replace_file(published, json.dumps(to_jwks(known | own), indent=2).encode() + b"\n")
