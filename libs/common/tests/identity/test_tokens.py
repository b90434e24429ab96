import asyncio
import re
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from quill_common.identity import InvalidToken, Purpose, SigningKeys, TokenSigner, TokenVerifier
from quill_common.testing.forged import SESSION
from quill_common.testing.forged import claims as good_claims


def access(signer: TokenSigner, lifetime: int = 900) -> str:
    return signer.access(7, SESSION, roles=["Clinician"], competencies=["a", "b"], lifetime=lifetime)


def signed(keys: SigningKeys, claims: dict[str, Any], **header: Any) -> str:
    kid, key = keys.signing("access")
    return jwt.encode(claims, key, algorithm="EdDSA", headers={"kid": kid, **header})


async def test_an_access_token_says_who_calls(signer: TokenSigner, verifier: TokenVerifier) -> None:
    claims = await verifier.access(access(signer))
    assert (claims.user_id, claims.session_id) == (7, SESSION)
    assert (claims.roles, claims.competencies) == (("Clinician",), ("a", "b"))
    assert 840 <= claims.expires_at - int(time.time()) <= 900


async def test_hand_made_good_claims_pass_so_that_the_refusals_below_mean_something(
    keys: SigningKeys, verifier: TokenVerifier
) -> None:
    assert (await verifier.access(signed(keys, good_claims()))).user_id == 7


async def test_a_token_may_be_good_for_setting_up_a_second_factor_only(
    signer: TokenSigner, verifier: TokenVerifier
) -> None:
    token = signer.access(7, SESSION, roles=[], competencies=[], lifetime=60, only_sets_up_second_factor=True)
    for _ in range(2):  # the second answer is remembered
        assert (await verifier.access(token)).only_sets_up_second_factor
    assert "scope" not in jwt.decode(access(signer), options={"verify_signature": False})
    assert not (await verifier.access(access(signer))).only_sets_up_second_factor


@pytest.mark.parametrize("scope", ["", "everything", 1, False, ["second-factor-setup"]])
async def test_a_scope_that_nobody_knows_is_refused(keys: SigningKeys, verifier: TokenVerifier, scope: Any) -> None:
    with pytest.raises(InvalidToken):
        await verifier.access(signed(keys, good_claims(scope=scope)))


async def test_a_refresh_token_carries_its_type_and_id(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token = signer.refresh(7, SESSION, lifetime=60, token_id="the-id")
    assert jwt.decode(token, options={"verify_signature": False})["type"] == "refresh"
    claims = await verifier.refresh(token)
    assert (claims.user_id, claims.session_id, claims.token_id) == (7, SESSION, "the-id")


async def test_a_csrf_token_fits_into_the_cookie_the_frontend_cuts(
    signer: TokenSigner, verifier: TokenVerifier
) -> None:
    token = signer.csrf(7, SESSION, lifetime=60)
    assert re.fullmatch(r"[A-Za-z0-9_.-]+", token)
    assert (await verifier.csrf(token)).session_id == SESSION


@pytest.mark.parametrize("made_for", ["access", "refresh", "csrf"])
@pytest.mark.parametrize("used_as", ["access", "refresh", "csrf"])
async def test_a_token_is_good_for_its_own_purpose_only(
    signer: TokenSigner, verifier: TokenVerifier, made_for: str, used_as: str
) -> None:
    tokens = {
        "access": access(signer),
        "refresh": signer.refresh(7, SESSION, lifetime=60),
        "csrf": signer.csrf(7, SESSION, lifetime=60),
    }
    verify = getattr(verifier, used_as)
    if made_for == used_as:
        await verify(tokens[made_for])
    else:
        with pytest.raises(InvalidToken):
            await verify(tokens[made_for])


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "quill-orgs"},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": ["quill", "elsewhere"]},
        {"aud": None},
        {"purpose": "refresh"},
        {"purpose": "service"},
        {"purpose": None},
        {"exp": int(time.time()) - 10},
        {"exp": None},
        {"exp": "tomorrow"},
        {"nbf": int(time.time()) + 600},
        {"iat": int(time.time()) + 600},
        {"iat": None},
        {"sub": None},
        {"sub": "0"},
        {"sub": "-1"},
        {"sub": "alice"},
        {"sub": "٧"},
        {"sub": "9" * 40},
        {"sid": None},
        {"sid": "not-a-uuid"},
        {"sid": 5},
        {"jti": None},
        {"roles": None},
        {"roles": "Clinician"},
        {"competencies": [1]},
    ],
)
async def test_a_wrong_claim_is_refused(keys: SigningKeys, verifier: TokenVerifier, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidToken):
        await verifier.access(signed(keys, good_claims(**changes)))


async def test_no_signature_is_no_token(keys: SigningKeys, verifier: TokenVerifier) -> None:
    unsigned = jwt.encode(good_claims(), "", algorithm="none", headers={"kid": keys.signing("access")[0]})
    with pytest.raises(InvalidToken):
        await verifier.access(unsigned)
    head, body, _ = signed(keys, good_claims()).split(".")
    for forged in (f"{head}.{body}.", f"{head}.{body}", unsigned + "AA"):
        with pytest.raises(InvalidToken):
            await verifier.access(forged)


async def test_the_public_key_is_no_shared_secret(keys: SigningKeys, verifier: TokenVerifier) -> None:
    kid, key = keys.signing("access")
    public = key.public_key()
    for secret in (
        public.public_bytes_raw(),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ):
        forged = _hs256(good_claims(), kid, secret)
        with pytest.raises(InvalidToken):
            await verifier.access(forged)


def _hs256(claims: dict[str, Any], kid: str, secret: bytes) -> str:
    import base64
    import hashlib
    import hmac
    import json

    def part(content: bytes) -> str:
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    head = part(json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid}).encode())
    signing_input = f"{head}.{part(json.dumps(claims).encode())}"
    return f"{signing_input}.{part(hmac.new(secret, signing_input.encode(), hashlib.sha256).digest())}"


async def test_a_key_that_nobody_published_signs_nothing(keys: SigningKeys, verifier: TokenVerifier) -> None:
    stranger = Ed25519PrivateKey.generate()
    for kid in (keys.signing("access")[0], "unheard-of"):
        forged = jwt.encode(good_claims(), stranger, algorithm="EdDSA", headers={"kid": kid})
        with pytest.raises(InvalidToken):
            await verifier.access(forged)


@pytest.mark.parametrize("kid", [None, 5, ["x"], "../../etc/passwd"])
async def test_a_strange_key_id_is_refused(keys: SigningKeys, verifier: TokenVerifier, kid: Any) -> None:
    import base64
    import json

    _, body, signature = signed(keys, good_claims()).split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "EdDSA", "kid": kid}).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidToken):
        await verifier.access(f"{head}.{body}.{signature}")


async def test_a_changed_payload_is_refused(keys: SigningKeys, verifier: TokenVerifier) -> None:
    head, _, signature = signed(keys, good_claims()).split(".")
    other = signed(keys, good_claims(sub="1")).split(".")[1]
    with pytest.raises(InvalidToken):
        await verifier.access(f"{head}.{other}.{signature}")


@pytest.mark.parametrize(
    "rubbish", ["", ".", "..", "a.b.c", "x" * 100_000, "é.é.é", "\x00.\x00.\x00", "\udcff.a.b", "e30.e30.e30"]
)
async def test_rubbish_is_an_invalid_token_and_nothing_else(verifier: TokenVerifier, rubbish: str) -> None:
    for verify in (verifier.access, verifier.refresh, verifier.csrf):
        with pytest.raises(InvalidToken):
            await verify(rubbish)


async def test_remembering_a_token_does_not_extend_its_life(signer: TokenSigner, verifier: TokenVerifier) -> None:
    token = access(signer, lifetime=4)
    await verifier.access(token)
    await asyncio.sleep(4.1)
    assert verifier.remembered(token) is None
    with pytest.raises(InvalidToken):
        await verifier.access(token)


async def test_a_remembered_token_dies_with_its_key(
    keys: SigningKeys, signer: TokenSigner, verifier: TokenVerifier
) -> None:
    token, old = access(signer), keys.signing("access")[0]
    await verifier.access(token)
    keys.rotate(at_once=True)
    assert keys.signing("access")[0] != old
    assert verifier.remembered(token) is not None
    keys.rings["access"].replace_all()
    assert verifier.remembered(token) is None
    with pytest.raises(InvalidToken):
        await verifier.access(token)


async def test_a_remembered_access_token_is_no_csrf_or_refresh_token(
    signer: TokenSigner, verifier: TokenVerifier
) -> None:
    token, csrf = access(signer), signer.csrf(7, SESSION, lifetime=60)
    await verifier.access(token)
    await verifier.csrf(csrf)
    assert verifier.remembered(csrf) is None
    for verify, other in ((verifier.csrf, token), (verifier.refresh, token), (verifier.access, csrf)):
        with pytest.raises(InvalidToken):
            await verify(other)


async def test_the_memory_of_tokens_is_bounded(keys: SigningKeys, signer: TokenSigner) -> None:
    verifier = TokenVerifier(keys, remember=3)
    tokens = [access(signer) for _ in range(5)]
    for token in tokens:
        await verifier.access(token)
    assert [verifier.remembered(token) is not None for token in tokens] == [False, False, True, True, True]


async def test_the_second_verification_needs_no_signature_check(
    keys: SigningKeys, signer: TokenSigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    verifier, token = TokenVerifier(keys), access(signer)
    await verifier.access(token)
    monkeypatch.setattr(jwt, "decode", None)
    assert (await verifier.access(token)).user_id == 7


async def test_a_key_with_the_same_id_but_another_value_ends_the_remembered_token(
    keys: SigningKeys, signer: TokenSigner
) -> None:
    class Swapping:
        key: Ed25519PublicKey = keys.signing("access")[1].public_key()

        def find(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
            return self.key

        async def look_up(self, purpose: Purpose, kid: str) -> Ed25519PublicKey | None:
            return self.key

    source = Swapping()
    verifier, token = TokenVerifier(source), access(signer)
    await verifier.access(token)
    source.key = Ed25519PrivateKey.generate().public_key()
    with pytest.raises(InvalidToken):
        await verifier.access(token)
