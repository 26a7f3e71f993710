"""The words of models' files (vocabulary.toml), and the reading of a key: as words, a metric, a split, a count of rows."""

import re
import tomllib
import unicodedata
from functools import lru_cache
from importlib import resources
from typing import Any, Final

import msgspec


def _merged() -> dict[str, Any]:
    """Return the vocabulary with the common words of eight languages."""
    files = resources.files("backend.importing")
    found: dict[str, Any] = tomllib.loads(files.joinpath("vocabulary.toml").read_text("utf-8"))
    _joined(found, tomllib.loads(files.joinpath("languages.toml").read_text("utf-8")))
    return found


def _joined(table: dict[str, Any], more: dict[str, Any]) -> None:
    for name, value in more.items():
        if isinstance(value, dict):
            _joined(table[name], value)
        else:
            table[name] = [*table[name], *(word for word in value if word not in table[name])]


VOCABULARY: Final[dict[str, Any]] = _merged()

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_GAPS = re.compile(r"[^a-z0-9]+")
_ABBREVIATED = re.compile(r"([^()]+)\(([^()]+)\)([^()]*)")
_CLASS = re.compile(r"(?:^|_)(?:class|label|cls)_([0-9]+)$")


def _inverted(table: dict[str, list[str]]) -> dict[str, str]:
    return {alias: name for name, aliases in table.items() for alias in aliases}


def _ranked(table: dict[str, list[str]]) -> dict[str, list[tuple[str, int]]]:
    """Return alias -> its possible targets, each with its rank among the target's aliases (0 is the clearest)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for name, aliases in table.items():
        for rank, alias in enumerate(aliases):
            found.setdefault(alias, []).append((name, rank))
    return found


METRICS: Final = _inverted(VOCABULARY["metrics"])
SPLITS: Final = _inverted(VOCABULARY["splits"])
STRONG: Final = _ranked(VOCABULARY["scalars"]["strong"])
STRONG_ALGORITHM: Final = frozenset(VOCABULARY["scalars"]["strong"]["/algorithm/name"])
WEAK: Final = _ranked(VOCABULARY["scalars"]["weak"])
LOCAL: Final[dict[str, dict[str, str]]] = {name: _inverted(table) for name, table in VOCABULARY["local"].items()}
LISTS: Final = _inverted(VOCABULARY["lists"])
CELLS: Final = _inverted(VOCABULARY["cells"])
LIBRARIES: Final = _inverted(VOCABULARY["words"]["library"])
TASKS: Final = _inverted(VOCABULARY["words"]["task"])
LIBRARY_NAMES: Final = _inverted(VOCABULARY["words"]["library_name"])
FIELDS: Final[dict[str, tuple[str, ...]]] = {name: tuple(aliases) for name, aliases in VOCABULARY["fields"].items()}
CURVES: Final[dict[str, tuple[str, ...]]] = {name: tuple(aliases) for name, aliases in VOCABULARY["curves"].items()}
SECTIONS: Final[dict[str, frozenset[str]]] = {name: frozenset(aliases) for name, aliases in VOCABULARY["sections"].items()}
PROFILE: Final = frozenset(VOCABULARY["profile"]["keys"])
HYPERPARAMETERS: Final = frozenset(VOCABULARY["hyperparameters"]["keys"])
FRACTIONS: Final = frozenset(VOCABULARY["bounds"]["fractions"])
SIGNED_FRACTIONS: Final = frozenset(VOCABULARY["bounds"]["signed_fractions"])
PERCENT_KEPT: Final = frozenset(VOCABULARY["bounds"]["percent_kept"])
_ALGORITHM: Final = frozenset(VOCABULARY["algorithms"]["words"])
_NETS: Final = tuple(VOCABULARY["algorithms"]["nets"])
_ABBREVIATION: Final = frozenset(VOCABULARY["algorithms"]["abbreviations"])
_MODIFIERS: Final = _inverted({name: words for name, words in VOCABULARY["modifiers"].items() if name != "count"})
_QUALIFIED: Final = frozenset(VOCABULARY["bounds"]["qualified"])
_PERCENT: Final = frozenset(VOCABULARY["modifiers"]["percent"])
ALWAYS_BELOW_ONE: Final = frozenset(VOCABULARY["bounds"]["at_most_one"])
NEVER_NEGATIVE: Final = frozenset(VOCABULARY["bounds"]["never_negative"])
_COUNT: Final = frozenset(VOCABULARY["modifiers"]["count"])


@lru_cache(maxsize=20_000)
def words(key: str) -> str:
    """Return a key as lower-case words joined by `_`: `rocAuc`, `ROC-AUC` and `roc auc` are all `roc_auc`."""
    plain = (
        (key[:120] if key.isascii() else _plain_letters(key[:120]))
        .replace("²", "2")
        .replace("%", " pct ")
        .replace("XGBoost", "Xgboost")
        .replace("LightGBM", "Lightgbm")
        .replace("CatBoost", "Catboost")
    )
    return _GAPS.sub("_", _HUMPS.sub("_", plain).lower()).strip("_")


@lru_cache(maxsize=20_000)
def says_percent(key: str) -> bool:
    """Return whether a key, a unit or a heading says per cent."""
    return "%" in key or not _PERCENT.isdisjoint(words(key).split("_"))


_LETTERS: Final = str.maketrans({"ß": "ss", "ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "æ": "ae", "Æ": "Ae", "œ": "oe", "đ": "d", "ı": "i"})


def _plain_letters(key: str) -> str:
    """Return the text without accents: `Präzision` -> `Prazision`, `dokładność` -> `dokladnosc`."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", key.translate(_LETTERS)) if not unicodedata.combining(letter)).replace("²", "2")


class MetricKey(msgspec.Struct, frozen=True):
    """The meaning of a key of a figure: `part` is the metric's field that it gives (value, std, ci/low, ci/high)."""

    name: str
    split: str | None = None
    average: str | None = None
    cls: str | None = None
    part: str = "value"
    percent: bool = False
    label: str | None = None
    """The key itself, if it is more specific than the name (a pseudo R squared is no R squared)."""


_COMPOUND: Final = re.compile(r"(trainings?|tranings?|test|validierungs?|validaties?|validerings?)(?=[a-z]{3})")
"""First parts of Germanic compounds: `trainingsrijen`, `Testgenauigkeit`."""


def parted(said: str) -> str:
    """Return words with the split at the beginning of a compound separated: `testrijen` -> `test_rijen`. Others stay."""
    return "_".join(token if token in SPLITS or token in _MODIFIERS else _COMPOUND.sub(r"\1_", token, count=1) for token in said.split("_"))


@lru_cache(maxsize=20_000)
def metric_key(key: str) -> MetricKey | None:
    """Return the metric that a key names (`val_auc`, `f1-score (macro)`, `accuracy_pct`); None if any of its words is unknown."""
    return _metric_key(key, words(key)) or _metric_key(key, parted(_GAPS.sub("_", _plain_letters(key[:120]).lower()).strip("_")))


_ARTICLES: Final = frozenset(
    ["a", "o", "la", "le", "les", "l", "el", "los", "las", "il", "lo", "der", "die", "das", "den", "dem", "de", "del", "het", "the", "d"]
)


def _bare(said: str) -> str:
    """Return the words without articles: `area_bajo_la_curva` and `area_bajo_curva` are the same; empty for fewer than three words."""
    tokens = said.split("_")
    return "_".join(token for token in tokens if token not in _ARTICLES) if len(tokens) > 2 else ""


_BARE_METRICS: Final = {bare: name for alias, name in METRICS.items() if (bare := _bare(alias)).count("_") > 1}


def _metric_key(key: str, said_in_words: str) -> MetricKey | None:
    if (twice := _ABBREVIATED.fullmatch(key)) and (name := METRICS.get(words(twice[2]))):
        plain = metric_key(f"{twice[1]} {twice[3]}")
        return plain if plain is not None and plain.name == name else None
    rest, said = said_in_words, dict[str, str]()
    if cls := _CLASS.search(rest):
        said["cls"] = cls[1]
        rest = rest[: cls.start()]
    for _ in range(8):
        if name := METRICS.get(rest) or _BARE_METRICS.get(_bare(rest)):
            return MetricKey(name=name, label=key if rest in _QUALIFIED else None, **_known(said))
        stripped = _strip(rest, said)
        if stripped is None:
            return None
        rest = stripped
    return None


def _known(said: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: said[name] for name in ("split", "average", "cls") if name in said}
    part = said.get("part")
    return found | ({"part": part} if part else {}) | ({"percent": True} if "percent" in said else {})


def _strip(rest: str, said: dict[str, str]) -> str | None:
    """Remove one known word from the end or the beginning; longer words first. None when there is none."""
    tokens = rest.split("_")
    for length in range(min(4, len(tokens) - 1), 0, -1):
        for edge, left in (("_".join(tokens[-length:]), tokens[:-length]), ("_".join(tokens[:length]), tokens[length:])):
            if edge in SPLITS and _agree(said.get("split"), SPLITS[edge]):
                said["split"] = "cross_validation" if "cross_validation" in (said.get("split"), SPLITS[edge]) else SPLITS[edge]
                return "_".join(left)
            kind = _MODIFIERS.get(edge)
            if kind is None:
                continue
            if kind == "averages":
                said["average"] = edge
            elif kind == "percent":
                said["percent"] = edge
            elif kind != "silent":
                said["part"] = {"std": "std", "ci_low": "ci/low", "ci_high": "ci/high"}[kind]
            return "_".join(left)
    return None


@lru_cache(maxsize=20_000)
def names_more(label: str, name: str) -> bool:
    """Return whether a label tells two figures of one metric apart. A synonym of the metric does not."""
    said, found = words(label), metric_key(label)
    return said in _QUALIFIED or (found is None or found.name != name)


@lru_cache(maxsize=20_000)
def split_of(key: str) -> str | None:
    """Return the split that a key names, without words such as set and metrics (`test`, `metrics_test`, `validation_set`)."""
    said: dict[str, str] = {}
    rest = parted(words(key))
    while rest not in SPLITS:
        stripped = _strip(rest, said) if "_" in rest else None
        if stripped is None:
            return None
        rest = stripped
        if said.get("split") and all(token in _MODIFIERS or token == "score" for token in rest.split("_")):
            return said["split"]
    return SPLITS[rest] if _agree(said.get("split"), SPLITS[rest]) else None


def _agree(before: str | None, now: str) -> bool:
    return before in (None, now) or "cross_validation" in (before, now)


@lru_cache(maxsize=20_000)
def rows_of(key: str) -> str | None:
    """Return the split whose rows a key counts (`n_train`, `test_size`, `X_train_rows`), or None."""
    tokens = parted(words(key)).split("_")
    for length in (3, 2, 1):
        for start in range(len(tokens) - length + 1):
            split = SPLITS.get("_".join(tokens[start : start + length]))
            rest = [*tokens[:start], *tokens[start + length :]]
            if split and rest and all(token in _COUNT for token in rest):
                return split
    return None


@lru_cache(maxsize=20_000)
def names_algorithm(key: str) -> bool:
    """Return whether it looks like the name of a kind of model (`Random Forest`, `xgb_v2`, `XGBClassifier`)."""
    tokens = words(key).split("_")
    return (
        words(key) in _ABBREVIATION
        or words(key).replace("_", "").startswith(_NETS)
        or any(token in _ALGORITHM for token in tokens if token not in ("model", "lr", "linear", "regression"))
        or (len(tokens) > 1 and {"linear", "regression", "model"} & set(tokens) != set() and metric_key(key) is None)
    )


@lru_cache(maxsize=20_000)
def algorithm_prefix(key: str) -> tuple[str, str] | None:
    """`rf_test_auc` -> `("rf", "test_auc")`: a metric with a kind of model's name before or after it."""
    tokens = words(key).split("_")
    for length in (2, 1):
        for name, rest in (("_".join(tokens[:length]), tokens[length:]), ("_".join(tokens[-length:]), tokens[:-length])):
            if name in _ABBREVIATION and rest and metric_key("_".join(rest)):
                return name, "_".join(rest)
    return None


@lru_cache(maxsize=20_000)
def section(key: str, *kinds: str) -> bool:
    """Return whether the key is a heading of this kind of part."""
    said = words(key)
    return any(said in SECTIONS[kind] for kind in kinds)
