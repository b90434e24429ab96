import json
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jwt
import pytest
from quill_common.identity import (
    CALLERS,
    InvalidToken,
    KeysUnavailable,
    ServiceTokens,
    ServiceTokenVerifier,
    TokenSigner,
    TokenVerifier,
    ensure_service_keys,
    parse_jwks,
)
from quill_common.identity.key_files import load_private_key

SESSION = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"


def tokens_of(keys: Path, name: str) -> ServiceTokens:
    return ServiceTokens(name, keys / "services" / f"{name}.pem")


def verifier_of(keys: Path, name: str) -> ServiceTokenVerifier:
    return ServiceTokenVerifier(name, keys / "services.jwks.json", leeway=0)


def forged(keys: Path, signer: str, **changes: Any) -> str:
    now = int(time.time())
    claims = {"iss": signer, "aud": "auth", "jti": "1", "purpose": "service", "iat": now, "exp": now + 60}
    key = load_private_key(keys / "services" / f"{signer}.pem")
    return jwt.encode(claims | changes, key, algorithm="EdDSA", headers={"kid": signer})


@pytest.mark.parametrize("name", CALLERS)
def test_every_process_can_call_auth_in_its_own_name(service_keys: Path, name: str) -> None:
    auth = verifier_of(service_keys, "auth")
    assert auth.verify(tokens_of(service_keys, name).token("auth")) == name
    assert auth.verify(tokens_of(service_keys, name).token("auth")) == name


def test_a_token_for_another_service_is_refused(service_keys: Path) -> None:
    token = tokens_of(service_keys, "orgs").token("letters")
    with pytest.raises(InvalidToken):
        verifier_of(service_keys, "auth").verify(token)


def test_hand_made_good_claims_pass_so_that_the_refusals_below_mean_something(service_keys: Path) -> None:
    assert verifier_of(service_keys, "auth").verify(forged(service_keys, "orgs")) == "orgs"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "auth"},
        {"purpose": "access"},
        {"exp": 1},
        {"exp": "x"},
        {"aud": ["auth", "orgs"]},
        {"iat": 4_000_000_000},
    ],
)
def test_no_service_can_speak_for_another_or_beyond_its_time(service_keys: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        verifier_of(service_keys, "auth").verify(forged(service_keys, "orgs", **changes))


async def test_user_and_service_tokens_do_not_stand_in_for_each_other(
    service_keys: Path, signer: TokenSigner, verifier: TokenVerifier
) -> None:
    user = signer.access(1, SESSION, roles=[], competencies=[], lifetime=60)
    with pytest.raises(InvalidToken):
        verifier_of(service_keys, "auth").verify(user)
    with pytest.raises(InvalidToken):
        await verifier.access(tokens_of(service_keys, "orgs").token("auth"))


async def test_a_user_token_signed_with_a_service_key_is_refused(service_keys: Path, verifier: TokenVerifier) -> None:
    changes = {"iss": "quill-auth", "aud": "quill", "purpose": "access", "sub": "1", "sid": SESSION}
    token = forged(service_keys, "orgs", **changes, roles=[], competencies=[])
    with pytest.raises(InvalidToken):
        await verifier.access(token)


def test_a_token_is_used_again_until_it_needs_renewing(service_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = tokens_of(service_keys, "orgs")
    first = tokens.token("auth")
    assert tokens.token("auth") == first
    assert tokens.token("letters") != first
    later = time.time() + 45
    monkeypatch.setattr(time, "time", lambda: later)
    assert tokens.token("auth") != first


def test_a_remembered_service_token_still_expires(service_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    auth, token = verifier_of(service_keys, "auth"), forged(service_keys, "orgs", exp=int(time.time()) + 4)
    auth.verify(token)
    time.sleep(4.1)
    with pytest.raises(InvalidToken):
        auth.verify(token)


def test_creating_the_keys_twice_at_once_or_again_changes_nothing(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: ensure_service_keys(tmp_path), range(6)))
    first = _contents(tmp_path / "keys")
    ensure_service_keys(tmp_path)
    assert _contents(tmp_path / "keys") == first
    assert set(parse_jwks((tmp_path / "keys" / "services.jwks.json").read_bytes())) == set(CALLERS)


def _contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_a_missing_key_is_added_and_the_published_keys_of_others_stay(tmp_path: Path) -> None:
    ensure_service_keys(tmp_path)
    published = tmp_path / "keys" / "services.jwks.json"
    document = json.loads(published.read_text())
    document["keys"].append(document["keys"][0] | {"kid": "bridge"})
    published.write_text(json.dumps(document))
    (tmp_path / "keys" / "services" / "orgs.pem").unlink()
    ensure_service_keys(tmp_path)
    assert set(parse_jwks(published.read_bytes())) == {*CALLERS, "bridge"}
    assert verifier_of(tmp_path / "keys", "auth").verify(tokens_of(tmp_path / "keys", "orgs").token("auth"))


def test_a_replaced_key_ends_remembered_tokens(tmp_path: Path) -> None:
    ensure_service_keys(tmp_path)
    auth = verifier_of(tmp_path / "keys", "auth")
    token = tokens_of(tmp_path / "keys", "orgs").token("auth")
    auth.verify(token)
    (tmp_path / "keys" / "services" / "orgs.pem").unlink()
    ensure_service_keys(tmp_path)
    time.sleep(1.05)
    with pytest.raises(InvalidToken):
        auth.verify(token)


def test_private_keys_are_for_their_owner_alone(service_keys: Path) -> None:
    for file in (service_keys / "services").glob("*.pem"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match=r"nothing\.pem"):
        ServiceTokens("orgs", tmp_path / "nothing.pem")
    ensure_service_keys(tmp_path)
    token = tokens_of(tmp_path / "keys", "orgs").token("auth")
    with pytest.raises(KeysUnavailable, match=r"absent\.json"):
        ServiceTokenVerifier("auth", tmp_path / "absent.json").verify(token)
