from pathlib import Path

import pytest
from quill_common.identity import SigningKeys, TokenSigner, TokenVerifier, ensure_service_keys


@pytest.fixture
def keys(tmp_path: Path) -> SigningKeys:
    return SigningKeys(tmp_path / "signing")


@pytest.fixture
def signer(keys: SigningKeys) -> TokenSigner:
    return TokenSigner(keys)


@pytest.fixture
def verifier(keys: SigningKeys) -> TokenVerifier:
    return TokenVerifier(keys, leeway=0)


@pytest.fixture
def service_keys(tmp_path: Path) -> Path:
    """The keys folder of a data directory with the keys of every process."""
    ensure_service_keys(tmp_path)
    return tmp_path / "keys"
