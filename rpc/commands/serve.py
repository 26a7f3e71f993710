"""`tiltyard serve`: the API process alone, with the console."""

import asyncio
import os
import signal
from pathlib import Path

import click
import uvloop

from backend.adapters.processes import SetupError
from backend.gc_tuning import collect_less
from backend.logs import write_logs
from backend.settings import Settings
from rpc.app import create_app
from rpc.commands.shared.installation import read_settings, running_installation
from rpc.commands.shared.terminal import data_dir_option
from rpc.server import Server


@click.command("serve", short_help="Run only the API process.")
@data_dir_option
@click.option("--host", help="The address to listen on. [default: TILTYARD_HOST or 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="The port to serve on. [default: TILTYARD_PORT or 8321]")
def command(data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Serve the API and the console. Servers must already run: those of the settings, or those of `tiltyard up` on this data folder.

    Several such processes may run behind one address: give them the same database, Redis and TILTYARD_SECRET_KEY.
    """
    os.umask(0o077)  # only the owner may read what it writes
    write_logs()
    uvloop.run(serve(running_installation(read_settings(data_dir, host=host, port=port))))


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then finish running answers and end. Raises SetupError when it ends by itself.

    The server runs in this process: it is a supervisor's only child and cannot leave another behind.
    """
    app = create_app(settings, collect_less)
    server = Server(app, host=settings.host, port=settings.port, lifespan=True)
    asked = asyncio.Event()

    async def stop() -> None:
        await asked.wait()
        await app.close()
        server.stop()

    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, asked.set)
    stopping = asyncio.create_task(stop())
    try:
        await server.serve()
    except (OSError, SystemExit) as error:
        raise SetupError(f"The API could not start ({error}); the lines above say why.") from None
    finally:
        stopping.cancel()
