"""`quill users list|show|create|roles|deactivate|activate|reset-totp`."""

from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from quill_operator.console import console, refuse
from quill_operator.internal import call
from quill_operator.users.accounts import account_called, accounts_called, every_account
from quill_operator.users.password import ask_password

users = typer.Typer(name="users", help="Look after accounts.", no_args_is_help=True)

User = Annotated[str, typer.Argument(help="Username or id")]

_SUPERADMIN: Final = {"base_profession": "system_administrator", "roles": ["System Administrator"]}
"""What a superadmin is if nothing else is said, as the one that is made at the first start."""


@users.command("list")
def list_() -> None:
    """Show every account, active or not."""
    table = Table()
    for column in ("id", "username", "level", "roles", ""):
        table.add_column(column, overflow="fold")  # a name that is cut cannot be copied
    for one in every_account():
        state = "" if one["is_active"] else "switched off"
        table.add_row(str(one["id"]), escape(one["username"]), one["system_permissions"], _names(one["roles"]), state)
    console.print(table)


@users.command()
def show(user: User) -> None:
    """Show one account."""
    one = account_called(user)
    table = Table.grid(padding=(0, 2))
    for _ in ("name", "value"):
        table.add_column(overflow="fold")
    for name, value in one.items():
        shown = _names(value) if isinstance(value, list) else str(value) if value is not None else ""
        table.add_row(name, escape(shown))
    console.print(table)


@users.command()
def create(
    username: str,
    email: Annotated[str, typer.Option(help="Where mails to the account go")],
    level: Annotated[str, typer.Option(help="patient, external_hcp, patient_advocate, staff, admin or superadmin")],
    name: Annotated[str, typer.Option(help="The person's name; the username if not given")] = "",
    profession: Annotated[str | None, typer.Option(help="Id of a base profession")] = None,
    role: Annotated[list[str] | None, typer.Option(help="A role; repeat it for more")] = None,
) -> None:
    """Make an account. The password is asked for, or read from the standard input."""
    body: dict[str, Any] = {"username": username, "name": name, "email": email, "system_permissions": level}
    if level == "superadmin":
        body |= _SUPERADMIN
    if profession is not None:
        body["base_profession"] = profession
    if role:
        body["roles"] = role
    if any(one["username"] == username for one in accounts_called(username)):  # before somebody types a password twice
        refuse(f"There is an account {username!r} already")
    made = call("auth", "POST", "/internal/users", {**body, "password": ask_password()})
    console.print(f"{made['username']} can sign in; the id is {made['id']}", markup=False)


@users.command()
def roles(
    user: User,
    role: Annotated[list[str] | None, typer.Argument(help="All roles that the account shall have")] = None,
    none: Annotated[bool, typer.Option("--none", help="Take all roles away")] = False,
) -> None:
    """Replace the roles of an account by those that are listed."""
    if bool(role) == none:
        refuse("List the roles that the account shall have, or say --none")
    account = account_called(user)
    answer = call("auth", "PUT", f"/internal/users/{account['id']}/roles", {"roles": role or []})
    console.print(f"{account['username']} has {_names(answer['roles']) or 'no roles'}", markup=False)


@users.command()
def deactivate(user: User) -> None:
    """Switch an account off: nobody signs in to it, and its sessions end."""
    account = _switch(user, "deactivate")
    console.print(f"{account['username']} is switched off and signed out everywhere", markup=False)


@users.command()
def activate(user: User) -> None:
    """Switch an account on again."""
    account = _switch(user, "activate")
    console.print(f"{account['username']} can sign in again", markup=False)


@users.command("reset-totp")
def reset_totp(user: User) -> None:
    """Take the second factor off an account whose owner has lost it."""
    account = _switch(user, "reset-totp")
    console.print(f"{account['username']} has no second factor any more", markup=False)


def _switch(user: str, how: str) -> dict[str, Any]:
    account = account_called(user)
    call("auth", "POST", f"/internal/users/{account['id']}/{how}")
    return account


def _names(names: list[str]) -> str:
    return ", ".join(names)
