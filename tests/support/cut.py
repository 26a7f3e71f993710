"""A connection between a client and a server that can go silent without either noticing, like a lost radio link."""

import asyncio
from urllib.parse import urlsplit


class Cuttable:
    """A proxy: `GET /cut` leaves all present connections open and silent; later ones work."""

    def __init__(self, target: str) -> None:
        """`target` is the server's origin."""
        self._target = urlsplit(target)
        self._mute: set[asyncio.StreamWriter] = set()
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> "Cuttable":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.origin = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(65536)
        if first.startswith(b"GET /cut"):
            self._mute |= self._open
            writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
            writer.close()
            return
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._open |= {writer, back}
        back.write(first)
        await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                if writer not in self._mute:
                    writer.write(data)
        except ConnectionError:
            pass
        if writer not in self._mute:
            writer.close()
