"""Reads the importance of features: importances, coefficients, mean SHAP values, in the shapes that occur in files."""

from typing import Any, Final

from backend.importing.matcher.draft import Context, Draft
from backend.importing.pointers import Path, text
from backend.importing.transforms import is_number
from backend.importing.vocabulary import FIELDS, section, split_of, words
from schemas.mapping import MappingPart, MappingRule, Transform

CONSTANT: Final = ["const", "intercept", "(intercept)", "bias", "constant", "_intercept"]
"""Keys among coefficients that are not features."""
_SURE: Final = ("feature", "coef", "importance", "shap", "varimp", "variable")
_METHODS: Final = (("coef", "coefficient"), ("shap", "shap"), ("permutation", "permutation"), ("gain", "gain"), ("split", "split"))


def method_of(*keys: str) -> str:
    """Return the method of measurement in the keys (`permutation_importance` -> permutation)."""
    said = " ".join(words(key) for key in keys)
    return next((method for word, method in _METHODS if word in said), "importance")


def entry(draft: Draft, key: str, value: Any, path: Path, context: Context) -> bool:
    """Read a container of importances."""
    if not section(key, "importance") and not (words(key).endswith(("feature_importance", "feature_importances", "coefficients"))):
        return False
    if draft.several and context.shared:
        return True
    found = _map(draft, key, value, path) if isinstance(value, dict) else _list(draft, key, value, path)
    if found:
        draft.says("importance", 1)
    return found


def _sure(draft: Draft, key: str, names: list[str]) -> bool:
    """Return whether the keys are features. If the heading leaves it open, the known features decide."""
    if any(name.isdigit() for name in names) or not names:
        return False
    known = sum(name in draft.names for name in names)
    return known * 2 >= len(names) or any(word in words(key) for word in _SURE)


def _parts(name: MappingPart, value: str, method: str, transform: Transform | None, low: str | None = None, high: str | None = None) -> list[MappingPart]:
    ends = [("low", low), ("high", high)]
    interval = [MappingPart(target=f"importance/0/ci/{end}", source=text((source,))[1:]) for end, source in ends if low and high and source]
    return [
        name,
        MappingPart(target="importance/0/method", const=method),
        MappingPart(target="importance/0/value", source=value, transform=transform),
        *interval,
    ]


def _map(draft: Draft, key: str, value: dict[str, Any], path: Path) -> bool:
    numbers = [name for name, one in value.items() if is_number(one)]
    if numbers and len(numbers) * 10 >= len(value) * 9:
        if not _sure(draft, key, numbers):
            return False
        parts = _parts(MappingPart(target="name", key=1), "", method_of(key), "number")
        draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, skip=CONSTANT))
        return True
    return _table(draft, key, value, path) or _details(draft, key, value, path) or _methods(draft, key, value, path)


def _table(draft: Draft, key: str, value: dict[str, Any], path: Path) -> bool:
    """Read a table by column: a column of names beside one of numbers."""
    columns = {words(name): name for name, one in value.items() if isinstance(one, (list, dict)) and one}
    name = next((columns[one] for one in FIELDS["importance_name"] if one in columns), None) or next(
        (columns[one] for one in ("features", "names") if one in columns), None
    )
    amount = next((columns[one] for one in (*FIELDS["importance"], "importances", "values", "scores", "coefficients") if one in columns), None)
    if name is None or amount is None or len(value[name]) != len(value[amount]):
        return False
    cells = value[name] if isinstance(value[name], list) else list(value[name].values())
    if not all(isinstance(one, str) for one in cells):
        return False
    parts = _parts(MappingPart(target="name", source=text((name,))[1:]), text((amount,))[1:], method_of(key, amount), "number")
    kind = "zip" if isinstance(value[name], list) else "columnar"
    if kind == "columnar":
        parts = _parts(MappingPart(target="name", source=name), amount, method_of(key, amount), "number")
    draft.details.append(MappingRule(kind=kind, source=text(path), target="/features/*", parts=parts, skip=CONSTANT))  # type: ignore[arg-type]
    return True


def _details(draft: Draft, key: str, value: dict[str, Any], path: Path) -> bool:
    """Read `{"age": {"coefficient": 0.2, "ci_lower": 0.1, "ci_upper": 0.3}, …}`."""
    rows = [one for one in value.values() if isinstance(one, dict)]
    if not rows or len(rows) != len(value):
        return False
    fields = {words(name): name for name in rows[-1]}
    amount = next((fields[one] for one in FIELDS["importance"] if one in fields and is_number(rows[-1][fields[one]])), None)
    if amount is None or not _sure(draft, key, list(value)):
        return False
    low, high = (next((fields[one] for one in FIELDS[end] if one in fields), None) for end in ("ci_low", "ci_high"))
    parts = _parts(MappingPart(target="name", key=1), text((amount,))[1:], method_of(key, amount), "number", low, high)
    draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, skip=CONSTANT))
    return True


def _methods(draft: Draft, key: str, value: dict[str, Any], path: Path) -> bool:
    """Read several methods side by side: `{"gain": {…}, "permutation": […]}`."""
    inner = [(name, one) for name, one in value.items() if isinstance(one, (dict, list)) and split_of(name) is None]
    found = [
        _map(draft, f"{key}_{name}", one, (*path, name)) if isinstance(one, dict) else _list(draft, f"{key}_{name}", one, (*path, name)) for name, one in inner
    ]
    return any(found)


def _list(draft: Draft, key: str, value: list[Any], path: Path) -> bool:
    rows = [row for row in value if isinstance(row, dict)]
    if rows and len(rows) == len(value):
        fields = {words(name): name for row in rows for name in row}
        name = next((fields[one] for one in FIELDS["importance_name"] if one in fields and all(isinstance(row.get(fields[one]), str) for row in rows)), None)
        amount = next((fields[one] for one in FIELDS["importance"] if one in fields and all(is_number(row.get(fields[one])) for row in rows)), None)
        if name is None or amount is None:
            return False
        low, high = (next((fields[one] for one in FIELDS[end] if one in fields), None) for end in ("ci_low", "ci_high"))
        parts = _parts(MappingPart(target="name", source=text((name,))[1:]), text((amount,))[1:], method_of(key, amount), "number", low, high)
        draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, skip=CONSTANT))
        return True
    if value and all(isinstance(row, list) and len(row) == 2 and isinstance(row[0], str) and is_number(row[1]) for row in value):
        parts = _parts(MappingPart(target="name", source="0"), "1", method_of(key), "number")
        draft.details.append(MappingRule(kind="pairs", source=f"{text(path)}/*", target="/features/*", parts=parts, skip=CONSTANT))
        return True
    return False
