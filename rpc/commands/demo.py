"""`tiltyard demo`: a hub, and an outside client that fills it with real data."""

import os
import time
from pathlib import Path

import click

from backend.adapters.processes import SetupError
from backend.settings import Settings
from rpc.commands.shared.installation import read_settings
from rpc.commands.shared.ready import SignIn
from rpc.commands.shared.supervisor import Supervisor
from rpc.commands.shared.terminal import Steps, server_options
from rpc.commands.up import local_url, run


@click.command("demo", short_help="The hub on real data: two models, traffic, outcomes.")
@server_options
@click.option("--requests", type=click.IntRange(min=0), help="Number of predictions that the demo sends before the hub counts as ready.")
def command(data_dir: Path | None, host: str | None, port: int | None, ready_file: Path | None, requests: int | None) -> None:
    """Run the whole hub like `up`. Then train a credit-scoring champion and a challenger, import them, and send traffic with its outcomes.

    The demo is a client like any other: it uses the public interface with an API token. On the same data folder it continues where it stopped.
    """
    settings = read_settings(data_dir, host=host, port=port)

    def fill(ready: Settings, access: SignIn, supervisor: Supervisor, steps: Steps) -> None:
        steps.step("Demo data")
        _start_client(ready, access, supervisor, requests)

    run(settings, ready_file, fill)


def _start_client(settings: Settings, access: SignIn, supervisor: Supervisor, requests: int | None) -> None:
    """Start the client in its own process, and wait until its first pass is logged. It continues slowly as long as the hub runs."""
    if access.token is None:
        raise SetupError(f"The first administrator of {settings.data_dir} can no longer act. Run the demo on its own data folder: --data-dir.")
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
    """Return our environment for the client: its token, and no secret of the hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG", "TILTYARD_"))}
