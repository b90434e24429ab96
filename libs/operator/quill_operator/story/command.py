"""`quill story`."""

import asyncio

import httpx
from quill_common.settings import load

from quill_operator.administrator import administrator
from quill_operator.console import console, refuse
from quill_operator.run_file import read
from quill_operator.settings import OperatorSettings
from quill_operator.story.actor import NotAsTheContractSays
from quill_operator.story.play import play


def story() -> None:
    """Play the main job against the running system: admin, clinician, patient, and one who must see nothing.

    QUILL_ADMIN_USERNAME, QUILL_ADMIN_PASSWORD: who sets the scene; else the administrator that `quill run` made.
    """
    settings = load(OperatorSettings)
    running = read(settings.folder)
    url = running["gateway"]["url"] if "gateway" in running else f"http://127.0.0.1:{settings.port}"
    admin = administrator(settings.model_copy(update={"demo": "on"}))
    assert admin is not None  # noqa: S101 - there is always one for the demo
    try:
        asyncio.run(play(url, admin.username, admin.password))
    except NotAsTheContractSays as problem:
        refuse(f"not as the contract says. {problem}")
    except httpx.TransportError as problem:
        refuse(f"no answer from {url} ({type(problem).__name__}); is `make run` running?")
    console.print("\n[bold green]The story went as the contract says.[/]")
