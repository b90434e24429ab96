import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from quill_common.identity import parse_jwks, to_jwks
from quill_common.identity.jwks import parse_by_purpose


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


def test_a_published_key_is_for_the_purpose_it_says_and_without_one_for_none() -> None:
    keys = [Ed25519PrivateKey.generate().public_key() for _ in range(4)]
    document = {
        "keys": [
            *to_jwks({"a": keys[0]}, "access")["keys"],
            *to_jwks({"c": keys[1]}, "csrf")["keys"],
            *to_jwks({"r": keys[2]}, "refresh")["keys"],
            *to_jwks({"none": keys[3]})["keys"],
            *to_jwks({"a": keys[0]}, "csrf")["keys"],
        ]
    }
    assert parse_by_purpose(json.dumps(document)) == {"access": {"a": keys[0]}, "csrf": {"c": keys[1], "a": keys[0]}}
    for purpose in (5, None, ["access"], {"access": 1}):
        strange = {"keys": [document["keys"][0] | {"quill_purpose": purpose}]}
        assert parse_by_purpose(json.dumps(strange)) == {"access": {}, "csrf": {}}
