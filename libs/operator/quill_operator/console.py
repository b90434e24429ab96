"""What every command prints with, and how it refuses."""

from typing import Final, NoReturn

import typer
from rich.console import Console

console: Final = Console(highlight=False, soft_wrap=True)
_errors: Final = Console(stderr=True, highlight=False, soft_wrap=True)


def refuse(message: str) -> NoReturn:
    """End the command with a message and exit code 1."""
    _errors.print(f"quill: {message}", style="bold red", markup=False)
    raise typer.Exit(1)
