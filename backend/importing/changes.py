"""Applies a rule's transform to one value. A value with two readings stays out of the document until a person chooses one."""

from typing import Final

from backend.importing.collect import Collector
from backend.importing.numbers_in_text import looks_grouped_by_dot
from backend.importing.pointers import MISSING, Path, resolve
from backend.importing.transforms import TRANSFORMS, Refused, Unclear, looked_up
from backend.importing.vocabulary import says_percent, words
from schemas.common import Json

_UNITS: Final = ("unit", "units", "einheit", "unite", "unidad", "unita", "eenheid", "enhet", "jednostka", "unidade")
_HEADS: Final = ("columns", "header", "headers", "column_names", "fields")
_EXACT: Final = ("number", "quantity", "percent")


def changed(found: Collector, tree: Json, path: Path, value: Json, transform: str | None, table: dict[str, str], target: str, at: Path | None = None) -> Json:
    """Return the value in the document's notation; None for a value of another kind, or with two readings. `at`: the place in the file, if `path` is none."""
    try:
        if table:
            return looked_up(value, table)
        if transform is None:
            return value
        chosen = found.readings.get(at or path)
        made = TRANSFORMS[transform](value) if chosen != "as_written" else TRANSFORMS["number"](value)
        return made if transform not in _EXACT else _unless_unclear(found, tree, path, value, transform, made, chosen)
    except Unclear as unclear:
        if (reading := found.readings.get(at or path)) in unclear.readings:
            return unclear.readings[reading]
        found.ask(at or path, value, unclear.readings, target)
        return None
    except (Refused, OverflowError):
        return None


def _unless_unclear(found: Collector, tree: Json, path: Path, value: Json, transform: str, made: Json, chosen: str | None) -> Json:
    """Return the transformed value. Raises Unclear if the file leaves two readings open."""
    if transform == "percent" and chosen is None and not (isinstance(value, str) and "%" in value) and not is_marked(tree, path):
        raise Unclear({"as_written": TRANSFORMS["number"](value), "percent": made})
    if isinstance(value, str) and isinstance(made, float) and looks_grouped_by_dot(value) and found.writes_decimal_commas(tree):
        raise Unclear({"thousands": round(made * 1000), "decimal": made})
    return made


def is_marked(tree: Json, path: Path) -> bool:
    """Return whether the file says that the value is in per cent: by a key above it, a unit beside it, or the heading of its column."""
    if any(isinstance(step, str) and says_percent(step) for step in path[-2:]):
        return True
    beside = resolve(tree, path[:-1])
    if isinstance(beside, dict):
        return any(words(str(name)) in _UNITS and isinstance(one, str) and says_percent(one) for name, one in beside.items())
    table = resolve(tree, path[:-3]) if len(path) > 2 else MISSING
    if isinstance(table, dict) and isinstance(path[-1], int):
        heads = (one for name, one in table.items() if words(str(name)) in _HEADS and isinstance(one, list))
        return any(path[-1] < len(one) and says_percent(str(one[path[-1]])) for one in heads)
    return False
