"""Declarations in a slice's `runs.py`: its kinds of runs, and its schedules."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from backend.runs.context import RunContext, Tick
from schemas.common import Json


class Queue(StrEnum):
    """The queue of a run. Each queue has its own slots, so long runs in one never delay another."""

    DRAIN = "drain"
    """Moves of answered predictions into the logs."""
    CRONS = "crons"
    """Short runs that must begin at once."""
    DEFAULT = "default"
    TRAINING = "training"
    """Runs that take long and need the machine."""


Delays = tuple[timedelta, ...]
"""The wait after the first attempt, after the second, and so on; the last one repeats. Empty: no further attempt."""
Handler = Callable[[RunContext], Awaitable[Json]]
ScheduleHandler = Callable[[Tick], Awaitable[None]]
RETRY: Mapping[type[BaseException], Delays] = {Exception: (timedelta(seconds=8), timedelta(seconds=32), timedelta(seconds=128))}


@dataclass(frozen=True, kw_only=True)
class RunKind:
    """One kind of run and the function that carries it out.

    `attempts` counts claims, including those that killed their worker. `timeout` limits one attempt. `retry_delays` maps exceptions to waits; the entry of the
    nearest base class applies.
    """

    name: str
    handler: Handler
    queue: Queue = Queue.DEFAULT
    attempts: int = 3
    timeout: timedelta = timedelta(hours=24)
    retry_delays: Mapping[type[BaseException], Delays] = field(default_factory=lambda: RETRY)

    def __post_init__(self) -> None:
        if self.attempts < 1 or self.timeout <= timedelta():
            raise ValueError(f"The run kind {self.name} needs at least one attempt and a timeout above zero.")

    def delay_after(self, error: BaseException, attempt: int) -> timedelta | None:
        """Return the wait before the next attempt, after `attempt` (from 1) failed with the error; None for no further attempt."""
        if attempt >= self.attempts:
            return None
        delays = next((self.retry_delays[base] for base in type(error).__mro__ if base in self.retry_delays), ())
        return delays[min(attempt, len(delays)) - 1] if delays else None


class Missed(StrEnum):
    """The rule for a tick that passed while no worker could run it."""

    SKIP = "skip"
    CATCH_UP = "catch up"
    """Run the newest missed tick once; skip the others."""


class Scope(StrEnum):
    """The owner of a schedule's ticks."""

    HUB = "hub"
    """One tick for the whole hub, in the time zone of the setting `time_zone`."""
    TENANT = "tenant"
    """One tick per tenant, in the tenant's time zone, or the hub's if the tenant has none."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A function called at the times of a cron expression, once per tick for any number of workers.

    `cron` has five fields, or six with the seconds first. The setting `schedules` replaces it: `promotion.ramps=*/5 * * * * *`.
    """

    name: str
    cron: str
    handler: ScheduleHandler
    missed: Missed = Missed.SKIP
    scope: Scope = Scope.HUB
    timeout: timedelta = timedelta(minutes=1)
