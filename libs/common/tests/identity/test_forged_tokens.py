"""Every forged token of `quill_common.testing.forged` at the verifier: refused, and nothing but refused."""

import socket
from pathlib import Path

import jwt
import pytest
from quill_common.identity import (
    InvalidToken,
    ServiceTokens,
    ServiceTokenVerifier,
    SigningKeys,
    TokenSigner,
    TokenVerifier,
)
from quill_common.testing.forged import SESSION, claims, forged, good


@pytest.fixture
def service_token(service_keys: Path) -> str:
    return ServiceTokens("orgs", service_keys / "services" / "orgs.pem").token("auth")


async def test_the_good_one_passes_even_with_pointers_that_nobody_follows(
    keys: SigningKeys, verifier: TokenVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await verifier.access(good(keys))).user_id == 7

    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("a verifier that goes where a token points to")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    for pointer in ({"jku": "http://127.0.0.1:9/x"}, {"x5u": "http://127.0.0.1:9/x"}, {"jwk": {"kty": "OKP"}}):
        assert (await verifier.access(good(keys, **pointer))).user_id == 7


async def test_every_forged_token_is_refused(keys: SigningKeys, verifier: TokenVerifier, service_token: str) -> None:
    tokens = forged(keys, service_token)
    assert len(tokens) > 120
    for name, token in tokens.items():
        for _ in range(2):
            try:
                await verifier.access(token)
            except InvalidToken:
                continue
            pytest.fail(f"accepted: {name}")
        assert verifier.remembered(token) is None


async def test_none_of_them_is_good_for_another_purpose(
    keys: SigningKeys, verifier: TokenVerifier, service_keys: Path, service_token: str
) -> None:
    services = ServiceTokenVerifier("auth", service_keys / "services.jwks.json", leeway=0)
    tokens = forged(keys, service_token) | {"an access token": good(keys)}
    for token in tokens.values():
        for purpose, own in (("refresh", "a refresh token"), ("csrf", "a CSRF token")):
            if token != tokens[own]:
                with pytest.raises(InvalidToken):
                    await getattr(verifier, purpose)(token)
        if token != service_token:
            with pytest.raises(InvalidToken):
                services.verify(token)


@pytest.mark.parametrize(
    "strange", ["\n{}", "{}\n", "{}\r\n", "\t{}", "{}\x00", "\ufeff{}", "Bearer {}", "{}é", "\udcff{}"]
)
async def test_a_good_token_with_something_beside_it_is_none(
    keys: SigningKeys, verifier: TokenVerifier, strange: str
) -> None:
    with pytest.raises(InvalidToken):
        await verifier.access(strange.format(good(keys)))


async def test_size_is_looked_at_before_anything_is_read(
    verifier: TokenVerifier, keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwt, "get_unverified_header", None)
    with pytest.raises(InvalidToken):
        await verifier.access(f"{good(keys)}{'A' * 16_384}")


async def test_clocks_may_differ_by_the_leeway_and_no_more(keys: SigningKeys) -> None:
    verifier = TokenVerifier(keys, leeway=2)
    signer = TokenSigner(keys)
    late = signer.access(7, SESSION, roles=(), competencies=(), lifetime=-1)
    assert (await verifier.access(late)).user_id == 7
    later = signer.access(7, SESSION, roles=(), competencies=(), lifetime=-3)
    with pytest.raises(InvalidToken):
        await verifier.access(later)
    assert claims()["exp"] - claims()["iat"] == 60
