"""Shapes gathered from public repositories, half of them held back from the rules: recall, wrong leaves, and how many were known for what they are."""

import json
from pathlib import Path
from typing import Any

import msgspec

from backend.importing.preview import preview
from schemas.importing import ImportPreview
from tests.backend.importing.strict import judged

FOLDER = Path(__file__).parent / "fixtures/gathered"


class Measured(msgspec.Struct):
    """Of one half: labels asked and met, wrong leaves and false alarms, kinds (no model, one, which several) that were right."""

    asked: int = 0
    met: int = 0
    wrong: int = 0
    kinds: int = 0
    files: int = 0

    @property
    def recall(self) -> float:
        """The share of labels that were met."""
        return self.met / self.asked


def cases(half: str) -> list[dict[str, Any]]:
    """The cases of `seen`, `held`, `second` and `third` (later sets) or `tongues` (eight languages)."""
    found: list[dict[str, Any]] = json.loads((FOLDER / f"{half}.json").read_text())["cases"]
    return found


def looked_at(case: dict[str, Any]) -> ImportPreview:
    """A case as the import understands it, its chosen model picked where the file was known to hold several."""
    content = json.dumps(case["document"]).encode()
    found = preview(content, "file.json")
    known = set(found.several_models or []) == set(case["several"] or [])
    return preview(content, "file.json", case["pick"]) if "pick" in case and known else found


def details(case: dict[str, Any]) -> tuple[Measured, list[str], list[str]]:
    """One case's measures, what it missed and what was wrong."""
    found = looked_at(case)
    right = set(found.several_models or []) == set(case["several"] or []) and (found.document is not None) == case["model"]
    if not case["model"]:
        return Measured(kinds=right, files=1), [], []
    if found.document is None or not right:
        asked = judged(found, case["gold"], case["document"]).asked
        blended = [] if found.document is None or found.several_models else judged(found, case["gold"], case["document"]).wrong
        return Measured(asked=asked, wrong=len(blended), files=1), ["kind"], blended
    verdict = judged(found, case["gold"], case["document"])
    if found.picked is not None and found.document["name"] == found.picked:  # the chosen model's own name, from where it is listed
        verdict.wrong = [one for one in verdict.wrong if not one.startswith("/name from ")]
    return Measured(verdict.asked, verdict.asked - len(verdict.missed), len(verdict.wrong), 1, 1), verdict.missed, verdict.wrong


def measured(half: str) -> Measured:
    """The sums of a half."""
    total = Measured()
    for case in cases(half):
        one = details(case)[0]
        total = Measured(*(getattr(total, name) + getattr(one, name) for name in Measured.__struct_fields__))
    return total
