"""Orgs beside an auth that is a real HTTP server; a patient, and who may invite people to the record."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from quill_common.testing.kit import Person, ServiceKit, service_kit
from quill_orgs.app import create_app
from quill_orgs.settings import Settings
from quill_orgs.testing.accounts import Accounts, Desk
from quill_orgs.testing.invitations import PASSWORD, PATIENT, Accept, Invite, send


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
async def session_kit(
    desk: Desk, postgres_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[ServiceKit]:
    async with AsyncExitStack() as stack:
        application = web.Application()
        application.router.add_post("/internal/invited-accounts", desk.answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        directory = tmp_path_factory.mktemp("orgs")
        yield await stack.enter_async_context(
            service_kit("orgs", create_app, Settings, postgres_url, directory, auth_url=url)
        )


@pytest.fixture
async def accounts(kit: ServiceKit, desk: Desk) -> Accounts:
    """What auth holds."""
    desk.accounts = Accounts(kit)
    return desk.accounts


@pytest.fixture
async def patient(kit: ServiceKit) -> Person:
    """The patient, signed in."""
    await kit.patient(PATIENT)
    return await kit.person("patient", patient_id=PATIENT)


@pytest.fixture
def invite(patient: Person) -> Invite:
    """The patient invites; the token."""

    async def ask(
        email: str = "Gp@Example.org", user_type: str = "external_hcp", *, by: Person = patient, about: str = PATIENT
    ) -> str:
        body = {"email": email, "user_type": user_type}
        response = await by.client.post(f"/api/patients/{about}/invite-external", json=body)
        assert response.status_code == 200, response.text
        token: str = response.json()["token"]
        return token

    return ask


@pytest.fixture
def accept(kit: ServiceKit, accounts: Accounts) -> Accept:
    """Somebody accepts: the status and the answer."""

    async def ask(token: str, username: str | None = "gp", password: str | None = PASSWORD) -> Any:
        response = await send(kit.anonymous, token, username, password)
        return response.status_code, response.json()

    return ask
