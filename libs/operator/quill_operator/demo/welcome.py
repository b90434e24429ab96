"""Demo data and the list of sign-ins that goes with them."""

from pathlib import Path

from quill_operator.administrator import Administrator
from quill_operator.demo.load import load, sign_ins
from quill_operator.secret_files import password


async def load_and_describe(folder: Path, base_url: str, first: Administrator) -> str:
    """Load the demo into the system at `base_url`; the sign-ins as text. Raises DemoError."""
    shared = password(folder, "demo")
    await load(base_url, first.username, first.password, shared)
    return describe(folder, first)


def describe(folder: Path, first: Administrator) -> str:
    """Who can sign in, a line each."""
    people = sign_ins(first.username, first.password, password(folder, "demo"))
    width = max(len(person.username) for person in people)
    lines = [f"  {person.username:<{width}}  {person.password}  {person.who}" for person in people]
    return "\n".join(["Demo sign-ins (name, password, who):", *lines])
