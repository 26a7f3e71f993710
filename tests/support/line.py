"""The connection between a process and its servers, which can be cut: data stops, and new connections hang, as behind a firewall."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """A TCP proxy on its own port. `cut` leaves everything open and silent; `mend` closes the cut connections and lets new ones through."""

    def __init__(self, target: str) -> None:
        """`target` is the server's address, as `postgresql://…` or `redis://…`."""
        self._target = urlsplit(target)
        self._cut = False
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def address(self) -> str:
        """The server's address through this proxy."""
        user = self._target.netloc.rpartition("@")[0]
        host = f"127.0.0.1:{self._port}"
        return urlunsplit(self._target._replace(netloc=f"{user}@{host}" if user else host))

    async def __aenter__(self) -> "Wire":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close for good: new connections are refused."""
        self._server.close()
        self._drop()

    def cut(self) -> None:
        """Let nothing pass from now on."""
        self._cut = True

    def mend(self) -> None:
        """Let new connections pass; close the cut ones. Does nothing when nothing was cut."""
        if self._cut:
            self._cut = False
            self._drop()

    def _drop(self) -> None:
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        self._writers.add(back)
        with suppress(asyncio.CancelledError):  # the loop ends
            await asyncio.gather(self._pass_on(reader, back), self._pass_on(there, writer))

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                if self._cut:
                    return
                writer.write(data)
            writer.close()
