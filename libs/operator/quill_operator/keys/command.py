"""`quill keys list|rotate|rotate-second-factor`."""

from typing import Annotated, Any, Final
from urllib.parse import urlencode

import typer
from quill_common.identity.purposes import Purpose
from rich.table import Table

from quill_operator.console import console, refuse
from quill_operator.internal import call

keys = typer.Typer(
    name="keys",
    help="Look after the keys that sign user tokens, and the one that seals second factors.",
    no_args_is_help=True,
)

_LOST: Final[dict[Purpose, str]] = {
    "access": "Everyone's access token is refused; browsers get a new one with their refresh token",
    "refresh": "Everyone is signed out when the access token they have now expires",
    "csrf": "Everyone's changes are refused until their browser renews its session",
}
_ALL_LOST: Final = "EVERYBODY IS SIGNED OUT"


@keys.command("list")
def list_keys() -> None:
    """Show the keys of every purpose; never anything private."""
    _show(call("auth", "GET", "/internal/keys"))


@keys.command()
def rotate(
    purpose: Annotated[Purpose | None, typer.Option(help="Only keys of this purpose")] = None,
    now: Annotated[bool, typer.Option("--now", help="Sign with the new keys at once, not after five minutes")] = False,
    revoke_old: Annotated[
        bool, typer.Option("--revoke-old", help="Refuse every token of the old keys: after a compromise; with --now")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask")] = False,
) -> None:
    """Make new keys. Nobody is signed out, except by --now --revoke-old."""
    if revoke_old and not now:
        refuse("--revoke-old needs --now: no key would be left to sign")
    if revoke_old and not yes:
        console.print(f"{_ALL_LOST if purpose is None else _LOST[purpose]}: every token of the old keys dies.")
        typer.confirm("Go on?", abort=True)
    asked = {"now": now, "revoke_old": revoke_old} | ({"purpose": purpose} if purpose else {})
    _show(call("auth", "POST", f"/internal/keys/rotate?{urlencode(asked)}"))


@keys.command("rotate-second-factor")
def rotate_second_factor() -> None:
    """Seal second factors with a new key. Old secrets move to it as they are used, so keep the old key files."""
    made = call("auth", "POST", "/internal/second-factor/rotate-key")
    console.print(f"Second factors are sealed with {made['kid']} from now on")


def _show(found: dict[str, list[dict[str, Any]]]) -> None:
    table = Table("purpose", "key id", "signs from", "state")
    for purpose, rows in found.items():
        for row in rows:
            table.add_row(purpose, row["kid"], row["signs_from"], row["state"])
    console.print(table)
