"""The minimal work of a service on a prediction's body: decode it with msgspec and answer with its inputs. `python -m benchmarks.echo litestar|bare PORT`."""

import asyncio
import signal
import sys
from typing import Any

import msgspec
import uvloop
from litestar import Litestar, post

from rpc.server import Server
from schemas.inference import PredictBody

_decode = msgspec.json.Decoder(PredictBody).decode
_encode = msgspec.json.Encoder().encode


@post("/echo", status_code=200)
async def echo(data: PredictBody) -> PredictBody:
    """Return the decoded body, by Litestar."""
    return data


async def bare(scope: Any, receive: Any, send: Any) -> None:
    """Answer the same by bare ASGI."""
    body = _encode(_decode((await receive())["body"]))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def main(kind: str, port: int) -> None:
    """Serve until SIGTERM."""
    server = Server(Litestar([echo], openapi_config=None) if kind == "litestar" else bare, port=port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
