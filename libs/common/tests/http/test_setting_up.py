"""Who must set up a second factor first is refused by every route that asks who calls, in whichever service."""

from quill_common.identity.tokens import TokenSigner
from quill_common.testing.kit import SESSION, ServiceKit

REFUSED = {"detail": {"message": "Two-factor must be set up first", "error_code": "two_factor_setup_required"}}


async def test_such_a_token_opens_nothing(kit: ServiceKit) -> None:
    admin = await kit.admin()
    token = TokenSigner(kit.keys).access(
        admin.id, SESSION, roles=(), competencies=(), lifetime=60, only_sets_up_second_factor=True
    )
    with kit.statements() as seen:
        for path, body in (("/api/things", {"id": "a"}), ("/api/clinical", None)):
            response = await kit.client(token).post(path, json=body)
            assert (response.status_code, response.json()) == (403, REFUSED)
    assert not [statement for statement in seen if "access_user" in statement]
    assert (await admin.client.post("/api/things", json={"id": "a"})).status_code == 200
