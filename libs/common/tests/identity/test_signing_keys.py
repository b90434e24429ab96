import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from quill_common.identity import KeysUnavailable, SigningKeys, TokenSigner, TokenVerifier

SESSION = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"


def test_only_the_owner_can_read_the_keys(tmp_path: Path) -> None:
    SigningKeys(tmp_path / "signing")
    (file,) = (tmp_path / "signing").glob("*.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_processes_that_start_at_once_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        all_keys = list(pool.map(lambda _: SigningKeys(tmp_path / "signing"), range(8)))
    assert len({keys.newest()[0] for keys in all_keys}) == 1
    assert len(list((tmp_path / "signing").glob("*.pem"))) == 1


def test_a_restart_keeps_the_keys(tmp_path: Path) -> None:
    assert SigningKeys(tmp_path).jwks() == SigningKeys(tmp_path).jwks()


async def test_after_a_rotation_the_new_key_signs_and_the_old_one_still_verifies(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    signer, verifier = TokenSigner(keys), TokenVerifier(keys)
    before = signer.csrf(1, SESSION, lifetime=60)
    kid = keys.rotate()
    assert keys.newest()[0] == kid
    assert {entry["kid"] for entry in keys.jwks()["keys"]} > {kid}
    await verifier.csrf(before)
    await verifier.csrf(signer.csrf(1, SESSION, lifetime=60))


async def test_another_process_verifies_a_key_it_had_not_seen(tmp_path: Path) -> None:
    mine, theirs = SigningKeys(tmp_path), SigningKeys(tmp_path)
    verifier = TokenVerifier(theirs)
    mine.rotate()
    await verifier.csrf(TokenSigner(mine).csrf(1, SESSION, lifetime=60))


def test_the_newest_key_cannot_be_removed(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path)
    with pytest.raises(ValueError, match="rotate first"):
        keys.remove(keys.newest()[0])


def test_the_published_document_holds_no_private_half(tmp_path: Path) -> None:
    (entry,) = SigningKeys(tmp_path).jwks()["keys"]
    assert set(entry) == {"kty", "crv", "use", "alg", "kid", "x"}
    assert (entry["kty"], entry["crv"], entry["alg"]) == ("OKP", "Ed25519", "EdDSA")


def test_a_damaged_key_file_is_named(tmp_path: Path) -> None:
    SigningKeys(tmp_path)
    (tmp_path / "20990101-broken.pem").write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n")
    with pytest.raises(KeysUnavailable, match=r"20990101-broken\.pem"):
        SigningKeys(tmp_path)


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    SigningKeys(tmp_path).rotate()
    assert sorted(Path(name).suffix for name in os.listdir(tmp_path)) == ["", ".pem", ".pem"]
