"""Every benchmark target runs at its smallest size in CI."""

from benchmarks import smoke


def test_every_target_that_measures_or_fuzzes_has_a_smallest_size() -> None:
    assert set(smoke.targets()) == set(smoke.SMALLEST)


def test_figures_must_be_the_last_line() -> None:
    assert smoke._figures('table\n{"ratio": 1.0}\n') is None
    assert smoke._figures("table\nno figures\n") is not None
    assert smoke._figures("{}\n") is not None
