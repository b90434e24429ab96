"""The published keys."""

from quill_auth.testing.people import People
from quill_common.identity.jwks import parse_by_purpose
from quill_common.testing.kit import ServiceKit

PATH = "/.well-known/jwks.json"


async def test_anyone_can_fetch_what_others_verify_and_nothing_private(kit: ServiceKit) -> None:
    response = await kit.anonymous.get(PATH)
    assert response.status_code == 200
    published = parse_by_purpose(response.content)
    for purpose in ("access", "csrf"):
        assert kit.keys.signing(purpose)[0] in published[purpose]
    assert all(set(key) == {"kty", "crv", "use", "alg", "kid", "x", "quill_purpose"} for key in response.json()["keys"])


async def test_keys_of_refresh_tokens_are_not_published(kit: ServiceKit) -> None:
    published = (await kit.anonymous.get(PATH)).json()["keys"]
    refresh = {key.kid for key in kit.keys.rings["refresh"].states()}
    assert not refresh & {key["kid"] for key in published}
    assert {key["quill_purpose"] for key in published} == {"access", "csrf"}


async def test_a_new_key_signs_nobody_out(kit: ServiceKit, people: People) -> None:
    ada = await people.visitor()
    kit.keys.rotate(at_once=True)
    assert len((await kit.anonymous.get(PATH)).json()["keys"]) >= 4
    assert (await ada.client.get("/api/auth/me")).status_code == 200
    assert (await people.refresh(ada.refresh)).status_code == 200


async def test_private_keys_are_for_the_owner_alone(session_kit: ServiceKit) -> None:
    folder = session_kit.directory / "keys" / "auth"
    folders = {folder, *(folder / purpose for purpose in ("access", "refresh", "csrf"))}
    assert {each.stat().st_mode & 0o777 for each in folders} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.rglob("*.pem")} == {0o600}
