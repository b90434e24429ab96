"""Access tokens that nobody may accept, for tests of whoever verifies them; and one that is good."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quill_common.identity.jwks import to_jwks
from quill_common.identity.purposes import Purpose
from quill_common.identity.signing_keys import SigningKeys
from quill_common.identity.tokens import TokenSigner

SESSION: Final = "6f0c9f6e-6a3e-4a53-9b1e-111111111111"
# The order of the group of Ed25519 (RFC 8032, 5.1): S and S + L would both verify without the check of 5.1.7.
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493

Named = tuple[str, str]


def good(keys: SigningKeys, **header: Any) -> str:
    """Hand-made as the others are, and good: so that refusing the others means something."""
    return _signed(keys, claims(), **header)


def claims(**changes: Any) -> dict[str, Any]:
    """Those of a good access token; a change to None leaves the claim out."""
    now = int(time.time())
    usual = {
        "iss": "quill-auth",
        "aud": "quill",
        "sub": "7",
        "sid": SESSION,
        "jti": str(uuid.uuid4()),
        "purpose": "access",
        "roles": [],
        "competencies": [],
        "iat": now,
        "exp": now + 60,
    }
    return {name: value for name, value in (usual | changes).items() if value is not None}


def forged(keys: SigningKeys, service_token: str) -> dict[str, str]:
    """Tokens by what is wrong with them. `service_token` is good, but for calls between services."""
    groups: tuple[Callable[[SigningKeys], Iterator[Named]], ...] = (
        _algorithms,
        _other_keys,
        _headers,
        _claims,
        _times,
        _purposes,
        _shapes,
    )
    return {name: token for group in groups for name, token in group(keys)} | {"a service's token": service_token}


def _algorithms(keys: SigningKeys) -> Iterator[Named]:
    kid, private = keys.signing("access")
    signature = _signed(keys, claims()).rpartition(".")[2]
    for algorithm in ("none", "None", "NONE", "nOnE", "", None, ["EdDSA"], "eddsa", "Ed25519", "HS256", "ES256"):
        head = {"alg": algorithm, "typ": "JWT", "kid": kid}
        yield f"algorithm {algorithm!r}, no signature", f"{_part(head)}.{_part(claims())}."
        yield f"algorithm {algorithm!r}, some signature", f"{_part(head)}.{_part(claims())}.{signature}"
    public = private.public_key()
    secrets = {
        "raw": public.public_bytes_raw(),
        "PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "JWK": json.dumps(to_jwks({kid: public}, "access")["keys"][0]).encode(),
        "empty": b"",
    }
    for form, secret in secrets.items():
        for algorithm in ("HS256", "HS384", "HS512"):
            yield f"{algorithm} with the public key ({form}) as secret", _hmac(algorithm, kid, secret)
    others: dict[str, Any] = {
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "RS256": rsa.generate_private_key(65537, 2048),
        "EdDSA": ed448.Ed448PrivateKey.generate(),
    }
    others["PS256"] = others["RS256"]
    for algorithm, key in others.items():
        yield f"{algorithm} with a key of that kind", jwt.encode(claims(), key, algorithm, headers={"kid": kid})


def _other_keys(keys: SigningKeys) -> Iterator[Named]:
    kid, stranger = keys.signing("access")[0], Ed25519PrivateKey.generate()
    jwk = to_jwks({kid: stranger.public_key()}, "access")["keys"][0]
    pointing: dict[str, dict[str, Any]] = {
        "nothing more": {},
        "jwk": {"jwk": jwk},
        "jku": {"jku": "http://127.0.0.1:9/.well-known/jwks.json"},
        "x5u": {"x5u": "http://127.0.0.1:9/certificate.pem"},
        "x5c": {"x5c": ["MIIB"]},
    }
    for name, more in pointing.items():
        yield f"a stranger's key, {name}", jwt.encode(claims(), stranger, "EdDSA", headers={"kid": kid, **more})
    strange: tuple[Any, ...] = (
        "unheard-of",
        "20260101T000000000000Z-00000000",
        "../../etc/passwd",
        "/dev/null",
        "..\\..\\windows\\win.ini",
        "' OR 1=1 --",
        "http://127.0.0.1:9/key",
        "file:///etc/passwd",
        "a\nb",
        "a\x00b",
        "é",
        " ",
        "",
        "k" * 65,
        "k" * 5000,
        5,
        None,
        True,
        ["x"],
        {"kid": "x"},
        "orgs",
        "gateway",
    )
    for other in strange:
        head = {"alg": "EdDSA", "typ": "JWT", "kid": other}
        yield f"key id {str(other)[:40]!r} of {len(str(other))}", _by_hand(head, claims(), stranger)
    yield "no key id", _by_hand({"alg": "EdDSA", "typ": "JWT"}, claims(), keys.signing("access")[1])


def _headers(keys: SigningKeys) -> Iterator[Named]:
    kid, own = keys.signing("access")
    head = {"alg": "EdDSA", "typ": "JWT", "kid": kid}
    for crit in (["exp"], ["b64"], ["http://example.org/x"], [], None, "exp", 5):
        yield f"crit {crit!r}", _by_hand(head | {"crit": crit, "exp": 1}, claims(), own)
    yield "an unencoded payload", _by_hand(head | {"crit": ["b64"], "b64": False}, claims(), own)
    stranger = Ed25519PrivateKey.generate()
    for text in (
        f'{{"alg":"none","alg":"EdDSA","kid":"{kid}"}}',
        f'{{"alg":"EdDSA","alg":"none","kid":"{kid}"}}',
        f'{{"alg":"EdDSA","kid":"x","kid":"{kid}"}}',
        f'{{"alg":"EdDSA","ki\\u0064":"{kid}"}}',
        f'\ufeff{{"alg":"EdDSA","kid":"{kid}"}}',
        '{"alg":"EdDSA","kid":' + "9" * 5000 + "}",
        "[" * 4000 + "]" * 4000,
        '{"alg":"EdDSA","kid":NaN}',
        "[]",
        "null",
        '"EdDSA"',
        "",
    ):
        yield f"header {text[:40]!r}", _sign_parts(_b64(text.encode()), _part(claims()), stranger)
    yield "a header that is no UTF-8", _sign_parts(_b64(b'{"alg":"EdDSA","kid":"\xff\xfe"}'), _part(claims()), own)


def _claims(keys: SigningKeys) -> Iterator[Named]:
    wrong: tuple[dict[str, Any], ...] = (
        {"iss": "quill-orgs"},
        {"iss": ["quill-auth"]},
        {"iss": None},
        {"aud": "elsewhere"},
        {"aud": ["quill", "elsewhere"]},
        {"aud": ["quill"]},
        {"aud": None},
        {"purpose": "refresh"},
        {"purpose": "csrf"},
        {"purpose": "service"},
        {"purpose": ["access"]},
        {"purpose": None},
        {"sub": "0"},
        {"sub": "-1"},
        {"sub": "7 "},
        {"sub": "٧"},
        {"sub": "admin"},
        {"sub": "9" * 40},
        {"sub": 7},
        {"sub": None},
        {"sid": "not-a-uuid"},
        {"sid": 5},
        {"sid": None},
        {"jti": None},
        {"roles": "Clinician"},
        {"roles": None},
        {"competencies": [1]},
        {"competencies": None},
    )
    for change in wrong:
        yield f"claims {change!r}"[:80], _signed(keys, claims(**change))
    kid, own = keys.signing("access")
    head = _part({"alg": "EdDSA", "typ": "JWT", "kid": kid})
    for text in (b"[]", b"null", b"7", b'"x"', b"", b"{", b"\xff\xfe", b"[" * 4000 + b"]" * 4000):
        yield f"payload {text[:20]!r}", _sign_parts(head, _b64(text), own)
    yield "larger than any token of ours", _signed(keys, claims(filler="x" * 16_384))


def _times(keys: SigningKeys) -> Iterator[Named]:
    now = int(time.time())
    wrong: dict[str, dict[str, Any]] = {
        "expired": {"exp": now - 10},
        "without an end": {"exp": None},
        "an end that is a word": {"exp": "tomorrow"},
        "an end that is no number": {"exp": float("nan")},
        "no end in sight": {"exp": float("inf")},
        "an end that is a list": {"exp": [now + 60]},
        "not yet valid": {"nbf": now + 600},
        "not valid from any time": {"nbf": "soon"},
        "made in the future": {"iat": now + 600},
        "made at no time": {"iat": None},
    }
    for name, change in wrong.items():
        yield name, _signed(keys, claims(**change))


def _purposes(keys: SigningKeys) -> Iterator[Named]:
    signer = TokenSigner(keys)
    yield "a refresh token", signer.refresh(7, SESSION, lifetime=60)
    yield "a CSRF token", signer.csrf(7, SESSION, lifetime=60)
    others: tuple[Purpose, ...] = ("refresh", "csrf")
    for ring in others:
        kid, key = keys.signing(ring)
        yield f"an access token signed with a {ring} key", jwt.encode(claims(), key, "EdDSA", headers={"kid": kid})
        access = keys.signing("access")[0]
        yield f"a {ring} key under the id of an access key", jwt.encode(claims(), key, "EdDSA", headers={"kid": access})


def _shapes(keys: SigningKeys) -> Iterator[Named]:
    token = _signed(keys, claims())
    head, body, signature = token.split(".")
    other = _signed(keys, claims(sub="1")).split(".")
    scalar = int.from_bytes(_unb64(signature)[32:], "little") + _ORDER
    malleable = _b64(_unb64(signature)[:32] + scalar.to_bytes(32, "little"))
    yield from {
        "another payload under the signature": f"{head}.{other[1]}.{signature}",
        "another signature": f"{head}.{body}.{other[2]}",
        "no signature": f"{head}.{body}.",
        "no third part": f"{head}.{body}",
        "a fourth part": f"{token}.{signature}",
        "five parts": f"{head}.{body}.{signature}.{signature}.{signature}",
        "half a signature": f"{head}.{body}.{signature[:43]}",
        "a second form of the signature": f"{head}.{body}.{malleable}",
        "padding": f"{token}==",
        "a blank inside": f"{head}. {body}.{signature}",
        "JSON instead": json.dumps({"payload": body, "protected": head, "signature": signature}),
        "nothing": ".",
        "dots": "..",
        "letters": "a.b.c",
        "zeros": f"{head}.{body}.{_b64(bytes(64))}",
        "much": "x" * 20_000,
    }.items()


def _signed(keys: SigningKeys, content: dict[str, Any], **header: Any) -> str:
    kid, key = keys.signing("access")
    return _by_hand({"alg": "EdDSA", "typ": "JWT", "kid": kid, **header}, content, key)


def _by_hand(head: dict[str, Any], content: dict[str, Any], key: Ed25519PrivateKey) -> str:
    return _sign_parts(_part(head), _part(content), key)


def _sign_parts(head: str, body: str, key: Ed25519PrivateKey) -> str:
    return f"{head}.{body}.{_b64(key.sign(f'{head}.{body}'.encode()))}"


def _hmac(algorithm: str, kid: str, secret: bytes) -> str:
    signing_input = f"{_part({'alg': algorithm, 'typ': 'JWT', 'kid': kid})}.{_part(claims())}"
    digest = getattr(hashlib, f"sha{algorithm[2:]}")
    return f"{signing_input}.{_b64(hmac.new(secret, signing_input.encode(), digest).digest())}"


def _part(content: Any) -> str:
    return _b64(json.dumps(content).encode())


def _b64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "==")
