"""Reads a model's inputs: lists of names, maps from name to type or statistics, rows with details."""

import re
from typing import Any, Final

from backend.importing.matcher.draft import GUESSED, Context, Draft
from backend.importing.matcher.importance import CONSTANT, method_of
from backend.importing.pointers import Path, items, leaves, resolve, text
from backend.importing.several.speaks import has_metrics
from backend.importing.statistics_in_text import statistics_in
from backend.importing.transforms import Refused, feature_type, is_number
from backend.importing.vocabulary import FIELDS, LISTS, section, words
from schemas.common import Json
from schemas.mapping import MappingPart, MappingRule

_TYPED: Final = (
    ("category", re.compile(r"(?:^|_)(categorical|categoricals|cat|cats|nominal|ordinal|binary|onehot|one_hot)(?:_|$)")),
    ("number", re.compile(r"(?:^|_)(numeric|numerical|numericals|num|nums|continuous|scaled|scale)(?:_|$)")),
    ("boolean", re.compile(r"(?:^|_)(boolean|bool|flag|flags)(?:_|$)")),
    ("text", re.compile(r"(?:^|_)text(?:_|$)")),
)
_KINDS: Final = ("number", "category", "boolean", "text")
_NAMES: Final = re.compile(r"(?:^|_)(features|feature_names|columns|cols|predictors|variables|vars|inputs|covariates|regressors|fields|names|list)(?:_|$)")
_OTHERS: Final = re.compile(
    r"(?:^|_)(drop|dropped|removed|remove|excluded|exclude|ignored|ignore|unused|target|targets|id|ids|date|dates|label|labels|leak|leakage|top|important|new"
    r"|derived|missing|key|keys|sensitive|protected|potential|correlated|constant|index|output|outputs|engineered|created|added|dummy|interaction|polynomial"
    r"|interactions|outlier|outliers|log|transformed|null|skewed|rare|class|classes|metric|metrics|model|models|discarded|rejected|not|raw|original|monitored|drift"
    r"|excludes|omitted|blacklist|forbidden|timestamp|timestamps|group|groups|weight)(?:_|$)"
)
_MATTERS: Final = ("importance", "feature_importance", "importance_score", "coefficient", "coef", "beta", "mean_abs_shap", "gain", "shap_value")
_HEADS: Final = ("columns", "header", "headers", "column_names", "fields")
_STATS: Final = ("mean", "std", "min", "max", "median", "missing_rate")


def typed_as(key: str) -> str | None:
    """Return the type in the key of a list of features (`numeric_cols` -> number)."""
    said = words(key)
    known = LISTS.get(said)
    return known if known in _KINDS else next((kind for kind, pattern in _TYPED if pattern.search(said)), None)


def names_in(value: Json) -> bool:
    """Return whether this is a list of distinct names."""
    return (
        isinstance(value, list)
        and 0 < len(value) <= 20_000
        and all(isinstance(one, str) and 0 < len(one) <= 200 for one in value)
        and len(set(value)) == len(value)
    )


def known_names(tree: Json) -> set[str]:
    """Return all names in lists that are clearly of features. They identify a map from feature to number."""
    found: set[str] = set()
    waiting: list[tuple[str, Json, int]] = [("", tree, 0)]
    while waiting:
        key, node, depth = waiting.pop()
        if isinstance(node, dict) and depth < 5:
            waiting += [(name, below, depth + 1) for name, below in node.items() if isinstance(below, (dict, list))]
        elif names_in(node) and (LISTS.get(words(key)) == "features" or (_NAMES.search(words(key)) and not _OTHERS.search(words(key)))):
            found |= set(node)
    return found


def _is_table(parent: Json) -> bool:
    """Return whether these are the column names of a table of results beside them."""
    return any(isinstance(value, list) and value and isinstance(value[0], list) for _, value in items(parent))


def listed(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Read a list of features' names: all of them, or those of one type."""
    said, inside = words(key), context.local == "features"
    if not names_in(value) or _OTHERS.search(said):
        return False
    if said in _HEADS and _is_table(resolve(draft.tree, path[:-1])):
        return False
    kind, meaning = typed_as(key), LISTS.get(said)
    if kind and (inside or meaning in _KINDS or _NAMES.search(said)):
        named = MappingPart(target="name", transform=None)
        draft.typed.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=[named, MappingPart(target="type", const=kind)]))
        draft.says("features", 1)
        return True
    rank = 0 if meaning == "features" and said != "columns" else 30 if meaning == "features" else GUESSED
    if (meaning == "features" and (context.model or inside or context.local == "dataset")) or (_NAMES.search(said) and (context.model or inside)):
        draft.features.append((rank, MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=[MappingPart(target="name")])))
        draft.says("features", 1)
        return True
    if inside and meaning is None:
        draft.typed.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=[MappingPart(target="name")]))
        return True
    return False


def rows(draft: Draft, key: str, value: list[Any], path: Path, context: Context) -> bool:
    """Read features as objects: `[{"name": "age", "type": "int"}, …]`."""
    given = [row for row in value if isinstance(row, dict)]
    if not given or len(given) != len(value) or not (LISTS.get(words(key)) == "features" or (context.local == "features" and not _OTHERS.search(words(key)))):
        return False
    fields = {words(name): name for row in given for name in row}
    name = next((fields[one] for one in FIELDS["name"] if one in fields and all(isinstance(row.get(fields[one]), str) for row in given)), None)
    if name is None:
        return False
    parts = [MappingPart(target="name", source=text((name,))[1:]), *_details(given[0], fields)]
    skip = CONSTANT if any(part.target.startswith("importance/") for part in parts) else []
    draft.features.append((0, MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, skip=skip)))
    draft.names |= {row[name] for row in given}
    draft.says("features", 1)
    return True


def _details(row: dict[str, Any], fields: dict[str, str]) -> list[MappingPart]:
    parts = []
    for target in ("type", "description", "unit", "required", "sensitive", "categories"):
        field = next((fields[one] for one in FIELDS[target] if one in fields), None)
        if field is not None:
            inside = text((field,))[1:] + ("/*" if target == "categories" else "")
            parts.append(
                MappingPart(target=target, source=inside, transform="feature_type" if target == "type" else "text" if target == "categories" else None)
            )
    for target in _STATS:
        field = next((fields[one] for one in FIELDS[target] if one in fields and is_number(row.get(fields[one]))), None)
        if field is not None:
            parts.append(MappingPart(target=f"stats/{target}", source=text((field,))[1:], transform="number"))
    told = next((fields[one] for one in ("stats", "statistics", "summary", "distribution") if one in fields and isinstance(row.get(fields[one]), str)), None)
    parts += _in_sentence(statistics_in(row[told]), text((told,))[1:]) if told is not None else []
    field = next((fields[one] for one in _MATTERS if one in fields and is_number(row.get(fields[one]))), None)
    if field is not None:
        parts += [
            MappingPart(target="importance/0/method", const=method_of(field)),
            MappingPart(target="importance/0/value", source=text((field,))[1:], transform="number"),
        ]
    return parts


def entry(draft: Draft, key: str, value: dict[str, Any], path: Path, context: Context) -> bool:
    """Read a map from feature to its type, its statistics, or all facts about it."""
    if (
        LISTS.get(words(key)) == "levels"
        and value
        and all(isinstance(one, list) and all(isinstance(each, (str, int)) for each in one) for one in value.values())
    ):
        parts = [MappingPart(target="name", key=1), MappingPart(target="categories", source="*", transform="text")]
        draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, existing=bool(draft.names)))
        draft.says("features", 0.5)
        return True
    if section(key, "features", "stats") and value and (said := _told(value)):
        parts = [MappingPart(target="name", key=1), *_in_sentence(said, "")]
        known = section(key, "stats") or bool(draft.names)
        draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, existing=known))
        draft.says("features", 0.5)
        return True
    if not value or not section(key, "features", "stats", "types") or any(isinstance(one, list) for one in value.values()):
        return False
    if isinstance(value.get("properties"), dict):
        return _by_name(draft, value["properties"], (*path, "properties"))
    if all(isinstance(one, str) for one in value.values()) and all(_is_type(one) for one in value.values()):
        parts = [MappingPart(target="name", key=1), MappingPart(target="type", transform="feature_type")]
        strong = section(key, "features") and (context.model or context.local == "features") and words(key) != "columns"
        draft.details.append(MappingRule(kind="rows", source=f"{text(path)}/*", target="/features/*", parts=parts, existing=not strong))
        draft.says("features", 0.5)
        return True
    return all(isinstance(one, dict) for one in value.values()) and _by_name(draft, value, path, existing=section(key, "stats"))


def _told(value: dict[str, Any]) -> list[str]:
    """Return the statistics that all of a map's sentences give: `{"age": "mean 35.2, sd 4.1", …}`; none if some text is no such sentence."""
    given = [statistics_in(one) if isinstance(one, str) else [] for one in value.values()]
    return list(dict.fromkeys(name for names in given for name in names)) if all(given) else []


def _in_sentence(names: list[str], source: str) -> list[MappingPart]:
    return [MappingPart(target=f"stats/{name}", source=source, transform=f"{name}_in_text") for name in names]  # type: ignore[arg-type]


def _is_type(value: str) -> bool:
    try:
        return bool(feature_type(value))
    except Refused:
        return words(value) in ("datetime64", "datetime", "date", "datetime64_ns", "timestamp")


def _by_name(draft: Draft, value: dict[str, Any], path: Path, existing: bool = False) -> bool:
    """Read `{"age": {"type": "int", "min": 18}, …}`. The keys are names, unless they look like headings of a part."""
    given = [row for row in value.values() if isinstance(row, dict)]
    fields = {words(name): name for row in given for name in row}
    details = _details({name: found for row in given for name, found in row.items()}, fields)
    if not details or any(has_metrics(row, 0) & {"precision", "recall", "roc_auc"} for row in given):
        return False
    draft.details.append(
        MappingRule(
            kind="rows",
            source=f"{text(path)}/*",
            target="/features/*",
            parts=[MappingPart(target="name", key=1), *details],
            existing=existing or bool(draft.names),
        )
    )
    draft.says("features", 0.5)
    return True


def whole(draft: Draft, node: dict[str, Any], path: Path, context: Context) -> None:
    """Read figures beside the names that they belong to: `feature_names` and `feature_importances` (or `coefficients`) of one length."""
    if not isinstance(node, dict):
        return
    columns = {words(key): key for key, value in node.items() if isinstance(value, list) and value}
    names = next((columns[one] for one in columns if LISTS.get(one) == "features" and names_in(node[columns[one]])), None)
    if names is None:
        return
    for said, key in columns.items():
        value = node[key]
        if (
            section(said, "importance")
            and len(value) == len(node[names])
            and all(is_number(one) for _, one in leaves(value))
            and len(list(leaves(value))) == len(value)
        ):
            method = "coefficient" if said.startswith("coef") or "coef" in said else "shap" if "shap" in said else "importance"
            parts = [
                MappingPart(target="name", source=text((names,))[1:]),
                MappingPart(target="importance/0/method", const=method),
                MappingPart(target="importance/0/value", source=text((key,))[1:], transform="number"),
            ]
            draft.details.append(MappingRule(kind="zip", source=text(path), target="/features/*", parts=parts))
            draft.says("importance", 1)
            draft.cells.add((*path, key))
