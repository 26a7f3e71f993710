"""The training process as its supervisor sees it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import backend
from backend.tuning.child_protocol import TASK_FILE, Event, Stage, StopTraining, TaskRefused, Trained, TrainingTask
from tests.backend.tuning.test_linear_run import table, task_of

PROGRAM = Path(backend.__file__).parent / "tuning" / "training_process.py"


def started(task: TrainingTask) -> "subprocess.Popen[bytes]":
    (Path(task.folder) / TASK_FILE).write_bytes(msgspec.json.encode(task))
    command = [sys.executable, "-I", str(PROGRAM), task.folder]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/", env={"LC_ALL": "C.UTF-8"})


def events_of(process: "subprocess.Popen[bytes]") -> list[Event]:
    """All events until the process closes its output; its input stays open."""
    assert process.stdout is not None
    found = [msgspec.json.decode(line, type=Event) for line in process.stdout]
    process.wait(60)
    return found


def closed(process: "subprocess.Popen[bytes]") -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()


@pytest.mark.parametrize("preset", ["regularised_glm", "scorecard"])
def test_it_trains_in_fresh_processes_to_the_same_bytes(tmp_path: Path, preset: str) -> None:
    artifacts = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        process = started(task_of(folder, table(), preset=preset))
        events = events_of(process)
        assert process.returncode == 0
        assert isinstance(events[-1], Trained)
        percents = [event.percent for event in events if isinstance(event, Stage)]
        assert percents == sorted(percents)
        artifacts.append(Path(events[-1].artifact).read_bytes())
        closed(process)
    assert artifacts[0] == artifacts[1]


CASES: dict[str, dict[str, Any]] = {"a preset that is not here": {"preset": "gradient_boosting"}, "no target": {"columns": []}}


@pytest.mark.parametrize("case", CASES)
def test_a_task_that_cannot_be_trained_is_refused_as_the_last_event(tmp_path: Path, case: str) -> None:
    process = started(task_of(tmp_path, table(), **CASES[case]))
    events = events_of(process)
    assert isinstance(events[-1], TaskRefused)
    assert (process.returncode, bool(events[-1].issues)) == (0, True)
    closed(process)


def test_a_task_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    process = started(task_of(tmp_path, table(), preset="forest"))
    (last,) = events_of(process)
    assert isinstance(last, TaskRefused)
    assert "preset" in last.message
    closed(process)


def test_it_ends_when_its_supervisor_is_gone(tmp_path: Path) -> None:
    process = started(task_of(tmp_path, table()))
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(60) == 3
    assert process.stdout is not None
    assert b'"trained"' not in process.stdout.read()
    process.stdout.close()


def test_a_stop_that_keeps_nothing_ends_it_without_a_last_event(tmp_path: Path) -> None:
    process = started(task_of(tmp_path, table()))
    assert process.stdin is not None
    process.stdin.write(msgspec.json.encode(StopTraining(keep=False)) + b"\n")
    process.stdin.flush()
    assert not any(isinstance(event, Trained | TaskRefused) for event in events_of(process))
    closed(process)


def test_an_error_is_told_in_the_log_and_there_is_no_last_event(tmp_path: Path) -> None:
    task = task_of(tmp_path, table())
    Path(task.rows).write_bytes(b"not Parquet")
    process = started(task)
    events = events_of(process)
    assert process.returncode == 1
    assert "ended with an error" in msgspec.json.encode(events[-1]).decode()
    closed(process)


def test_it_imports_neither_the_hub_nor_what_opens_connections() -> None:
    program = "import sys, backend.tuning.training_process; print(*sorted({'sqlalchemy', 'redis', 'litestar', 'backend.hub', 'asyncpg'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == ""
