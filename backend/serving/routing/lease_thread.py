"""The control line to PostgreSQL that keeps the lease. It has its own connection and event loop in its own thread, so that load on the process does not starve
it.

It limits time with `asyncio.timeout`, never `wait_for`: in Python 3.11 that loses a cancellation that arrives just when the awaited work ends.
"""

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backend.db.addresses import connect
from backend.serving.routing.lease import Control, HaltFacts, halts_of

log = logging.getLogger("tiltyard.routing")

POLL_SECONDS = 0.2
ANSWER_SECONDS = 0.45
"""Seconds. A slower poll renews nothing useful."""
CONNECT_SECONDS = 2.0
ROUTING = "tiltyard_routing"
TOKENS = "tiltyard_tokens"
POLL = "SELECT at, stamp, halted FROM routing_poll($1, $2, $3, $4, $5, $6)"
FAILURES = "SELECT routing_failures($1, $2)"


class RoutedState(NamedTuple):
    """This process's own report: the database's moment by which it routes, the groups it is late with, its loaded versions, and the reason for each version
    not loaded.
    """

    at: datetime | None = None
    stamp: str = ""
    late: tuple[UUID, ...] = ()
    loaded: tuple[UUID, ...] = ()
    failed: tuple[tuple[UUID, str], ...] = ()


class LeaseThread:
    """Polls five times a second and at each NOTIFY; each answer renews the lease. Changes for the table go to `on_change`."""

    def __init__(self, address: str, process: UUID, control: Control, on_change: Callable[[], None], on_tokens: Callable[[], None]) -> None:
        """`on_change` and `on_tokens` are called in this thread."""
        self._address, self._process, self._control = address, process, control
        self._on_change, self._on_tokens = on_change, on_tokens
        self._known = RoutedState()
        self._changing = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._woken = asyncio.Event()
        self._polls = 0
        self._told: tuple[tuple[UUID, str], ...] = ()
        """The failures that PostgreSQL has on record."""
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._main, name="control line", daemon=True)

    @property
    def polls(self) -> int:
        """Return how often PostgreSQL has answered."""
        return self._polls

    def start(self) -> None:
        """Begin to poll."""
        self._thread.start()

    def stop(self) -> None:
        """End and tell the other processes; blocks until that is done."""
        with suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(lambda: self._task.cancel() if self._task else None)
        self._thread.join()

    def tell(self, known: RoutedState) -> None:
        """Set the process's current report."""
        with self._changing:
            if known.stamp == self._known.stamp and known.at and self._known.at:
                known = known._replace(at=max(known.at, self._known.at))
            self._known = known
        with suppress(RuntimeError):  # stopped
            self._loop.call_soon_threadsafe(self._woken.set)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._run())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._task)
        self._loop.close()

    async def _run(self) -> None:
        while True:
            try:
                await self._talk()
            except Exception as error:  # on any error, the lease ends unless another connection renews it
                log.warning("the control line lost PostgreSQL (%s) and tries again", type(error).__name__)
            self._on_tokens()
            await asyncio.sleep(POLL_SECONDS / 2)

    async def _talk(self) -> None:
        settings = {"application_name": "tiltyard control", "synchronous_commit": "off", "jit": "off"}
        connection = await connect(self._address, timeout=CONNECT_SECONDS, server_settings=settings)
        self._told = ()
        try:
            await connection.add_listener(ROUTING, self._wake)
            await connection.add_listener(TOKENS, self._tokens_changed)
            while True:
                self._woken.clear()
                await self._poll(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._woken.wait()
                    await self._poll(connection)  # reads it; the next poll acknowledges it
        except asyncio.CancelledError:
            with suppress(Exception):  # the row expires by itself
                async with asyncio.timeout(1):
                    await connection.execute("SELECT routing_leave($1)", self._process)
            raise
        finally:
            connection.terminate()

    async def _poll(self, connection: Any) -> None:
        known, sent = self._known, time.monotonic()
        who = (self._process, socket.gethostname(), os.getpid())
        async with asyncio.timeout(ANSWER_SECONDS):
            row = await connection.fetchrow(POLL, *who, known.at, list(known.late), list(known.loaded))
            if known.failed != self._told:
                await connection.execute(FAILURES, self._process, msgspec.json.encode(dict(known.failed)).decode())
                self._told = known.failed
        self._control.hear(row["at"], halts_of(msgspec.json.decode(row["halted"], type=list[HaltFacts])))
        self._control.renew(sent, current=row["stamp"] == known.stamp)
        self._polls += 1
        with self._changing:
            if row["stamp"] == self._known.stamp and (self._known.at is None or self._known.at < row["at"]):
                self._known = self._known._replace(at=row["at"])
        if row["stamp"] != self._known.stamp:
            self._on_change()

    def _wake(self, *_: object) -> None:
        self._woken.set()

    def _tokens_changed(self, *_: object) -> None:
        self._on_tokens()
