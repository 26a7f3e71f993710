"""The supervisor keeps its processes running, and takes them with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from backend.adapters.processes import SetupError
from rpc.commands.shared.supervisor import Supervisor

pytestmark = pytest.mark.busy

ROOT = Path(__file__).resolve().parents[3]

SUPERVISING = """
import os, sys, time
from rpc.commands.shared.supervisor import Stopped, Supervisor, stop_on_signals
supervisor = Supervisor(print)
stop_on_signals()
try:
    supervisor.start("server", "http.server", "0", "--bind", "127.0.0.1", environment=dict(os.environ))
    print("up", flush=True)
    while True:
        time.sleep(0.05)
        supervisor.tend()
except Stopped as stopped:
    supervisor.stop()
    print(f"stopped by {stopped}", flush=True)
"""


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def supervisor(told: list[str]) -> Iterator[Supervisor]:
    made = Supervisor(told.append)
    yield made
    made.stop()


def start(supervisor: Supervisor, name: str, *arguments: str) -> None:
    """A child that is a plain module of Python."""
    supervisor.start(name, *arguments, environment=dict(os.environ))


def children() -> list[psutil.Process]:
    living = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    return [child for child in living if {"http.server", "this"} & set(child.cmdline())]


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_process_that_is_killed_is_started_again_at_once_and_that_is_said(supervisor: Supervisor, told: list[str]) -> None:
    start(supervisor, "server", "http.server", "0", "--bind", "127.0.0.1")
    (first,) = children()
    first.kill()
    until(lambda: first not in children())
    supervisor.tend()
    (second,) = children()
    assert second.pid != first.pid
    assert told == ["The server ended (by SIGKILL); starting it again"]


def test_a_process_that_keeps_ending_is_started_again_more_and_more_slowly(supervisor: Supervisor, told: list[str]) -> None:
    start(supervisor, "poem", "this")  # prints the Zen of Python and ends
    deadline = time.monotonic() + 15
    while len(told) < 3 and time.monotonic() < deadline:
        supervisor.tend()
        time.sleep(0.02)
    assert told == [f"The poem ended (with code 0); starting it again{wait}" for wait in ("", " in 1 s", " in 2 s")]


def watch(supervisor: Supervisor) -> None:
    for _ in range(500):
        supervisor.check_alive()
        time.sleep(0.02)


def test_a_process_that_ends_during_the_start_fails_it_by_name(supervisor: Supervisor) -> None:
    start(supervisor, "poem", "this")
    with pytest.raises(SetupError, match="The poem ended with code 0 while starting"):
        watch(supervisor)


def test_stopping_leaves_no_process(supervisor: Supervisor) -> None:
    start(supervisor, "server", "http.server", "0", "--bind", "127.0.0.1")
    assert children()
    supervisor.stop()
    assert not children()


def supervising() -> tuple["subprocess.Popen[str]", psutil.Process]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISING], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout
    assert process.stdout.readline() == "up\n"
    (child,) = psutil.Process(process.pid).children()
    return process, child


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_each_stopping_signal_ends_everything_cleanly(name: signal.Signals) -> None:
    process, child = supervising()
    process.send_signal(name)
    output, _ = process.communicate(timeout=20)
    assert f"stopped by {name.name}" in output
    assert process.returncode == 0
    assert not child.is_running()


def test_kill_9_of_the_supervisor_ends_its_processes() -> None:
    process, child = supervising()
    process.kill()
    process.communicate()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
