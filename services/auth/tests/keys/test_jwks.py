"""The published keys."""

from quill_auth.testing.people import People
from quill_common.identity.jwks import parse_jwks
from quill_common.testing.kit import ServiceKit


async def test_anyone_can_fetch_the_keys_and_nothing_private(kit: ServiceKit) -> None:
    response = await kit.anonymous.get("/.well-known/jwks.json")
    assert response.status_code == 200
    assert set(parse_jwks(response.content)) == {kit.keys.newest()[0]}
    assert all(set(key) == {"kty", "crv", "use", "alg", "kid", "x"} for key in response.json()["keys"])


async def test_a_new_key_signs_nobody_out(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    kit.keys.rotate()
    assert len((await kit.anonymous.get("/.well-known/jwks.json")).json()["keys"]) >= 2
    assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert (await people.refresh(ada.refresh)).status_code == 200


async def test_private_keys_are_for_the_owner_alone(session_kit: ServiceKit) -> None:
    folder = session_kit.directory / "keys" / "auth"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.glob("*.pem")} == {0o600}
