"""Every transform can be traced back: whatever a number is written like, the document has that number with the words it came from, or a question."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.importing.apply import apply
from backend.importing.pointers import resolve, steps
from backend.importing.preview import preview
from backend.importing.rules import decoded
from backend.importing.statistics_in_text import STATISTICS
from backend.importing.transforms import TRANSFORMS
from tests.backend.importing.invariants import hold

SETTINGS = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
whole = st.integers(2, 99_999_999)
fraction = st.decimals(Decimal("0.0001"), Decimal("0.9999"), places=4)


def grouped(number: int, mark: str) -> str:
    return f"{number:,}".replace(",", mark)


COUNTS = [
    lambda n: str(n),
    lambda n: grouped(n, ","),
    lambda n: grouped(n, "."),
    lambda n: grouped(n, "'"),
    lambda n: grouped(n, " "),
    lambda n: grouped(n, "\u202f"),
    lambda n: f"{grouped(n, ',')} customers",
    lambda n: f"about {grouped(n, ',')} rows",
    lambda n: f"n = {n} (after cleaning)",
]
FIGURES = [
    lambda d: str(d),
    lambda d: str(d).replace(".", ","),
    lambda d: f"{d * 100} %",
    lambda d: f"{str(d * 100).replace('.', ',')}%",
    lambda d: f"{d} (strong)",
    lambda d: f"AUC = {d} on the test set",
    lambda d: f"+{d}",
]


def taken(source: str, target: str, transform: str, **more: Any) -> tuple[Any, str | None, list[Any]]:
    """What a rule makes of a text, how, and the readings that are asked about."""
    rule = {"kind": "scalar", "source": "/said", "target": target, "transform": transform, **more}
    found = apply(decoded([rule]), {"said": source})
    value = found.single.get(target)
    asked = [claim.value for one in found.contradictions for claim in one.claims]
    return (value.value, value.transform, asked) if value else (None, None, asked)


@SETTINGS
@given(whole, st.sampled_from(COUNTS))
def test_a_count_is_the_number_that_was_written(number: int, written: Any) -> None:
    said = written(number)
    value, how, asked = taken(said, "/training/dataset/rows", "count")
    assert value == number or 1900 <= number <= 2099, (said, value, asked)
    assert value is None or TRANSFORMS[str(how)](said) == value


@SETTINGS
@given(fraction, st.sampled_from(FIGURES))
def test_a_figure_is_the_number_that_was_written(number: Decimal, written: Any) -> None:
    said = written(number)
    value, how, asked = taken(said, "/task/threshold", "quantity")
    assert value == float(number) or float(number) in asked, (said, value, asked)
    assert value is None or TRANSFORMS[str(how)](said) == value


@SETTINGS
@given(st.dictionaries(st.sampled_from(STATISTICS), st.decimals(-9999, 9999, places=2), min_size=2), st.sampled_from([", ", "; ", " / ", "\n"]))
def test_statistics_in_a_sentence_are_those_that_were_written(given_: dict[str, Decimal], between: str) -> None:
    words = {"mean": "mean", "std": "sd =", "min": "min:", "max": "max", "median": "median is"}
    document = {"model_name": "m", "auc": 0.8, "features": ["age"], "feature_statistics": {"age": between.join(f"{words[n]} {v}" for n, v in given_.items())}}
    found = preview(json.dumps(document).encode(), "file.json")
    hold(found, document)
    assert found.document is not None
    assert found.document["features"][0].get("stats") == {name: float(value) for name, value in given_.items()}
    for target, transform in found.transforms.items():
        if transform.endswith("_in_text"):
            assert TRANSFORMS[transform](resolve(document, steps(found.provenance[target]))) == resolve(found.document, steps(target))
