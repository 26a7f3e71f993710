"""The table in the guide is what its command prints."""

from benchmarks.selective_trap import markdown, trap
from tests.support.product import ROOT


def test_the_trap_of_the_guide_is_what_the_command_prints() -> None:
    rows = trap()
    assert markdown(rows) in (ROOT / "docs/guide/decisions.md").read_text()
    strict, loose = rows
    assert strict.brier_approved < 0.8 * loose.brier_approved
    assert strict.brier_all == loose.brier_all
