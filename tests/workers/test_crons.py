"""The workers' clockwork."""

from backend.slices import SLICES, run_kinds, schedules
from workers.upkeep import watches


def test_every_cron_job_has_a_name_of_its_own() -> None:
    names = [*schedules(), *(schedule.name for schedule in watches(SLICES))]
    assert len(names) == len(set(names))
    assert run_kinds()
