"""Reads a confusion matrix from the shapes that occur in files."""

from backend.importing.collect import Row, Value
from backend.importing.pointers import Path, items, resolve
from backend.importing.transforms import Refused, number
from backend.importing.vocabulary import words
from schemas.common import Json

MAX_CLASSES = 200
_CELLS = ("tn", "fp", "fn", "tp")


def confusion_row(tree: Json, path: Path, sources: dict[str, Path], labels: list[tuple[Path, Json]] | None = None) -> Row:
    """Return the chart's row: from four counts where `sources` has tn, fp, fn and tp, else from a square list of lists or map of maps at `path`.

    Empty when there is no such matrix. Labels are those given (each with its place) when there are as many as classes, else the keys, or the indices.
    """
    if set(_CELLS) <= set(sources):
        return _of_cells({cell: (sources[cell], resolve(tree, sources[cell])) for cell in _CELLS})
    node = resolve(tree, path)
    rows = [(key, items(row)) for key, row in items(node)]
    if not 2 <= len(rows) <= MAX_CLASSES or any(len(cells) != len(rows) for _, cells in rows):
        return {}
    made: Row = {"kind": Value("confusion_matrix", path, "const")}
    for at, (key, cells) in enumerate(rows):
        for beside, (column, value) in enumerate(cells):
            count = _count(value)
            if count is None or column != cells[beside][0] or (isinstance(key, str) and words(str(column)) not in {words(str(k)) for k, _ in rows[0][1]}):
                return {}
            made[f"matrix/{at}/{beside}"] = Value(count, (*path, key, column), _notation(value))
    named = labels if labels and len(labels) == len(rows) and all(isinstance(label, (str, int)) for _, label in labels) else None
    for at, (key, _) in enumerate(rows):
        made[f"labels/{at}"] = Value(str(named[at][1]), named[at][0]) if named else Value(_label(str(key)), (*path, key), "key")
    if words(str(rows[0][0])).startswith("pred"):
        made["orientation"] = Value("rows_are_predicted", (*path, rows[0][0]), "key")
    return made


def _of_cells(cells: dict[str, tuple[Path, Json]]) -> Row:
    counts = {cell: _count(value) for cell, (_, value) in cells.items()}
    if None in counts.values():
        return {}
    at = {cell: source for cell, (source, _) in cells.items()}
    made: Row = {"kind": Value("confusion_matrix", at["tn"], "const")}
    made |= {"labels/0": Value("negative", at["tn"], "key"), "labels/1": Value("positive", at["tp"], "key")}
    return made | {f"matrix/{index // 2}/{index % 2}": Value(counts[cell], at[cell], _notation(cells[cell][1])) for index, cell in enumerate(_CELLS)}


def _notation(value: Json) -> str | None:
    return "number" if isinstance(value, str) else None


def _count(value: Json) -> Json:
    try:
        read = number(value)
    except Refused:
        return None
    return read if read >= 0 else None


def _label(key: str) -> str:
    """Return the class alone, such as `Good` from `Actual: Good` and `1` from `predicted_1`."""
    for word in ("actual", "predicted", "pred", "true"):
        if key.lower().startswith(word) and len(key) > len(word):
            return key[len(word) :].strip(" _:-") or key
    return key
