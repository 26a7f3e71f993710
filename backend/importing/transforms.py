"""How a value may change on its way into the document. Each is a table look-up or a change of notation; none computes."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from backend.importing.vocabulary import VOCABULARY, metric_key, split_of, words
from schemas.common import Json

_NUMBER = re.compile(r"\s*([-+]?(?:\d{1,3}(?:,\d{3})+|\d{1,18})?(?:\.\d{0,30})?(?:[eE][-+]?\d{1,3})?)\s*(%?)\s*")
_YEARS = (datetime(1990, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp())
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?\s?(?:Z|[+-]\d{2}:?\d{2}| ?UTC)?)?")


class Refused(ValueError):
    """The value is not of the kind that the transform takes."""


def is_number(value: Json) -> bool:
    """A number, or a string that is one (`"0.83"`, `"83.1 %"`)."""
    return (isinstance(value, (int, float)) and not isinstance(value, bool)) or (isinstance(value, str) and _read(value) is not None)


def is_percent(value: Json) -> bool:
    """A string with a per cent sign."""
    return isinstance(value, str) and value.rstrip().endswith("%") and _read(value) is not None


def is_date(value: Json) -> bool:
    """A date as ISO 8601 writes it."""
    return isinstance(value, str) and _DATE.fullmatch(value.strip()) is not None


def _read(written: str) -> Decimal | None:
    found = _NUMBER.fullmatch(written) if len(written) < 60 else None
    if not found or not any(letter.isdigit() for letter in found[1].split("e")[0].split("E")[0]):
        return None
    return Decimal(found[1].replace(",", ""))


def number(value: Json) -> Json:
    """`"0.83"` -> 0.83; a number stays as it is. A per cent sign is read as hundredths."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused
    if not isinstance(value, str):
        return value
    read = _read(value)
    if read is None:
        raise Refused
    if value.rstrip().endswith("%"):
        return float(read / 100)
    return int(read) if re.fullmatch(r"\s*[-+]?[\d,]+\s*", value) else float(read)


def percent(value: Json) -> Json:
    """83.1 or `"83.1%"` -> 0.831, without the rounding of a division of floats."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Refused
    read = _read(value) if isinstance(value, str) else Decimal(repr(value))
    if read is None:
        raise Refused
    return float(read / 100)


def integer(value: Json) -> Json:
    """A whole number, also when it is written 800.0 or `"1,347"`."""
    read = number(value)
    if isinstance(read, float) and not read.is_integer():
        raise Refused
    return int(read)


def date(value: Json) -> Json:
    """ISO 8601 as it stands; seconds or milliseconds since 1970 as ISO 8601 in UTC."""
    if isinstance(value, str):
        if not value.isdigit():
            return value
        value = int(value) if len(value) < 15 else 0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused
    seconds = value / 1000 if value > _YEARS[1] else value
    if not _YEARS[0] < seconds < _YEARS[1]:
        raise Refused
    return datetime.fromtimestamp(seconds, UTC).isoformat()


def lower(value: Json) -> Json:
    """In lower-case letters."""
    if not isinstance(value, str):
        raise Refused
    return value.lower()


def text(value: Json) -> Json:
    """A scalar as JSON writes it: 1 -> `"1"`, true -> `"true"`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (int, float, str)):
        raise Refused
    return str(value)


def metric(value: Json) -> Json:
    """The hub's name of a metric (`"Val AUC"` -> roc_auc); another one keeps its own."""
    said = text(value)
    key = metric_key(str(said))
    return key.name if key else said


def metric_split(value: Json) -> Json:
    """The split that a metric's name tells (`"val_auc"` -> validation)."""
    key = metric_key(str(text(value)))
    if key is None or key.split is None:
        raise Refused
    return key.split


def split(value: Json) -> Json:
    """The hub's name of a split (`"Test set"` -> test)."""
    found = split_of(str(text(value)))
    if found is None:
        raise Refused
    return found


def task_type(value: Json) -> Json:
    """The hub's name of a task (`"binary:logistic"` -> binary_classification)."""
    said = str(text(value))
    return looked_up(said if words(said) in _TASKS else said.split(maxsplit=1)[0] if said.strip() else said, _TASKS)


def feature_type(value: Json) -> Json:
    """The hub's name of a feature's type (`"float64"` -> number)."""
    return looked_up(value, _TYPES)


_TASKS: Final = {alias: name for name, aliases in VOCABULARY["words"]["task"].items() for alias in aliases}
_TYPES: Final = {alias: name for name, aliases in VOCABULARY["words"]["type"].items() for alias in aliases}

TRANSFORMS: Final[Mapping[str, Callable[[Json], Json]]] = {
    "number": number,
    "integer": integer,
    "percent": percent,
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
    """The word of the hub's vocabulary that the table has for a value; its key is compared as words."""
    said = text(value)
    found = table.get(said) or table.get(words(str(said)))
    if found is None:
        raise Refused
    return found
