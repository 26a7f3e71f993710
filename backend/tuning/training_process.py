"""The training process: reads its task, trains, and tells its supervisor what happens, one event per line.

Run by path through `python -I`, with the job's folder as its argument. It imports neither the hub nor anything that opens a connection.
"""

import os
import sys
import threading
from io import RawIOBase
from pathlib import Path
from typing import BinaryIO

import msgspec

ROOT = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from backend.tuning.child_protocol import TASK_FILE, Command, Event, Line, Stage, TaskRefused, TrainingTask  # noqa: E402
from backend.tuning.presets.protocol import PRESETS  # noqa: E402
from schemas.common import Issue  # noqa: E402

SUPERVISOR_GONE = 3
"""The exit code when the input closes before the end."""


class EventWriter:
    """Writes events to a stream, each whole. The percentage of a stage never falls."""

    def __init__(self, out: BinaryIO) -> None:
        """Write to `out`."""
        self._out, self._lock, self._percent = out, threading.Lock(), 0.0

    def __call__(self, event: Event) -> None:
        """Write one event."""
        with self._lock:
            if isinstance(event, Stage):
                self._percent = max(self._percent, event.percent)
                event = msgspec.structs.replace(event, percent=self._percent)
            self._out.write(msgspec.json.encode(event) + b"\n")
            self._out.flush()


class CommandReader:
    """Reads the supervisor's commands in a thread of its own. When the input closes, the process ends at once: nobody is left to tell."""

    def __init__(self, source: RawIOBase) -> None:
        """Start to read `source`. It has no buffer: a thread that waits in one when Python ends aborts the process."""
        self._source, self._stop = source, threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def stopped(self) -> bool:
        """Return whether to end with the model so far."""
        return self._stop.is_set()

    def _read(self) -> None:
        for line in self._source:
            command = msgspec.json.decode(line, type=Command)
            if not command.keep:
                os._exit(0)
            self._stop.set()
        os._exit(SUPERVISOR_GONE)


def train(folder: Path, emit: EventWriter, commands: CommandReader) -> None:
    """Train the task in a folder. The last event is `Trained` or `TaskRefused`; an error of the code or of memory ends the process without one."""
    try:
        task = msgspec.json.decode((folder / TASK_FILE).read_bytes(), type=TrainingTask)
    except msgspec.ValidationError as error:
        emit(TaskRefused(message=f"The task cannot be read: {error}"))
        return
    preset = PRESETS.get(task.preset)
    if preset is None:
        emit(TaskRefused(message="There is no such preset here.", issues=[Issue(pointer="/preset", message=f"choose one of {', '.join(PRESETS)}")]))
        return
    try:
        last = preset(task, emit, commands.stopped)
    except MemoryError:
        emit(Line(level="error", text="The training needs more memory than it has; take fewer rows or inputs, or raise the job's memory."))
        raise
    except Exception as error:
        emit(Line(level="error", text=f"The training ended with an error: {type(error).__name__}: {error}"[:2000]))
        raise
    emit(last)


def main() -> None:
    """Train the task in the folder that the first argument names. Only events go to the standard output: what libraries print goes to the error output."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    train(Path(sys.argv[1]), EventWriter(out), CommandReader(os.fdopen(os.dup(0), "rb", buffering=0)))


if __name__ == "__main__":
    main()
