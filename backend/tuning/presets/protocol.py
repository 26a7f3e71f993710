"""What a preset is to the training process, and the list of presets."""

from collections.abc import Callable, Mapping

from backend.tuning.child_protocol import TaskRefused, Trained, TrainingTask
from backend.tuning.presets.linear import run_linear
from backend.tuning.presets.rows import Emit

Preset = Callable[[TrainingTask, Emit, Callable[[], bool]], Trained | TaskRefused]
"""Trains a task. It tells its progress through the second argument, asks the third at every round whether to stop with the model so far, writes only below the
task's folder, and returns the last event.
"""

PRESETS: Mapping[str, Preset] = {"regularised_glm": run_linear, "scorecard": run_linear}
