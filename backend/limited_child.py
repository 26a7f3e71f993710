"""The child process that calls functions of ours on hostile input: it limits itself, then answers one request after another until its input ends.

Run by path through `python -I`. A frame is its length (8 bytes, big-endian) and MessagePack. The first is `{seconds, memory_bytes, modules, file_bytes}`; each
further one `{function, keep, arguments}`: where `keep` is set, what the function gives becomes the first argument of the calls that follow. An answer is
`{result}`, or `{refused, message, issues, data}` of a HubError. Whatever else goes wrong ends the process.
"""

import importlib
import inspect
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, get_type_hints

LENGTH_BYTES = 8


def main() -> None:
    """Answer until standard input ends."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    import msgspec  # noqa: PLC0415  found only now: -I leaves the checkout out

    from backend.errors import HubError  # noqa: PLC0415  likewise

    inward, outward, held = sys.stdin.buffer, sys.stdout.buffer, list[Any]()
    sys.stdout = sys.stderr
    told = msgspec.msgpack.decode(receive(inward))
    for module in told["modules"]:
        importlib.import_module(module)
    limit(told["seconds"], told["memory_bytes"], told.get("file_bytes", 0))
    while frame := receive(inward):
        asked = msgspec.msgpack.decode(frame)
        function = named(asked["function"])
        try:
            result = function(*held, *_arguments(msgspec, function, asked["arguments"], len(held)))
            if asked["keep"]:
                held, result = [result], None
            answer = msgspec.msgpack.encode({"result": result})
        except HubError as error:
            kind = f"{type(error).__module__}:{type(error).__qualname__}"
            answer = msgspec.msgpack.encode({"refused": kind, "message": error.message, "issues": error.issues, "data": error.data})
        send(outward, answer)


def named(name: str) -> Callable[..., Any]:
    """A function of the product, `module:name`. Raises ValueError for one of anybody else."""
    module, _, function = name.partition(":")
    if not module.startswith("backend."):
        raise ValueError(f"{name} is no function of the product")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _arguments(msgspec: Any, function: Callable[..., Any], raw: bytes, held: int) -> tuple[Any, ...]:
    hints = get_type_hints(function)
    shape: Any = tuple.__class_getitem__(tuple(hints[name] for name in list(inspect.signature(function).parameters)[held:]))
    found: tuple[Any, ...] = msgspec.msgpack.decode(raw, type=shape, strict=False)
    return found


def receive(stream: BinaryIO) -> bytes:
    """The next frame; empty where the stream has ended."""
    head = stream.read(LENGTH_BYTES)
    return stream.read(int.from_bytes(head)) if len(head) == LENGTH_BYTES else b""


def send(stream: BinaryIO, frame: bytes) -> None:
    """Write a frame."""
    stream.write(len(frame).to_bytes(LENGTH_BYTES))
    stream.write(frame)
    stream.flush()


def limit(seconds: int, memory_bytes: int, file_bytes: int = 0) -> None:
    """No larger file written, no core, bounded processor time and address space."""
    limits = {resource.RLIMIT_FSIZE: file_bytes, resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: seconds}
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = memory_bytes
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


if __name__ == "__main__":
    main()
