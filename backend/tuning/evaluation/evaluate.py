"""The result of a training: document, profile, background rows, model card and holdout, as files in the job's folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from backend.tuning.evaluation.document import document_of
from backend.tuning.evaluation.evaluated import Evaluated
from backend.tuning.evaluation.judging import judge
from backend.tuning.evaluation.model_card import model_card
from backend.tuning.evaluation.profiles import background_rows, profile_of
from schemas.columns import Profile
from schemas.model_document import ModelDocument

DOCUMENT, PROFILE, BACKGROUND, CARD, HOLDOUT = "document.json", "profile.json", "background.json", "model_card.md", "holdout.parquet"


@dataclass(frozen=True)
class Result:
    """What is known of a trained model."""

    document: ModelDocument
    profile: Profile | None
    background: list[dict[str, Any]]
    card: str


def evaluate(model: Evaluated, takes_missing: frozenset[str] = frozenset()) -> Result:
    """Judge a trained model. `takes_missing` are the inputs whose missing values it scores."""
    train = model.part("train")
    background = background_rows(train, model.inputs, model.task.seed, takes_missing) if train else []
    document = document_of(model, judge(model), background)
    return Result(document, profile_of(train, model.inputs) if train else None, background, model_card(document))


def write(result: Result, model: Evaluated, folder: Path) -> dict[str, str]:
    """Write the files and return their names by the field of `Trained` they belong to."""
    written = {"document": DOCUMENT, "model_card": CARD}
    (folder / DOCUMENT).write_bytes(msgspec.json.format(msgspec.json.encode(result.document), indent=1))
    (folder / CARD).write_text(result.card, encoding="utf-8")
    if result.profile is not None:
        (folder / PROFILE).write_bytes(msgspec.json.encode(result.profile))
        written["profile"] = PROFILE
    if result.background:
        (folder / BACKGROUND).write_bytes(msgspec.json.encode(result.background))
        written["background"] = BACKGROUND
    if test := model.part("test"):
        served = test.score if test.served is None else test.served
        if served.ndim == 1:
            columns = {"row": pa.array(test.rows), "target": pa.array(test.target, from_pandas=True), "score": pa.array(np.asarray(served))}
            pq.write_table(pa.table(columns), folder / HOLDOUT)
            written["holdout"] = HOLDOUT
    return written
