"""Finds the features among an ONNX model's inputs, and the score among its outputs."""

import json
from collections.abc import Mapping

FLOATS = ("tensor(float)", "tensor(double)")


def feature_names(widths: Mapping[str, int], metadata: Mapping[str, str]) -> tuple[list[str], bool]:
    """Return the features in order, and whether the metadata named them.

    `widths` are columns by input. Many inputs of one column are features by their own names; one input's columns are named by the metadata entry
    `feature_names` (a JSON list) or else f0, f1, …

    >>> feature_names({"X": 2}, {})
    (['f0', 'f1'], False)
    """
    if len(widths) > 1:
        return list(widths), False
    count = sum(widths.values())
    try:
        names = json.loads(metadata.get("feature_names", "null"))
    except ValueError:
        names = None
    if isinstance(names, list) and len(names) == count == len({str(name) for name in names}) and all(isinstance(name, str) and name for name in names):
        return names, True
    return [f"f{i}" for i in range(count)], False


def score_output(kinds: Mapping[str, str]) -> str | None:
    """Return the output that is the score: the probabilities if there are some, else the only output of floats.

    `kinds` are onnxruntime's type names by output.

    >>> score_output({"label": "tensor(int64)", "probabilities": "tensor(float)"})
    'probabilities'
    """
    maps = [name for name, kind in kinds.items() if kind.startswith("seq(map")]
    floats = [name for name, kind in kinds.items() if kind in FLOATS]
    probable = [name for name in maps + floats if "prob" in name.lower()]
    for candidates in (probable, maps, floats):
        if len(candidates) == 1:
            return candidates[0]
    return None
