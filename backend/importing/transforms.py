"""Changes of a value on its way into the document. Each is a table look-up or a change of notation; none computes."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from backend.importing.numbers_in_text import Amount, Reading, as_json, before_number, beside_number, is_count, looks_grouped_by_dot, read, read_in_words
from backend.importing.reading.dates import moment
from backend.importing.statistics_in_text import STATISTICS, statistic
from backend.importing.vocabulary import TASKS, VOCABULARY, metric_key, split_of, words
from schemas.common import Json

_YEARS = (datetime(1990, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp())


class Refused(ValueError):
    """The value is not of the kind that the transform takes."""


class Unclear(Refused):
    """The value has two readings that differ by a factor: reading -> result. A person decides."""

    def __init__(self, readings: Mapping[Reading, Json]) -> None:
        super().__init__()
        self.readings = dict(readings)


def is_number(value: Json) -> bool:
    """Return whether this is a number, or a string that is one (`"0.83"`, `"83.1 %"`, `"0,83"`)."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or (isinstance(value, str) and read(value) is not None)


def is_percent(value: Json) -> bool:
    """Return whether this is a number with a per cent sign."""
    return isinstance(value, str) and value.rstrip().endswith("%") and read(value) is not None


def is_date(value: Json) -> bool:
    """Return whether this is a date of the calendar, in ISO 8601 or as file names write it."""
    return isinstance(value, str) and moment(value) is not None


def rough(value: Json) -> float:
    """Return the approximate size of a number, by either reading of an unclear one. Used for judging, never for a document. Raises Refused."""
    try:
        return float(number(value))
    except Unclear as unclear:
        return float(next(iter(unclear.readings.values())))


def number(value: Json) -> Json:
    """Return the number in a string: `"0.83"` -> 0.83; a number stays as it is. A per cent sign means hundredths. Raises Unclear for `"1,912"`."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused
    return value if not isinstance(value, str) else _clear(read(value))


def quantity(value: Json) -> Json:
    """Return the one number in a few words: `"PR-AUC = 0.41 (strong)"` -> 0.41. Raises Unclear as `number`."""
    return _clear(read_in_words(value)) if isinstance(value, str) else number(value)


def _clear(found: Amount | None) -> Json:
    if found is None:
        raise Refused
    if found.other is not None:
        parts: dict[Reading, Decimal] = {"thousands": found.value, "decimal": found.other}
        raise Unclear({name: float(one / 100) if found.percent else as_json(one, found.whole and name == "thousands") for name, one in parts.items()})
    return float(found.value / 100) if found.percent else as_json(found.value, found.whole)


def percent(value: Json) -> Json:
    """Return a percentage as a fraction: `"83.1%"`, or 83.1 in per cent, -> 0.831, without the rounding error of a float division. Raises Unclear for a
    fraction without a sign: 0.91 may be 91 % or 0.91 %.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused
    found = read(value) if isinstance(value, str) else Amount(Decimal(repr(value)))
    if found is None or found.other is not None:
        return _clear(found)
    if not found.percent and 0 < abs(found.value) <= 1:
        raise Unclear({"as_written": as_json(found.value, found.whole), "percent": float(found.value / 100)})
    return float(found.value / 100)


def hundredth(value: Json) -> Json:
    """Return a hundredth of a number, because a person says that it is a percentage."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    return float(Decimal(repr(value)) / 100)


def integer(value: Json) -> Json:
    """Return a whole number, also from 800.0 or `"1,347"`."""
    return _whole(read(value) if isinstance(value, str) else None, value)


def count(value: Json) -> Json:
    """Return the whole number in a few words: `"12,500 customers"` -> 12500. A comma or point before three digits groups thousands: counts have no fraction."""
    return _whole(read_in_words(value) if isinstance(value, str) and is_count(value) else None, value)


def _whole(found: Amount | None, value: Json) -> Json:
    if isinstance(value, str):
        if found is None or found.percent:
            raise Refused
        value = found.value * 1000 if not found.whole and looks_grouped_by_dot(value) else found.value
    elif isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    if value != int(value):
        raise Refused
    return int(value)


def date(value: Json) -> Json:
    """Return a date in ISO 8601; seconds or milliseconds since 1970 in UTC."""
    if isinstance(value, str):
        found = moment(value)
        if found is not None:
            return found
        if not value.isdigit():
            raise Refused
        value = int(value) if len(value) < 15 else 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    seconds = value / 1000 if value > _YEARS[1] else value
    if not _YEARS[0] < seconds < _YEARS[1]:
        raise Refused
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def lower(value: Json) -> Json:
    """Return the text in lower case."""
    if not isinstance(value, str):
        raise Refused
    return value.lower()


def text(value: Json) -> Json:
    """Return a scalar as JSON writes it: 1 -> `"1"`, true -> `"true"`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (int, float, str)):
        raise Refused
    return str(value)


def metric(value: Json) -> Json:
    """Return the hub's name of a metric (`"Val AUC"` -> roc_auc); an unknown metric keeps its name."""
    said = text(value)
    key = metric_key(str(said))
    return key.name if key else said


def metric_split(value: Json) -> Json:
    """Return the split in a metric's name (`"val_auc"` -> validation)."""
    key = metric_key(str(text(value)))
    if key is None or key.split is None:
        raise Refused
    return key.split


def metric_in_text(value: Json) -> Json:
    """Return the hub's name of the metric in a few words (`"PR-AUC = 0.41 (strong)"` -> pr_auc)."""
    key = metric_key(before_number(str(text(value))))
    if key is None or key.part != "value":
        raise Refused
    return key.name


def split_in_text(value: Json) -> Json:
    """Return the split in such words (`"Test AUC: 0.8"`, `"0.8 (test)"` -> test)."""
    said = str(text(value))
    key = metric_key(before_number(said))
    found = key.split if key is not None and key.split else next((split for one in beside_number(said) if (split := split_of(one))), None)
    if found is None:
        raise Refused
    return found


def _statistic(name: str) -> Callable[[Json], Json]:
    """Return the transform to a named statistic of a sentence (`"mean 35.2, sd 4.1"` -> 35.2 for the mean). It raises Unclear like `number`."""

    def made(value: Json) -> Json:
        if not isinstance(value, str):
            raise Refused
        return _clear(statistic(value, name))

    return made


def split(value: Json) -> Json:
    """Return the hub's name of a split (`"Test set"` -> test)."""
    found = split_of(str(text(value)))
    if found is None:
        raise Refused
    return found


def task_type(value: Json) -> Json:
    """Return the hub's name of a task (`"binary:logistic"` -> binary_classification)."""
    said = str(text(value))
    return looked_up(said if words(said) in TASKS else said.split(maxsplit=1)[0] if said.strip() else said, TASKS)


def feature_type(value: Json) -> Json:
    """Return the hub's name of a feature's type (`"float64"` -> number)."""
    return looked_up(value, _TYPES)


_TYPES: Final = {alias: name for name, aliases in VOCABULARY["words"]["type"].items() for alias in aliases}

TRANSFORMS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "number": number,
    "integer": integer,
    "percent": percent,
    "quantity": quantity,
    "count": count,
    "metric_in_text": metric_in_text,
    "split_in_text": split_in_text,
    **{f"{name}_in_text": _statistic(name) for name in STATISTICS},
    "date": date,
    "lower": lower,
    "text": text,
    "metric": metric,
    "metric_split": metric_split,
    "split": split,
    "task_type": task_type,
    "feature_type": feature_type,
}


def looked_up(value: Json, table: Mapping[str, str]) -> Json:
    """Return the hub's word for a value in the table; keys are compared as words."""
    said = text(value)
    found = table.get(said) or table.get(words(str(said)))
    if found is None:
        raise Refused
    return found
