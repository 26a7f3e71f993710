"""A dictionary is enough: a stand-in that knows its words and nothing else maps documents as people write them in eight languages, from the prompt alone."""

import json
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
LISTS = {"considerations": "/considerations/*", "prohibited": "/intended_use/prohibited/*"}


def answered(said: str, say: dict[str, str]) -> dict[str, Any]:
    """What somebody with this dictionary would answer to a prompt, knowing nothing else. A word may mean a heading as well as a value's key."""
    meant: dict[str, list[str]] = {}
    for concept, word in say.items():
        meant.setdefault(word, []).append(concept)
    found: list[Any] = []

    def figure(here: tuple[str, ...], concept: str, split: str | None) -> None:
        told = [part("split", const=split)] if split else []
        found.append(rule("rows", text(here), "/metrics/*", parts=[part("name", const=concept), part("value", transform="number"), *told]))

    def features(here: tuple[str, ...], below: Any, kind: str | None) -> None:
        typed = [part("type", const=kind)] if kind else []
        parts = [part("name"), *typed]
        if below and isinstance(below[0], dict):
            parts = [part("name", say["factor"]), part("type", say["kind"], words=f"{say['number']}=number; {say['category']}=category")]
        found.append(rule("rows", f"{text(here)}/*", "/features/*", parts=parts))

    def walk(node: Any, path: tuple[str, ...], split: str | None) -> None:
        for key, below in node.items() if isinstance(node, dict) else ():
            here, concepts = (*path, key), meant.get(key, [])
            whole = isinstance(below, dict)
            concept = next((one for one in concepts if whole == (one in ("metrics", "train", "validation", "test", "params"))), "")
            if concept == "params" or (concept in PLACES and not isinstance(below, (dict, list))):
                found.append(rule("scalar", text(here), PLACES[concept], transform=TRANSFORMS.get(concept)))
            elif whole:
                walk(below, here, concept if concept in ("train", "validation", "test") else split)
            elif concept in FIGURES:
                figure(here, concept, split)
            elif concept in ("features", "features_num", "features_cat"):
                features(here, below, {"features_num": "number", "features_cat": "category"}.get(concept))
            elif concept == "owner":
                found.append(rule("rows", text(here) + ("/*" if isinstance(below, list) else ""), "/owners/*", parts=[part("name")]))
            elif concept in LISTS:
                found.append(rule("rows", f"{text(here)}/*", LISTS[concept], parts=[part("")]))

    walk(json.loads(said)["file"], (), None)
    return {"rules": found}


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
