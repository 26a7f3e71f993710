"""`tiltyard demo`: the hub, and an outside client that fills it with real data."""

import os
import time
from pathlib import Path

import click

from backend.adapters.processes import SetupError
from backend.settings import Settings
from rpc.commands.installation import read_settings
from rpc.commands.ready import SignIn
from rpc.commands.supervisor import Supervisor
from rpc.commands.terminal import Steps, server_options
from rpc.commands.up import local_url, run


@click.command("demo", short_help="The hub on real data: two models, traffic, outcomes.")
@server_options
@click.option("--requests", type=click.IntRange(min=0), help="How many predictions the demo sends before the hub counts as ready.")
def command(data_dir: Path | None, host: str | None, port: int | None, ready_file: Path | None, requests: int | None) -> None:
    """Run the whole hub like `up`, then train a credit-scoring champion and a challenger, import them, and send traffic with its outcomes.

    The demo is a client like any other: it uses the public interface with an API token. Run again on the same data folder, it goes on where it was.
    """
    settings = read_settings(data_dir, host=host, port=port)

    def fill(ready: Settings, access: SignIn, supervisor: Supervisor, steps: Steps) -> None:
        steps.step("Demo data")
        _start_client(ready, access, supervisor, requests)

    run(settings, ready_file, fill)


def _start_client(settings: Settings, access: SignIn, supervisor: Supervisor, requests: int | None) -> None:
    """Start the client as a process of its own, and wait until its first pass is on record; it goes on trickling as long as the hub runs."""
    if access.token is None:
        raise SetupError(f"The first administrator of {settings.data_dir} cannot act any more. Run the demo on a data folder of its own: --data-dir.")
    filled = settings.data_dir / "demo-filled"
    filled.unlink(missing_ok=True)
    arguments = ["--url", local_url(settings), "--filled-file", str(filled)]
    if requests is not None:
        arguments += ["--requests", str(requests)]
    supervisor.start("demo client", "demo", *arguments, environment=_without_secrets() | {"TILTYARD_TOKEN": access.token})
    while not filled.exists():
        supervisor.check_alive()
        time.sleep(0.1)


def _without_secrets() -> dict[str, str]:
    """Our environment for the client, which needs its token and no secret of the hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG", "TILTYARD_"))}
