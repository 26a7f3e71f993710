"""Calls our own functions on hostile input in a limited process, which keeps their memory and time apart from the answering process."""

import importlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, get_type_hints

import msgspec

from backend.errors import HubError
from backend.limited_child import receive, send
from schemas.common import Issue

T = TypeVar("T")

LIMITED_CHILD: Final = Path(__file__).with_name("limited_child.py")
SCRUBBED: Final = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
"""The child's environment, without any variable of ours."""
BASE_BYTES: Final = 1 << 30
SECONDS: Final = 60
"""Processor time of a child in its whole life."""
WAITING_SECONDS: Final = 120
"""Seconds that one answer may take."""


class ChildEnded(Exception):
    """The process reached its limits, or died."""


class LimitedProcess:
    """One child process. Its calls block: make them in a thread. Leaving the context ends the child, even in the middle of a call."""

    def __init__(self, modules: Sequence[str], memory_bytes: int, seconds: int = SECONDS, *, file_bytes: int = 0, waiting: int = WAITING_SECONDS) -> None:
        """`modules` are loaded before the limits apply; `memory_bytes` are added to the memory of Python itself.

        `file_bytes` is the largest file that the child may write (none by default), `waiting` the seconds that one answer may take.
        """
        self._limits = {"seconds": seconds, "memory_bytes": BASE_BYTES + memory_bytes, "modules": list(modules), "file_bytes": file_bytes}
        self._waiting = waiting
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def keep(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Call the function in the child. The result stays there, as the first argument of later calls. Raises the function's errors, or ChildEnded."""
        self._ask(function, arguments, keep=True)

    def ask(self, function: Callable[..., T], *arguments: Any) -> T:
        """Call the function in the child and return its result, of the annotated type. Raises the function's HubError, or ChildEnded."""
        raw = self._ask(function, arguments, keep=False)
        return msgspec.msgpack.decode(raw, type=get_type_hints(function)["return"], strict=False)  # type: ignore[no-any-return]

    def close(self) -> None:
        """End the child. A waiting caller gets ChildEnded."""
        self._closed = True
        if self._process is not None:
            self._process.kill()
            threading.Thread(target=_buried, args=(self._process,), daemon=True).start()

    def _ask(self, function: Callable[..., Any], arguments: Sequence[Any], keep: bool) -> bytes:
        asked = {"function": f"{function.__module__}:{function.__qualname__}", "keep": keep, "arguments": msgspec.msgpack.encode(list(arguments))}
        frame = self._exchanged(msgspec.msgpack.encode(asked))
        if not frame:
            raise ChildEnded
        answer = msgspec.msgpack.decode(frame, type=dict[str, msgspec.Raw])
        if "refused" in answer:
            raise _refusal(answer)
        return bytes(answer["result"])

    def _exchanged(self, frame: bytes) -> bytes:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        patience = threading.Timer(self._waiting, process.kill)
        patience.daemon = True
        patience.start()
        try:
            send(process.stdin, frame)  # type: ignore[arg-type]
            return receive(process.stdout)  # type: ignore[arg-type]
        except (OSError, ValueError):  # its pipe is closed
            return b""
        finally:
            patience.cancel()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._closed:
            raise ChildEnded
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(LIMITED_CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=SCRUBBED,
                cwd="/",
                start_new_session=True,
            )
            assert self._process.stdin is not None
            send(self._process.stdin, msgspec.msgpack.encode(self._limits))  # type: ignore[arg-type]
        return self._process


def _buried(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):  # input that the child did not read
            if pipe is not None:
                pipe.close()


def _refusal(answer: dict[str, msgspec.Raw]) -> HubError:
    module, _, name = msgspec.msgpack.decode(answer["refused"], type=str).partition(":")
    kind: type[HubError] = getattr(importlib.import_module(module), name)
    issues = msgspec.msgpack.decode(answer["issues"], type=list[Issue])
    return kind(msgspec.msgpack.decode(answer["message"], type=str), issues=issues, **msgspec.msgpack.decode(answer["data"]))
