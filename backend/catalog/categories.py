"""Categories that an artifact stores by value, and their codes, as pandas and LightGBM encode them."""

from collections.abc import Mapping, Sequence
from typing import Any

from schemas.common import Issue
from schemas.model_document import Feature, ModelDocument

Codes = Mapping[tuple[str, Any], float]


def codes_of(values: Sequence[Any]) -> Codes:
    """Return the code of each value: its place among the artifact's categories. Numbers, texts and truth values stay distinct: 1 is not "1"."""
    codes: dict[tuple[str, Any], float] = {}
    for place, value in enumerate(values):
        codes.setdefault(_key(value), float(place))
    return codes


def code_of(codes: Codes, value: Any) -> float | None:
    """Return a value's code; None for a value that is no category.

    4 and 4.0 are one value. When the categories are numbers or truth values, a text is read as one: some protocols send only texts.

    >>> codes = codes_of([1, 2, 4])
    >>> code_of(codes, 4), code_of(codes, 4.0), code_of(codes, "4"), code_of(codes, 3)
    (2.0, 2.0, 2.0, None)
    """
    if not isinstance(value, str | int | float):
        return None
    found = codes.get(_key(value))
    if found is None and isinstance(value, bool):
        return codes.get(("number", float(value)))
    if found is None and isinstance(value, str):
        return codes.get(_as_number(value)) if value.lower() not in ("true", "false") else codes.get(("truth", value.lower() == "true"))
    return found


def text_of(value: Any) -> str:
    """Return a category as a document writes it.

    >>> text_of(4), text_of(4.0), text_of(True), text_of("west")
    ('4', '4', 'true', 'west')
    """
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def assigned(lists: Sequence[Sequence[Any]], features: Sequence[str], infos: Sequence[str], document: ModelDocument) -> dict[str, list[Any]] | None:
    """Return the category list of each feature of a LightGBM file; None when neither the file nor the document assigns them.

    The lists are in the order of the columns. `infos` are the file's `feature_infos`: for a categorical feature the codes that occurred, as `2:0:1`. When their
    number differs from the number of lists, the document's features of type category decide (LightGBM splits an ordered category like a number).
    """
    by_file = [name for name, info in zip(features, infos, strict=True) if ":" in info and not info.startswith("[")]
    said = {feature.name for feature in document.features if feature.role == "input" and feature.type == "category"}
    by_document = [name for name in features if name in said]
    for found in (by_file, by_document):
        if len(found) == len(lists) and all(
            _within(dict(zip(features, infos, strict=True))[name], len(values)) for name, values in zip(found, lists, strict=True)
        ):
            return {name: list(values) for name, values in zip(found, lists, strict=True)}
    return None


def told(document: ModelDocument, categories: Mapping[str, Sequence[Any]]) -> list[Issue]:
    """Return warnings where the document's categories differ from the artifact's. The artifact's count."""
    found = []
    for at, feature in enumerate(document.features):
        if feature.name not in categories:
            continue
        own = [text_of(value) for value in categories[feature.name]]
        if feature.categories and feature.categories != own:
            how = "another order" if sorted(feature.categories) == sorted(own) else "other values"
            message = f"the document lists {how} of categories than the artifact; the artifact's count: {_shown(own)}"
            found.append(Issue(pointer=f"/features/{at}/categories", message=message))
        elif feature.type != "category":
            found.append(
                Issue(pointer=f"/features/{at}/type", message=f"the document says {feature.type}; to the artifact these are categories: {_shown(own)}")
            )
    return found


def described(features: Sequence[Feature], categories: Mapping[str, Sequence[Any]]) -> list[Feature]:
    """Return the features with the artifact's categories."""

    def one(feature: Feature) -> Feature:
        if feature.name not in categories:
            return feature
        return Feature(
            **{name: getattr(feature, name) for name in feature.__struct_fields__ if name not in ("type", "categories")},
            type="category",
            categories=[text_of(value) for value in categories[feature.name]],
        )

    return [one(feature) for feature in features]


def _key(value: Any) -> tuple[str, Any]:
    if isinstance(value, bool):
        return "truth", value
    return ("text", value) if isinstance(value, str) else ("number", float(value))


def _as_number(text: str) -> tuple[str, Any]:
    try:
        return "number", float(text)
    except ValueError:
        return "text", text


def _within(info: str, count: int) -> bool:
    """Return whether all codes of a feature fit this number of categories."""
    try:
        return all(float(code) < count for code in info.strip("[]").split(":")) if info != "none" else True
    except ValueError:
        return False


def _shown(own: Sequence[str]) -> str:
    return ", ".join(own[:20]) + (", …" if len(own) > 20 else "")
