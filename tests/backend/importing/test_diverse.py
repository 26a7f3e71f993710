"""Files as teams of different habits write them, labelled part by part: what is missed, what is wrong, and which hold several models or none."""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.importing.preview import preview
from tests.backend.importing.invariants import hold
from tests.backend.importing.strict import Judged, judged

FIXTURES = Path(__file__).parent / "fixtures"
CASES: dict[str, dict[str, Any]] = {
    f"{folder}/{path.stem}": json.loads(path.read_text()) for folder in ("diverse", "held_out") for path in sorted((FIXTURES / folder).glob("*.json"))
}
RECALL = 0.95


def verdict(case: dict[str, Any]) -> Judged:
    return judged(preview(json.dumps(case["document"]).encode(), "file.json"), case["gold"], case["document"])


@pytest.mark.parametrize("name", CASES)
def test_nothing_wrong_is_said_and_each_file_is_known_for_what_it_is(name: str) -> None:
    case = CASES[name]
    found = preview(json.dumps(case["document"]).encode(), "file.json")
    assert sorted(found.several_models or []) == sorted(case["several"] or [])
    assert (found.document is not None) == case["model"]
    assert found.contradictions == []
    hold(found, case["document"])
    if case["model"]:
        assert verdict(case).wrong == []


@pytest.mark.parametrize("folder", ["diverse", "held_out"])
def test_nearly_all_that_a_file_says_finds_its_place(folder: str) -> None:
    found = [verdict(case) for name, case in CASES.items() if name.startswith(f"{folder}/") and case["model"]]
    asked, missed = sum(one.asked for one in found), [label for one in found for label in one.missed]
    assert len(missed) <= asked * (1 - RECALL), missed


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["several"]])
def test_each_model_of_a_file_with_several_can_be_picked_and_is_not_blended_with_another(name: str) -> None:
    case = CASES[name]
    sources: list[set[str]] = []
    for model in case["several"]:
        found = preview(json.dumps(case["document"]).encode(), "file.json", model)
        assert found.picked == model
        assert found.document is not None
        hold(found, case["document"])
        sources.append({source for target, source in found.provenance.items() if target.endswith("/value") and target.startswith("/metrics/")})
        assert sources[-1]
    assert len(set.union(*sources)) == sum(map(len, sources))
