"""No file crashes or hangs the import, and none makes it say what the file does not say. `make fuzz-import CASES=100000` asks more often."""

import json
import os
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.errors import HubError
from backend.importing.parse import parse
from backend.importing.preview import preview
from backend.importing.rules import decoded
from backend.importing.vocabulary import CELLS, LISTS, METRICS, SECTIONS, SPLITS, STRONG, WEAK
from tests.backend.importing.invariants import hold

CASES = int(os.environ.get("CASES", "150"))
SECONDS = 1.0
FIXTURES = Path(__file__).parent / "fixtures"
SEEDS = [path.read_bytes() for folder in ("labelled", "published", "tools") for path in sorted((FIXTURES / folder).iterdir()) if path.stat().st_size < 12_000]

settings.register_profile("import", max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = sorted({*METRICS, *SPLITS, *STRONG, *WEAK, *LISTS, *CELLS, *(word for words in SECTIONS.values() for word in words)})
keys = st.sampled_from(WORDS) | st.tuples(st.sampled_from(sorted(SPLITS)), st.sampled_from(sorted(METRICS))).map("_".join) | st.text(max_size=12) | st.just("*")
values = (
    st.none() | st.booleans() | st.integers(-5, 10_000) | st.integers() | st.floats(0, 1) | st.floats() | st.text(max_size=20)
    | st.sampled_from(["0.83", "83%", "1,200", "NaN", "2025-01-01", "float64", "Random Forest", "binary:logistic", "test", "auc", "-", "=1+1", "{}", "[1]"])
)  # fmt: skip
trees = st.recursive(values, lambda inner: st.lists(inner, max_size=6) | st.dictionaries(keys, inner, max_size=8), max_leaves=60)


kinds = st.sampled_from(["scalar", "rows", "const", "zip", "pairs", "columnar", "confusion", "select", "split_from_key", "parse_json"])
sources = st.sampled_from(["", "/a", "/a/*", "/*/*", "/*/*/*/*", "//", "/~1", "/0"])
targets = st.sampled_from(["/name", "/metrics/*", "/features/*", "/training/hyperparameters", "/charts/*"])
parts = st.fixed_dictionaries({"target": st.sampled_from(["", "*", "name", "value", "fpr", "kind"]), "source": st.sampled_from(["", "0", "*", "/a/*", "/*/*"])})
mappings = st.lists(st.fixed_dictionaries({"kind": kinds, "source": sources, "target": targets, "parts": st.lists(parts, max_size=3)}), max_size=4)


def understood(content: bytes) -> None:
    started = time.process_time()
    try:
        found = preview(content, "f.json")
    except HubError as refused:
        found = None
        message = refused.message
    assert time.process_time() - started < SECONDS
    if found is None:
        assert len(message) > 10
        return
    hold(found, parse(content).tree)
    for model in (found.several_models or [])[:2]:
        hold(preview(content, "f.json", model), parse(content).tree)
    if found.document is not None and found.mapping:
        assert preview(content, "f.json", remembered=lambda _: decoded(found.mapping)).document == found.document


@settings(settings.get_profile("import"))
@given(trees)
def test_files_made_of_the_vocabulary_in_any_order_are_read_truthfully(tree: Any) -> None:
    understood(json.dumps(tree).encode())


@settings(settings.get_profile("import"))
@given(st.sampled_from(SEEDS), st.data())
def test_real_files_with_parts_cut_swapped_and_doubled_are_read_truthfully(seed: bytes, data: st.DataObject) -> None:
    start, end, at = (data.draw(st.integers(0, len(seed))) for _ in range(3))
    low, high = min(start, end), max(start, end)
    cut = data.draw(
        st.sampled_from([seed[:low] + seed[high:], seed[:at] + seed[low:high] + seed[at:], seed[:low], seed.replace(b"0", b"9"), seed.replace(b"_", b"*")])
    )
    understood(cut)


@settings(settings.get_profile("import"))
@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_answered(content: bytes) -> None:
    understood(content)


@settings(settings.get_profile("import"))
@given(mappings, trees)
def test_no_mapping_makes_a_file_say_more_than_it_does(rules: list[dict[str, Any]], tree: Any) -> None:
    try:
        sound = decoded(rules)
        content = json.dumps(tree).encode()
        found = preview(content, "f.json", remembered=lambda _: sound)
    except HubError:
        return
    hold(found, parse(content).tree)
