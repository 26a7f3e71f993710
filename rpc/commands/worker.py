"""`tiltyard worker`: runs only a worker process."""

import os
import sys
from pathlib import Path

import click

from rpc.commands.shared.installation import environment_of, read_settings, running_installation
from rpc.commands.shared.terminal import data_dir_option


@click.command("worker", short_help="Run only a worker process.")
@data_dir_option
def command(data_dir: Path | None) -> None:
    """Run background jobs. Servers must already run: those of the settings, or those of `tiltyard up` on this data folder.

    Any number may run, on any machine with the same database, Redis, TILTYARD_SECRET_KEY and data folder.
    """
    settings = running_installation(read_settings(data_dir))
    # exec replaces this process by the worker, so that this package need not import workers
    os.execve(sys.executable, [sys.executable, "-m", "workers.main"], environment_of(settings))  # noqa: S606 (no shell is meant)
