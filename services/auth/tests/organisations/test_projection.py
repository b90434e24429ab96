"""What auth keeps of organisations."""

from quill_common.events.catalogue.orgs import FeatureDisabled, FeatureEnabled, OrganisationChanged
from quill_common.testing.kit import ServiceKit


async def test_organisations_and_features_follow_their_events(kit: ServiceKit) -> None:
    events = [
        OrganisationChanged(id=7, name="Ward 7", organisation_type="department"),
        OrganisationChanged(id=7, name="Ward Seven", organisation_type="department"),
        FeatureEnabled(organisation_id=7, feature_key="letters"),
        FeatureEnabled(organisation_id=7, feature_key="letters"),
        FeatureEnabled(organisation_id=7, feature_key="teaching"),
        FeatureDisabled(organisation_id=7, feature_key="teaching"),
        FeatureDisabled(organisation_id=7, feature_key="never"),
    ]
    async with kit.parts.units.open(cause="orgs") as work:
        for event in events:
            await kit.parts.projection.apply(work, event.type, event.model_dump())
    assert await kit.read("SELECT id FROM known_organisation") == [{"id": 7}]
    assert await kit.read("SELECT * FROM known_feature") == [{"organisation_id": 7, "feature_key": "letters"}]
    async with kit.parts.units.open(replaying=True) as work:
        await kit.parts.projection.clear(work, "orgs")
    assert await kit.read("SELECT id FROM known_organisation") == []
    assert await kit.read("SELECT * FROM known_feature") == []


async def test_the_accounts_projection_can_be_rebuilt_from_our_own_events(kit: ServiceKit) -> None:
    response = await kit.anonymous.post(
        "/api/auth/register", json={"username": "ada", "email": "a@example.org", "password": "a quiet Tuesday"}
    )
    assert response.status_code == 200
    before = await kit.read("SELECT * FROM access_user")
    assert (await kit.service("operator").post("/internal/projections/rebuild")).status_code == 200
    assert await kit.read("SELECT * FROM access_user") == before
