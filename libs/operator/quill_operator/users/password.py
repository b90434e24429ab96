"""A password as commands take it: never from the command line, which other people's `ps` and the history show."""

import sys

import typer

from quill_operator.console import refuse


def ask_password() -> str:
    """Asked for twice at a terminal, else the first line of the standard input. Ends the command without one."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        password = sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        refuse("The password on the standard input is not UTF-8")
    if not password:
        refuse("Give the password on the standard input, or run the command at a terminal to be asked for it")
    return password
