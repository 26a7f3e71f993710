"""A dictionary is enough: a stand-in that knows its words and nothing else maps documents as people write them in eight languages, from the prompt alone."""

import json
from collections.abc import Iterator
from typing import Any

from backend.importing.draft_state import DraftState, preview_of
from backend.importing.llm import prompt
from backend.importing.llm.check_rules import judge
from backend.importing.pointers import real, steps, text
from backend.importing.preview import preview, read, understand
from backend.importing.speech import Speech
from schemas.import_sharing import Shows
from schemas.importing import ImportPreview
from schemas.mapping import MappedBy
from tests.backend.importing.gathered import cases
from tests.backend.importing.invariants import hold
from tests.backend.importing.llm.conftest import part, rule
from tests.backend.importing.strict import judged

PLACES = {
    "name": "/name",
    "version": "/version",
    "purpose": "/intended_use/purpose",
    "target": "/task/target",
    "algorithm": "/algorithm/name",
    "trained": "/training/finished_at",
    "seed": "/training/seed",
    "rows": "/training/dataset/rows",
    "n_train": "/training/split_rows/train",
    "n_val": "/training/split_rows/validation",
    "n_test": "/training/split_rows/test",
    "threshold": "/task/threshold",
    "params": "/training/hyperparameters",
}
TRANSFORMS = {"trained": "date", "rows": "count", "n_train": "count", "n_val": "count", "n_test": "count", "threshold": "number"}
FIGURES = ("accuracy", "precision", "recall", "f1", "roc_auc", "gini", "ks", "log_loss")
SPLITS = ("train", "validation", "test")
HEADINGS = (*SPLITS, "metrics", "params")
LISTS = {"considerations": "/considerations/*", "prohibited": "/intended_use/prohibited/*"}


def answered(said: str, say: dict[str, str]) -> dict[str, Any]:
    """What somebody with this dictionary would answer to a prompt, knowing nothing else. A word may mean a heading as well as a value's key."""
    return {"rules": list(_rules(json.loads(said)["file"], (), None, say))}


def _rules(node: Any, path: tuple[str, ...], split: str | None, say: dict[str, str]) -> Iterator[Any]:
    for key, below in node.items() if isinstance(node, dict) else ():
        here, whole = (*path, key), isinstance(below, dict)
        concept = next((one for one, word in say.items() if word == key and whole == (one in HEADINGS)), "")
        if whole and concept != "params":
            yield from _rules(below, here, concept if concept in SPLITS else split, say)
        elif concept == "params" or (concept in PLACES and not isinstance(below, list)):
            yield rule("scalar", text(here), PLACES[concept], transform=TRANSFORMS.get(concept))
        elif concept in FIGURES:
            told = [part("split", const=split)] if split else []
            yield rule("rows", text(here), "/metrics/*", parts=[part("name", const=concept), part("value", transform="number"), *told])
        elif concept:
            yield _listed(text(here), below, concept, say)


def _listed(source: str, below: Any, concept: str, say: dict[str, str]) -> Any:
    if concept == "owner":
        return rule("rows", source + ("/*" if isinstance(below, list) else ""), "/owners/*", parts=[part("name")])
    if concept in LISTS:
        return rule("rows", f"{source}/*", LISTS[concept], parts=[part("")])
    kind = {"features_num": "number", "features_cat": "category"}.get(concept)
    parts = [part("name"), *([part("type", const=kind)] if kind else [])]
    if below and isinstance(below[0], dict):
        parts = [part("name", say["factor"]), part("type", say["kind"], words=f"{say['number']}=number; {say['category']}=category")]
    return rule("rows", f"{source}/*", "/features/*", parts=parts)


def mapped(case: dict[str, Any], shows: Shows) -> ImportPreview:
    content = json.dumps(case["document"]).encode()
    reading, alone = read(content), preview(content)
    base, speech = understand(reading).rules, Speech(shows)
    said = prompt.message(reading.tree, [real(reading.tree, steps(pointer)) for pointer in alone.unmapped], list(alone.provenance), speech)
    assert said is not None
    found = judge(answered(said, case["say"]), reading.tree, base, speech)
    state = DraftState(size_bytes=len(content), mapped_by=MappedBy.LLM, rules=[*base, *found.accepted], format=None)
    return preview_of(state, reading, "file.json")


def test_with_a_dictionary_documents_of_eight_languages_reach_everything_and_nothing_wrong() -> None:
    asked = met = 0
    for case in cases("tongues"):
        found = mapped(case, Shows.KEYS)
        hold(found, case["document"])
        verdict = judged(found, case["gold"], case["document"])
        assert verdict.wrong == [], case["name"]
        asked, met = asked + verdict.asked, met + verdict.asked - len(verdict.missed)
    assert met / asked >= 0.95
