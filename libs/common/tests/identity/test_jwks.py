import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from quill_common.identity import parse_jwks, to_jwks


def test_keys_survive_publishing() -> None:
    key = Ed25519PrivateKey.generate().public_key()
    assert parse_jwks(json.dumps(to_jwks({"a": key}))) == {"a": key}


def test_keys_of_other_kinds_and_uses_are_passed_over() -> None:
    good = to_jwks({"a": Ed25519PrivateKey.generate().public_key()})["keys"][0]
    others = [
        good | {"kty": "RSA"},
        good | {"crv": "X25519"},
        good | {"use": "enc"},
        good | {"alg": "HS256"},
        good | {"kid": 5},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "s"},
        "nonsense",
    ]
    assert parse_jwks(json.dumps({"keys": others})) == {}


@pytest.mark.parametrize("document", ["", "[]", "{}", '{"keys": 5}', "\x00"])
def test_another_document_is_refused(document: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's and our own message differ, both are ValueErrors
        parse_jwks(document)
