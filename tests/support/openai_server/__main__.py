"""The server as a process of its own, over real sockets: HTTP/1.1, one request a connection."""

import argparse
import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

from tests.support.openai_server.app import OpenAiServer
from tests.support.openai_server.reply import Dropped


async def serve(server: OpenAiServer, port: int) -> asyncio.Server:
    """Listen on 127.0.0.1; port 0 takes a free one."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await _exchange(server, reader, writer)
            except Dropped:
                writer.transport.abort()
        writer.close()

    return await asyncio.start_server(connection, "127.0.0.1", port)


async def _exchange(server: OpenAiServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    headers = [(name.strip().lower().encode(), value.strip().encode()) for name, _, value in (line.partition(":") for line in head[1:] if line)]
    body = await _body(reader, dict(headers))
    path, _, query = target.partition("?")

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            status = message["status"]
            lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(n + b": " + v for n, v in message["headers"])]
            writer.write(b"\r\n".join([*lines, b"transfer-encoding: chunked", b"connection: close", b"", b""]))
        elif message["body"]:
            writer.write(f"{len(message['body']):x}\r\n".encode() + message["body"] + b"\r\n")
        if message["type"] == "http.response.body" and not message["more_body"]:
            writer.write(b"0\r\n\r\n")
        await writer.drain()

    await server({"type": "http", "method": method, "path": unquote(path), "query_string": query.encode(), "headers": headers}, receive, send)


async def _body(reader: asyncio.StreamReader, headers: dict[bytes, bytes]) -> bytes:
    if headers.get(b"transfer-encoding") != b"chunked":
        return await reader.readexactly(int(headers.get(b"content-length", b"0")))
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readline()
    await reader.readline()
    return body


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.support.openai_server", description="A server that speaks OpenAI's API, with no model behind it.")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--key", action="append", help="a key to accept; without any, every key is accepted")
    parser.add_argument("--speed", type=float, default=1.0, help="seconds of a fine-tuning job for each real second")
    options = parser.parse_args()
    listening = await serve(OpenAiServer(set(options.key or ()), options.speed), options.port)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
