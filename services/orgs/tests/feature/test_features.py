"""Features of an organisation (contract 5.10 and 5.11)."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from quill_common.testing.kit import Person, ServiceKit
from sqlalchemy import text

PATH = "/api/organizations/1/features"
ON = "quill.orgs.feature.enabled.v1"
OFF = "quill.orgs.feature.disabled.v1"
EPR = {"organisation_id": 1, "feature_key": "epr"}


@pytest.fixture(autouse=True)
async def _organisations(kit: ServiceKit) -> None:
    await kit.write(text("INSERT INTO organizations (name, type) VALUES ('A', 'department'), ('B', 'department')"))


async def switch(admin: Person, enabled: object, key: str = "epr", path: str = PATH) -> tuple[int, object]:
    response = await admin.client.put(f"{path}/{key}", json={"enabled": enabled})
    return response.status_code, response.json()


def said(status: str) -> tuple[int, object]:
    return 200, {"status": status}


async def test_a_switch_says_what_it_did(kit: ServiceKit, admin: Person) -> None:
    assert await switch(admin, False) == said("already_disabled")
    assert await switch(admin, True) == said("enabled")
    assert await switch(admin, True) == said("already_enabled")
    assert await switch(admin, False) == said("disabled")
    assert await switch(admin, False) == said("already_disabled")
    assert await kit.published() == [EPR, EPR]
    assert (await kit.published(ON), await kit.published(OFF)) == ([EPR], [EPR])


async def test_what_is_on_is_listed_with_who_and_when(kit: ServiceKit, admin: Person) -> None:
    other = await kit.admin()
    await switch(admin, True, "letters")
    await switch(other, True, "epr")
    await switch(other, True, "letters")
    await switch(other, True, "teaching", "/api/organizations/2/features")
    features = (await admin.client.get(PATH)).json()["features"]
    assert [(feature["feature_key"], feature["enabled_by"]) for feature in features] == [
        ("epr", other.id),
        ("letters", admin.id),
    ]
    for feature in features:
        assert feature.keys() == {"feature_key", "enabled_at", "enabled_by"}
        assert datetime.now(UTC) - datetime.fromisoformat(feature["enabled_at"]) < timedelta(minutes=1)


async def test_an_organisation_without_features_has_an_empty_list(admin: Person) -> None:
    assert (await admin.client.get(PATH)).json() == {"features": []}


@pytest.mark.parametrize("org_id", [3, 0, -1, 2**63 - 1])
async def test_a_missing_organisation_is_not_found_in_british_spelling(
    kit: ServiceKit, admin: Person, org_id: int
) -> None:
    path = f"/api/organizations/{org_id}/features"
    missing = {"detail": "Organisation not found"}
    listed = await admin.client.get(path)
    assert (listed.status_code, listed.json()) == (404, missing)
    assert await switch(admin, True, path=path) == (404, missing)
    assert await switch(admin, False, path=path) == (404, missing)
    assert await kit.published() == []


@pytest.mark.parametrize("key", ["epr", "a", "messaging", "my_feature-2", "a" * 50])
async def test_known_and_unknown_keys_of_the_pattern_are_taken(admin: Person, key: str) -> None:
    assert await switch(admin, True, key) == said("enabled")


@pytest.mark.parametrize("key", ["Epr", "2fa", "_a", "-a", "a.b", "a b", "é", "a" * 51, "a\n", "a\x00", "EPR"])
async def test_other_keys_are_a_422(kit: ServiceKit, admin: Person, key: str) -> None:
    for enabled in (True, False):
        assert (await switch(admin, enabled, quote(key)))[0] == 422
    assert await kit.read("SELECT 1 FROM organisation_features") == []


@pytest.mark.parametrize("enabled", [None, "maybe", 2, [], {}, "", "\x00"])
async def test_what_is_neither_on_nor_off_is_a_422(admin: Person, enabled: object) -> None:
    assert (await switch(admin, enabled))[0] == 422


async def test_unknown_fields_are_ignored_here(admin: Person) -> None:
    response = await admin.client.put(f"{PATH}/epr", json={"enabled": True, "enabled_by": 7})
    assert response.json() == {"status": "enabled"}
    [feature] = (await admin.client.get(PATH)).json()["features"]
    assert feature["enabled_by"] == admin.id


@pytest.mark.parametrize(
    ("enabled", "done", "found_done"),
    [
        (True, "enabled", "already_enabled"),
        (False, "disabled", "already_disabled"),
    ],
)
async def test_of_many_switches_at_once_one_does_it(
    kit: ServiceKit, admin: Person, enabled: bool, done: str, found_done: str
) -> None:
    if not enabled:
        await switch(admin, True)
    answers = await asyncio.gather(*(switch(admin, enabled) for _ in range(6)))
    assert answers.count(said(done)) == 1
    assert answers.count(said(found_done)) == 5
    assert len(await kit.published(ON if enabled else OFF)) == 1


async def test_a_failing_commit_switches_and_publishes_nothing(kit: ServiceKit, admin: Person) -> None:
    async with kit.failing_commits("organisation_features"):
        assert (await switch(admin, True))[0] == 503
    assert (await admin.client.get(PATH)).json() == {"features": []}
    assert await kit.published() == []
    await switch(admin, True)
    async with kit.failing_commits("outbox"):
        assert (await switch(admin, False))[0] == 503
    assert await switch(admin, True) == said("already_enabled")


async def test_features_are_listed_with_the_same_statements_whatever_their_number(
    kit: ServiceKit, admin: Person
) -> None:
    await switch(admin, True)
    with kit.statements() as one:
        await admin.client.get(PATH)
    more = "INSERT INTO organisation_features (organisation_id, feature_key) SELECT 1, 'f' || n"
    await kit.write(text(f"{more} FROM generate_series(1, 1500) AS n"))
    with kit.statements() as all_of_them:
        features = (await admin.client.get(PATH)).json()["features"]
    assert len(features) == 1501
    assert len(one) == len(all_of_them) == 2
