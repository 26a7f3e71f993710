"""A feature may be left out where the artifact says what a missing value of it does, unless the document says otherwise."""

import lightgbm
import numpy as np
import xgboost

from backend.catalog.artifacts import inspect
from backend.runtimes.features import specs_of
from backend.settings import Settings
from schemas.model_document import Feature

NAMES = ["income", "debt", "unused"]


def trained_rows(missing: bool) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    rows = random.normal(size=(600, 3))
    wanted = (rows[:, 0] - rows[:, 1] > 0).astype(float)
    rows[:, 2] = 1.0
    if missing:
        rows[random.random(600) < 0.3, 1] = np.nan
    return rows, wanted


def lightgbm_file(settings: Settings, missing: bool) -> list[str]:
    rows, wanted = trained_rows(missing)
    data = lightgbm.Dataset(rows, wanted, feature_name=NAMES)
    path = settings.data_dir / f"model-{missing}.txt"
    path.write_text(lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, data, num_boost_round=5).model_to_string())
    return list(inspect(path).takes_missing)


def test_lightgbm_says_for_each_feature_whether_it_met_missing_values(settings: Settings) -> None:
    assert lightgbm_file(settings, missing=True) == ["debt"]
    assert lightgbm_file(settings, missing=False) == []


def test_xgboost_sends_a_missing_value_somewhere_at_every_split(settings: Settings) -> None:
    rows, wanted = trained_rows(missing=True)
    path = settings.data_dir / "model.ubj"
    matrix = xgboost.DMatrix(rows, wanted, feature_names=NAMES)
    xgboost.train({"objective": "binary:logistic", "nthread": 1}, matrix, num_boost_round=5).save_model(path)
    assert set(inspect(path).takes_missing) == {"income", "debt"}


def test_the_document_has_the_last_word() -> None:
    said = [Feature(name="income", required=False), Feature(name="debt", required=True), Feature(name="age")]
    specs = specs_of(["income", "debt", "age", "rest"], said, missing=["debt", "age"])
    assert [spec.required for spec in specs] == [False, True, False, True]
