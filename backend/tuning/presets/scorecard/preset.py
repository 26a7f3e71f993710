"""The preset `scorecard`."""

from collections.abc import Sequence

from backend.tuning.child_protocol import Stage, TrainingTask
from backend.tuning.presets.rows import Emit, LinearFit, SplitRows, TrainingLimit, UnfitTask, settings_of
from backend.tuning.presets.scorecard.fit import fit_scorecard
from backend.tuning.presets.scorecard.points import Scale, artifact, parts_of, table
from backend.tuning.presets.scorecard.settings import ScorecardSettings
from schemas.columns import Column
from schemas.common import Issue


def train_scorecard(task: TrainingTask, inputs: Sequence[Column], train: SplitRows, emit: Emit, clock: TrainingLimit) -> LinearFit:
    """Train on usable rows. Raises UnfitTask."""
    if task.objective != "binary":
        raise UnfitTask("The preset has no such objective.", [Issue(pointer="/objective", message="a scorecard is for a binary target; choose binary")])
    settings = settings_of(task, ScorecardSettings)
    if unknown := sorted(settings.monotone.keys() - {column.name for column in inputs}):
        raise UnfitTask("A direction is set for no input.", [Issue(pointer=f"/parameters/monotone/{unknown[0]}", message="no input has this name")])

    def go_on(done: int) -> bool:
        emit(Stage(name="training", percent=10 + 50 * done / len(inputs)))
        return clock.go_on()

    try:
        card = fit_scorecard(train.matrix, train.target, train.weight, inputs, settings, task.seed, go_on)
    except InterruptedError:
        message = "the training was ended before all inputs had their bins, so there is no model to keep; allow more time, or fewer inputs"
        raise UnfitTask("There is no model yet.", [Issue(pointer="/soft_seconds", message=message)]) from None
    parts = parts_of(card.binned, card.coefficients)
    scale = Scale.of(settings) if settings.score == "points" else None
    return LinearFit(
        model=artifact(card.binned, parts, card.intercept, settings),
        notes=card.notes,
        iterations=card.iterations,
        probability=scale.probabilities if scale else None,
        extensions={"scorecard": table(card.binned, parts, card.intercept, settings)},
    )
