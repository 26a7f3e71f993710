"""`tiltyard demo`: the hub, and an outside client that fills it with real data."""

import os
import signal
import sys
from pathlib import Path

import click

from backend.adapters.processes import SetupError, spawn, stop
from backend.settings import Settings
from rpc.commands.installation import read_settings
from rpc.commands.ready import Access
from rpc.commands.terminal import Steps, server_options
from rpc.commands.up import run


@click.command("demo", short_help="The hub on real data: two models, traffic, outcomes.")
@server_options
@click.option("--requests", type=click.IntRange(min=0), help="How many predictions the demo sends before the hub counts as ready.")
def command(data_dir: Path | None, host: str | None, port: int | None, ready_file: Path | None, requests: int | None) -> None:
    """Run the whole hub like `up`, then train a credit-scoring champion and a challenger, import them, and send traffic with its outcomes.

    The demo is a client like any other: it uses the public interface with an API token. Run again on the same data folder, it goes on where it was.
    """
    settings = read_settings(data_dir, host=host, port=port)

    def fill(ready: Settings, access: Access, steps: Steps) -> None:
        steps.step("Demo data")
        _run_client(ready, access, requests)

    run(settings, ready_file, fill)


def _run_client(settings: Settings, access: Access, requests: int | None) -> None:
    if access.token is None:
        raise SetupError(f"The administrator's API token is not kept in {settings.data_dir}. Run the demo on a data folder of its own: --data-dir.")
    argv = [sys.executable, "-m", "demo", "--url", settings.url, "--token", access.token]
    if requests is not None:
        argv += ["--requests", str(requests)]
    client = spawn(argv, log=None, on_parent_death=signal.SIGTERM, env=dict(os.environ), cwd=".")
    try:
        if client.wait() != 0:
            raise SetupError("The demo could not be set up; its last lines above say why. The hub itself works: `tiltyard up` runs it without the demo.")
    finally:
        stop(client, ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)))
