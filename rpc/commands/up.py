"""`tiltyard up`: runs a whole installation until it is stopped."""

import asyncio
import http.client
import os
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import msgspec

from backend.adapters.embedded import RunningServers, start
from backend.adapters.embedded_home import DataLock, prepare_data_dir
from backend.adapters.processes import SetupError, free_port, write_private
from backend.settings import Settings
from migrations.current import is_current
from rpc.commands.shared.administrator import first_access
from rpc.commands.shared.installation import check_external, complete, embedded, environment_of_application, read_settings
from rpc.commands.shared.ready import SignIn, remove_ready_file, write_ready_file
from rpc.commands.shared.supervisor import Stopped, Supervisor, stop_on_signals
from rpc.commands.shared.terminal import Steps, console, server_options

_PATIENCE = 120.0
"""Seconds. A start fails when the API process does not answer within this time."""

WhenUp = Callable[[Settings, SignIn, Supervisor, Steps], None]


@click.command("up", short_help="Run the hub: servers, API, console, worker.")
@server_options
def command(data_dir: Path | None, host: str | None, port: int | None, ready_file: Path | None) -> None:
    """Run the whole hub until Ctrl-C or SIGTERM.

    It starts PostgreSQL and Redis (unless TILTYARD_DATABASE_URL and TILTYARD_REDIS_URL name servers) and migrates the database. Then it creates the first
    administrator, starts the API with the console and a worker, and keeps all of them running.
    """
    run(read_settings(data_dir, host=host, port=port), ready_file)


def run(settings: Settings, ready_file: Path | None, when_up: WhenUp | None = None) -> None:
    """Start everything, call `when_up` if given, print that the hub is ready, and watch it until a signal comes."""
    os.umask(0o077)  # only the owner may read what this and its children write
    steps = Steps(6 if when_up else 5)
    if ready_file:
        remove_ready_file(ready_file)
    settings = msgspec.structs.replace(settings, port=_port(settings))
    stop_on_signals()
    try:
        with ExitStack() as stack:
            stack.enter_context(_reserved(settings))
            steps.step("Servers")
            settings, servers = stack.enter_context(_servers(settings, steps))
            _prepare_schema(settings, steps)
            supervisor = Supervisor(steps)
            stack.callback(supervisor.stop)
            _start_processes(settings, supervisor, steps)
            access, new = _prepare_administrator(settings, steps, token=ready_file is not None or when_up is not None)
            _wait_for_processes(settings, supervisor, steps)
            if when_up:
                when_up(settings, access, supervisor, steps)
            if ready_file:
                write_ready_file(ready_file, settings, access)
                stack.callback(remove_ready_file, ready_file)
            _greet(settings, access, steps, new=new or when_up is not None)
            _watch(servers, supervisor, steps)
    except Stopped as stopped:
        console.print(f"Stopped ({stopped}).")


@contextmanager
def _servers(settings: Settings, steps: Steps) -> Iterator[tuple[Settings, RunningServers | None]]:
    """Return complete settings, and our own servers to watch."""
    check_external(settings)
    if embedded(settings):
        with start(settings.data_dir, steps) as servers:
            yield complete(settings, servers.urls), servers
        return
    lock = DataLock(prepare_data_dir(settings.data_dir))
    lock.acquire()
    try:
        yield complete(settings, None), None
    finally:
        lock.release()


def _prepare_schema(settings: Settings, steps: Steps) -> None:
    assert settings.database_url
    assert settings.secret_key
    steps.step("Database schema")
    if not asyncio.run(is_current(settings.database_url, settings.secret_key)):
        from migrations.apply import migrate_blocking  # noqa: PLC0415  Alembic is heavy, and most starts change nothing

        migrate_blocking(settings.database_url, settings.secret_key)


def _prepare_administrator(settings: Settings, steps: Steps, *, token: bool) -> tuple[SignIn, bool]:
    steps.step("Administrator")
    return first_access(settings, token=token)


def _start_processes(settings: Settings, supervisor: Supervisor, steps: Steps) -> None:
    steps.step("API and worker")
    environment = environment_of_application(settings)
    supervisor.start("API process", "rpc.cli", "serve", environment=environment)
    supervisor.start("worker", "workers.main", environment=environment)


def _wait_for_processes(settings: Settings, supervisor: Supervisor, steps: Steps) -> None:
    steps.step("Waiting until everything answers")
    deadline = time.monotonic() + _PATIENCE
    while not answers(settings):
        supervisor.check_alive()
        if time.monotonic() > deadline:
            raise SetupError(f"The API process does not answer at {local_url(settings)}/health/ready after {_PATIENCE:.0f} s; its lines above may say why.")
        time.sleep(0.05)
    supervisor.check_alive()
    write_private(settings.data_dir / "address", settings.url)


def _watch(servers: RunningServers | None, supervisor: Supervisor, steps: Steps) -> None:
    while True:
        time.sleep(0.2)
        if servers:
            servers.revive(steps)
        supervisor.tend()


def answers(settings: Settings) -> bool:
    """Return whether the API process reports that it is ready."""
    try:
        with urllib.request.urlopen(f"{local_url(settings)}/health/ready", timeout=5) as response:  # noqa: S310 (http, to ourselves)
            return bool(response.status == 200)
    except (urllib.error.URLError, http.client.HTTPException, OSError):
        return False


def local_url(settings: Settings) -> str:
    """Return the API's address for this machine, whatever address it listens on."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 (compared, not bound)
    return f"http://{host}:{settings.port}"


@contextmanager
def _reserved(settings: Settings) -> Iterator[None]:
    """Keep the port from other programs, including the embedded servers, until the API process listens. Both share the port, so it can."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind((settings.host, settings.port))
        yield


def _port(settings: Settings) -> int:
    """Return a free port, checked here: the API process shares a port with any program that allows sharing, so it would not notice a conflict."""
    if settings.port == 0:
        return free_port()
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise SetupError(
                f"Cannot listen on {settings.host}:{settings.port}: {error.strerror}. Stop what listens there, or choose another --port (0: a free one)."
            ) from error
    return settings.port


def _greet(settings: Settings, access: SignIn, steps: Steps, *, new: bool) -> None:
    steps.done("Tiltyard is ready")
    console.print(f"\n  Console   [link]{settings.url}[/link]")
    if access.email:
        console.print(f"  E-mail    {access.email}", markup=False)
    if new and access.password:
        console.print(f"  Password  {access.password}", markup=False)
    else:
        console.print(f"  Password  printed at the first start; `tiltyard reset-password {access.email or 'EMAIL'}` sets a new one", markup=False)
    console.print("\n  Press Ctrl-C to stop it.\n")
