"""`quill sessions list|revoke USER`."""

from collections.abc import Iterator
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import typer

from quill_operator.console import console, refuse
from quill_operator.internal import call
from quill_operator.users.accounts import account_called

sessions = typer.Typer(name="sessions", help="See where somebody is signed in, and end that.", no_args_is_help=True)

_TIMES: Final = (("signed in", "created_at"), ("last used", "last_used_at"), ("ends", "expires_at"))

User = Annotated[str, typer.Argument(help="Username or id")]


@sessions.command("list")
def list_(user: User) -> None:
    """Show where USER is signed in, last used first."""
    account = account_called(user)
    anywhere = False
    for one in _sessions_of(account["id"]):
        anywhere = True
        console.print(_described(one), markup=False)
    if not anywhere:
        console.print(f"{account['username']} is signed in nowhere", markup=False)


@sessions.command()
def revoke(
    user: User,
    session: Annotated[
        str | None, typer.Option(help="End this one only; ids are those of `quill sessions list`")
    ] = None,
) -> None:
    """End the sessions of USER: in force everywhere within a second."""
    if session is not None and not session.strip():
        refuse("--session needs the id of a session")
    account = account_called(user)
    one = f"/{quote(session, safe='')}" if session is not None else ""
    ended = call("auth", "DELETE", f"/internal/users/{account['id']}/sessions{one}")["ended"]
    console.print(f"{ended} {'session' if ended == 1 else 'sessions'} of {account['username']} ended", markup=False)


def _sessions_of(user_id: int) -> Iterator[dict[str, Any]]:
    path, cursor = f"/internal/users/{user_id}/sessions", ""
    while True:
        page = call("auth", "GET", f"{path}?{urlencode({'cursor': cursor})}")
        yield from page["sessions"]
        cursor = page["next_cursor"]
        if not cursor:
            return


def _described(session: dict[str, Any]) -> str:
    """Two lines; the id stands alone in front, to be copied."""
    where = f"{session['device'] or 'unknown device'}, {session['address'] or 'unknown address'}"
    times = (f"{name} {session[key][:16].replace('T', ' ')}" for name, key in _TIMES)
    return f"{session['id']}  {where}\n    {', '.join(times)} UTC"
