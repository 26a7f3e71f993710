"""Output of commands while they work, and the options they share."""

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

F = TypeVar("F", bound=Callable[..., Any])

console = Console(highlight=False, soft_wrap=True)
errors = Console(highlight=False, soft_wrap=True, stderr=True)


class Steps:
    """Numbered steps with their times: plain lines for a log file, coloured on a terminal."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._number = 0
        self._started = time.monotonic()

    def step(self, title: str) -> None:
        """Begin the next step."""
        self._number += 1
        console.print(f"[bold cyan]\\[{self._number}/{self._total}][/] {title} [dim]({self._seconds})[/]")

    def __call__(self, detail: str) -> None:
        """Print progress within the step. When it cannot be written (a log on a full disk), the work continues."""
        with contextlib.suppress(OSError):
            console.print(f"      {detail}", markup=False)

    def done(self, text: str) -> None:
        """End the last step."""
        console.print(f"[bold green]{text}[/] [dim]({self._seconds})[/]")

    @property
    def _seconds(self) -> str:
        return f"{time.monotonic() - self._started:.1f} s"


def say(detail: str) -> None:
    """Print progress of a command without steps, to standard error, so that its output can be piped."""
    errors.print(detail, markup=False, style="dim")


def data_dir_option(command: F) -> F:
    """`--data-dir`, the folder of an installation."""
    option = click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="The data folder. [default: TILTYARD_DATA_DIR or .tiltyard]")
    return option(command)


def tenant_option(command: F) -> F:
    """`--tenant`, for an email that belongs to people of several tenants."""
    return click.option("--tenant", help="The tenant's name. Needed only when the email belongs to people of several tenants.")(command)


def server_options(command: F) -> F:
    """Add the options that `up` and `demo` share."""
    for option in (
        click.option(
            "--ready-file", type=click.Path(path_type=Path, dir_okay=False), help="File to write when everything answers: address, sign-in, token (JSON)."
        ),
        click.option("--port", type=click.IntRange(0, 65535), help="The port to serve on; 0 takes a free one. [default: TILTYARD_PORT or 8321]"),
        click.option("--host", help="The address to listen on. [default: TILTYARD_HOST or 127.0.0.1]"),
    ):
        command = option(command)
    return data_dir_option(command)


def interactive() -> bool:
    """Return whether somebody can answer a question."""
    return sys.stdin.isatty() and sys.stdout.isatty()
