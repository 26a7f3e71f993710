"""Turns a request's inputs into the model's numbers, in its order. JSON Pointers name the values that do not fit."""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from backend.catalog.categories import Codes, code_of, codes_of, text_of
from schemas.common import Issue
from schemas.inference import Inputs
from schemas.model_document import Feature

NAN = math.nan
NUMBER_TYPES = frozenset({float, int})
NUMERIC = frozenset({"number", "integer"})
EXACT_INTEGERS = 2**53
NO_CATEGORIES: Mapping[str, Sequence[Any]] = {}
MOST_INPUT_ISSUES = 200
"""Most problems listed in one refusal."""
MOST_CHARACTERS = 20_000


class UnfitValue(Exception):
    """The value does not fit the feature; the message says what it takes."""


class UnknownCategory(UnfitValue):
    """The value is none of the artifact's categories. The model takes it as missing, if the group allows that."""


@dataclass(frozen=True)
class FeatureSpec:
    """How to read one feature from a request. A category's number is its place in the document's list. A `spoken` feature may be text, and has no number."""

    name: str
    type: str
    required: bool
    categories: Codes
    spoken: bool = False
    valued: bool = False
    """Whether the artifact knows its categories by value. Numbers and truth values among them are then categories, never codes."""

    def number(self, value: Any) -> float:
        """Return the value for the model. Raises Unfit."""
        if self.spoken and self.type == "text":
            return self._text(value)
        if self.type == "category" and (self.categories or self.valued):
            return self._category(value)
        if self.type == "boolean" and isinstance(value, bool):
            return float(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnfitValue(f"{_a(self.type)} is expected here, not {_said(value)}")
        try:
            number = float(value)
        except OverflowError:
            raise UnfitValue("this number is too large") from None
        if not math.isfinite(number):
            raise UnfitValue("a finite number is expected here")
        if self.type == "integer" and not number.is_integer():
            raise UnfitValue(f"a whole number is expected here, not {value}")
        if self.type == "boolean" and number not in (0.0, 1.0):
            raise UnfitValue(f"true or false is expected here, not {value}")
        return number

    def _text(self, value: Any) -> float:
        if not isinstance(value, str):
            raise UnfitValue(f"text is expected here, not {_said(value)}")
        if len(value) > MOST_CHARACTERS or "\x00" in value:
            raise UnfitValue(f"text of at most {MOST_CHARACTERS:,} characters, without NUL, is expected here")
        return NAN

    def _category(self, value: Any) -> float:
        found = code_of(self.categories, value) if self.valued or isinstance(value, str) else None
        if found is None:
            shown = ", ".join(text_of(name) for _, name in list(self.categories)[:20])
            raise (UnknownCategory if self.valued else UnfitValue)(f"one of {shown} is expected here, not {_said(value)}")
        return found


@dataclass(frozen=True)
class Encoded:
    """A row of numbers in the model's order, the problems, the missing required features, and the unknown categories (NaN in the row)."""

    row: list[float]
    unfit: list[Issue]
    missing: list[str]
    unknown: list[Issue] = field(default_factory=list)


def specs_of(
    names: Sequence[str],
    document: Sequence[Feature],
    spoken: bool = False,
    categories: Mapping[str, Sequence[Any]] = NO_CATEGORIES,
    missing: Collection[str] = (),
) -> list[FeatureSpec]:
    """Return how to read each of an artifact's features, by the document. A feature without a description is a required number.

    A `spoken` artifact is a language model: its text features are text. `categories` are those that the artifact knows by value. Features in `missing` accept
    missing values: they are optional unless the document says otherwise.
    """
    said = {feature.name: feature for feature in document}
    return [_spec(said.get(name) or Feature(name=name), spoken, categories.get(name), name in missing) for name in names]


def encode(specs: Sequence[FeatureSpec], inputs: Inputs, pointer: str) -> Encoded:
    """Read the inputs. `null` counts as absent."""
    row: list[float] = []
    unfit: list[Issue] = []
    missing: list[str] = []
    unknown: list[Issue] = []
    for spec in specs:
        value = inputs.get(spec.name)
        if type(value) is float and spec.type == "number" and math.isfinite(value):  # the usual case
            row.append(value)
        elif value is None:
            if spec.required:
                missing.append(spec.name)
            row.append(NAN)
        else:
            try:
                row.append(spec.number(value))
            except UnknownCategory as error:
                unknown.append(Issue(pointer=f"{pointer}/{escaped(spec.name)}", message=str(error)))
                row.append(NAN)
            except UnfitValue as error:
                unfit.append(Issue(pointer=f"{pointer}/{escaped(spec.name)}", message=str(error)))
    return Encoded(row, unfit, missing, unknown)


Plain = Callable[[Inputs], list[float] | None]
"""Reads a request whose features are all present and plain numbers, the usual case. None means that `encode` must look."""


def plain_reader(specs: Sequence[FeatureSpec]) -> Plain:
    """Return a reader of all features of a request at once. It always returns None when some features are no numbers."""
    if len(specs) < 2 or any(spec.type not in ("number", "integer") for spec in specs):
        return lambda _: None
    take = itemgetter(*(spec.name for spec in specs))
    whole = [at for at, spec in enumerate(specs) if spec.type == "integer"]

    def read(inputs: Inputs) -> list[float] | None:
        try:
            values = take(inputs)
            if not NUMBER_TYPES.issuperset(map(type, values)) or not math.isfinite(sum(values)):
                return None
            row = list(map(float, values))
        except (KeyError, OverflowError):
            return None
        return row if all(row[at].is_integer() for at in whole) else None

    return read


def lacking(specs: Sequence[FeatureSpec], inputs: Inputs) -> list[str]:
    """Return the required features that are absent or null in the inputs."""
    return [spec.name for spec in specs if spec.required and inputs.get(spec.name) is None]


def check_others(
    known: Mapping[str, FeatureSpec], read: frozenset[str], inputs: Inputs, pointer: str, *, unknown_categories: bool = False
) -> tuple[list[Issue], list[Issue]]:
    """Check inputs that the chosen version does not read: unknown to every version, or unfit for the version that reads them.

    With `unknown_categories`, a category that no version knows is accepted.
    """
    unknown: list[Issue] = []
    unfit: list[Issue] = []
    for name in inputs.keys() - read:
        if len(unknown) + len(unfit) >= MOST_INPUT_ISSUES:
            break
        spec, value = known.get(name), inputs[name]
        if spec is None:
            at = f"{pointer}/{escaped(name)}"
            unknown.append(Issue(pointer=at[:300], message=f"no version of this group takes {name[:100]!r}{_advice(name)}"))
        elif value is not None and not _is_plain(spec, value):
            try:
                spec.number(value)
            except UnfitValue as error:
                if not (unknown_categories and isinstance(error, UnknownCategory)):
                    unfit.append(Issue(pointer=f"{pointer}/{escaped(name)}", message=str(error)))
    return unknown, unfit


def _is_plain(spec: FeatureSpec, value: Any) -> bool:
    """Return whether the value fits without a closer look, as most do: a finite float, or a whole number that a float holds exactly."""
    if type(value) is float:
        return spec.type == "number" and math.isfinite(value)
    return type(value) is int and spec.type in NUMERIC and -EXACT_INTEGERS <= value <= EXACT_INTEGERS


def _advice(name: str) -> str:
    """Return advice for an input that looks like an identifier."""
    words = name.lower().replace("-", "_").split("_")
    return "; send the subject of a request as `entity_key`, your own id as `correlation_id`" if words[-1] in ("id", "key", "number", "no") else ""


def escaped(name: str) -> str:
    """Return a name escaped for a JSON Pointer (RFC 6901).

    >>> escaped("income/debt")
    'income~1debt'
    """
    return name.replace("~", "~0").replace("/", "~1")


def _spec(feature: Feature, spoken: bool, values: Sequence[Any] | None, optional: bool) -> FeatureSpec:
    required = not optional if feature.required is None else feature.required
    if values is not None:
        return FeatureSpec(feature.name, "category", required, codes_of(values), spoken, valued=True)
    categories = codes_of(feature.categories) if feature.type == "category" else {}
    return FeatureSpec(feature.name, feature.type, required, categories, spoken)


def _a(kind: str) -> str:
    return {"boolean": "true or false", "integer": "a whole number", "category": "a category's number"}.get(kind, "a number")


def _said(value: Any) -> str:
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return str(value)[:40]
