"""A file that is open for reading. A thread of this process reads a small one. A limited process reads a larger one, and lives while the file is open."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Concatenate, Final, ParamSpec, Protocol, TypeVar

from backend.importing import reading_steps
from backend.importing.errors import TooCostly
from backend.importing.parse import check_size
from backend.importing.preview import Reading
from backend.importing.reading_steps import FileFacts
from backend.limited_process import ChildEnded, LimitedProcess
from backend.reader_threads import aside, one_process

T = TypeVar("T")
P = ParamSpec("P")

SMALL_BYTES: Final = 128 * 1024
"""Bytes. Up to this size this process reads the file, in less time than another one needs to start."""
BYTES_EACH: Final = 60
"""Bytes of the child's address space per byte of the file."""


class OpenedFile(Protocol):
    """A file that was read. Its values stay in the process that read it."""

    facts: FileFacts
    content: bytes

    async def ask(self, step: Callable[Concatenate[Reading, P], T], *arguments: P.args, **_: P.kwargs) -> T:
        """Return the result of a function of `reading_steps`. Raises its errors, and TooCostly."""


class _ReadHere:
    def __init__(self, content: bytes, reading: Reading) -> None:
        self.content = content
        self.facts = reading_steps.facts(reading)
        self._reading = reading

    async def ask(self, step: Callable[Concatenate[Reading, P], T], *arguments: P.args, **_: P.kwargs) -> T:
        return await aside(step, self._reading, *arguments)


class _ReadInChild:
    def __init__(self, content: bytes, child: LimitedProcess, facts: FileFacts) -> None:
        self.content = content
        self.facts = facts
        self._child = child

    async def ask(self, step: Callable[Concatenate[Reading, P], T], *arguments: P.args, **_: P.kwargs) -> T:
        return await aside(_asked, self._child, step, *arguments)


@asynccontextmanager
async def opened(content: bytes, pick: str | None) -> AsyncIterator[OpenedFile]:
    """Read a file. Raises UnreadableFile and its kin, UnknownModel. Hold no database connection meanwhile: it may take a minute."""
    if len(content) <= SMALL_BYTES:
        yield _ReadHere(content, await aside(reading_steps.read_content, content, pick))
        return
    check_size(content)
    async with one_process():
        with LimitedProcess([reading_steps.__name__], BYTES_EACH * len(content)) as child:
            yield _ReadInChild(content, child, await aside(_open, child, content, pick))


def _open(child: LimitedProcess, content: bytes, pick: str | None) -> FileFacts:
    try:
        child.keep(reading_steps.read_content, content, pick)
        return child.ask(reading_steps.facts)
    except ChildEnded:
        raise TooCostly from None


def _asked(child: LimitedProcess, step: Callable[..., T], *arguments: object) -> T:
    try:
        return child.ask(step, *arguments)
    except ChildEnded:
        raise TooCostly from None
