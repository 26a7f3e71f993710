"""The least that a Litestar service does with a prediction's body: decode it with msgspec and answer with its inputs. `python -m benchmarks.echo PORT`."""

import asyncio
import signal
import sys

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar, get, post

from schemas.inference import PredictBody


@post("/echo", status_code=200)
async def echo(data: PredictBody) -> PredictBody:
    """The body as it was understood."""
    return data


@get("/health")
async def health() -> dict[str, bool]:
    """Is it there?"""
    return {"live": True}


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    server = Server(Litestar([echo, health], openapi_config=None), address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
