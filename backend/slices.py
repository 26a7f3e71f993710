"""The list of slices and what each declares. Workers, alerts, live events, audit and `/metrics` read it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from backend.comparison import runs as comparison_runs
from backend.connectors import runs as connectors_runs
from backend.inference_log import runs as inference_log_runs
from backend.runs.kinds import RunKind, Schedule


class Named(Protocol):
    """A declaration with a name of its own."""

    @property
    def name(self) -> str:
        """The name, unique among its sort."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, kw_only=True)
class Slice:
    """A slice by name, with its declarations. A new sort of declaration is a further attribute with an empty default."""

    name: str
    runs: Sequence[RunKind] = ()
    schedules: Sequence[Schedule] = ()


SLICES: tuple[Slice, ...] = (
    Slice(name="connectors", runs=connectors_runs.RUNS),
    Slice(name="inference_log", runs=inference_log_runs.RUNS),
    Slice(name="comparison", runs=comparison_runs.RUNS),
)


def run_kinds(slices: Sequence[Slice] = SLICES) -> dict[str, RunKind]:
    """Every kind of run by name. Raises ValueError when a name is declared twice."""
    return by_name([kind for one in slices for kind in one.runs])


def schedules(slices: Sequence[Slice] = SLICES) -> dict[str, Schedule]:
    """Every schedule by name. Raises ValueError when a name is declared twice."""
    return by_name([schedule for one in slices for schedule in one.schedules])


def by_name(declared: Sequence[T]) -> dict[str, T]:
    """Declarations by their names. Raises ValueError when a name is declared twice."""
    names = Counter(one.name for one in declared)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"Declared twice: {', '.join(twice)}. Rename one of the two.")
    return {one.name: one for one in declared}
