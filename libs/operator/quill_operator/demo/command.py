"""`quill seed`: the demo data into the system that runs."""

import asyncio

from quill_common.settings import load

from quill_operator import run_file
from quill_operator.administrator import administrator
from quill_operator.console import console, refuse
from quill_operator.demo.client import DemoError
from quill_operator.demo.welcome import load_and_describe
from quill_operator.settings import OperatorSettings


def seed() -> None:
    """Load the demo data into the running system and print who can sign in."""
    settings = load(OperatorSettings).model_copy(update={"demo": "on"})
    gateway = run_file.read(settings.folder).get("gateway")
    if gateway is None:
        refuse(f"Nothing runs on {settings.folder}: start `quill run` first")
    first = administrator(settings)
    if first is None:
        refuse("Set QUILL_ADMIN_USERNAME and QUILL_ADMIN_PASSWORD")
    try:
        console.print(asyncio.run(load_and_describe(settings.folder, gateway["url"], first)))
    except DemoError as problem:
        refuse(str(problem))
