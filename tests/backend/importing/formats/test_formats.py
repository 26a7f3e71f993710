"""Known formats, on what the tools themselves wrote (fixtures/README.md says which tool, version and script) and on samples after published schemas."""

import json
import warnings
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from skl2onnx import to_onnx
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import classification_report

from backend.importing import formats
from backend.importing.parse import parse
from backend.importing.preview import preview
from tests.backend.importing.formats.samples import FILES, FIXTURES, figures, look
from tests.backend.importing.invariants import hold


@pytest.mark.parametrize("name", FILES)
def test_each_format_is_recognised_as_itself_alone_and_every_leaf_has_its_source(name: str) -> None:
    found = preview(FILES[name].read_bytes(), FILES[name].name)
    assert found.format == name.split(".")[0]
    tree = parse(FILES[name].read_bytes()).tree
    fitting = [one.name for one in formats.known() if one.fits(tree)]
    assert fitting == [found.format]
    hold(found, tree)
    assert found.contradictions == []


def test_there_is_a_sample_of_every_format() -> None:
    assert {one.name for one in formats.known()} == {name.split(".")[0] for name in FILES}


@pytest.mark.parametrize("path", [*(FIXTURES / "labelled").glob("doc*.json")], ids=lambda path: path.name)
def test_files_of_no_known_format_are_not_mistaken_for_one(path: Path) -> None:
    assert formats.recognise(json.loads(path.read_bytes())) is None


def test_dvc_names_its_workspace_by_an_empty_key() -> None:
    document, _ = look("dvc_metrics_show")
    assert figures(document) == {("roc_auc", "test"): 0.812, ("accuracy", "test"): 0.77, ("roc_auc", "train"): 0.861}


def test_lightgbm_calls_its_own_format_v4_and_its_model_tree_and_neither_is_the_models() -> None:
    document, found = look("lightgbm_dump")
    assert "version" not in document
    assert found.provenance["/name"].startswith("file:")
    assert {"/name", "/version"} <= set(found.unmapped)
    assert document["task"]["type"] == "binary_classification"
    assert document["features"][0]["stats"] == {"min": -2.9286, "max": 3.8246}


def test_lightgbm_of_this_release_is_read_live() -> None:
    numbers = np.random.default_rng(0).normal(size=(100, 2))
    data = lightgbm.Dataset(numbers, numbers[:, 0] > 0, feature_name=["a b", "b"], params={"verbose": -1})
    dumped = lightgbm.train({"objective": "binary", "verbose": -1, "num_leaves": 4}, data, 2).dump_model()
    found = preview(json.dumps(dumped).encode())
    assert found.format == "lightgbm_dump"
    assert found.document is not None
    assert [feature["name"] for feature in found.document["features"]] == dumped["feature_names"]


def test_scikit_learn_of_this_release_is_read_live() -> None:
    truth, guess = [0, 1, 1, 0, 1], [0, 1, 0, 0, 1]
    document = preview(json.dumps(classification_report(truth, guess, output_dict=True)).encode()).document
    assert document is not None
    of_ones = {metric["name"]: metric["value"] for metric in document["metrics"] if metric.get("class") == "1"}
    assert of_ones == {"precision": 1.0, "recall": pytest.approx(2 / 3), "f1": 0.8}
    assert [metric["value"] for metric in document["metrics"] if metric["name"] == "accuracy"] == [0.8]


def test_onnx_metadata_comes_from_the_artifact_itself() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = to_onnx(LogisticRegression().fit(np.eye(4, dtype=np.float32), [0, 1, 0, 1]), np.eye(4, dtype=np.float32)[:1])
    onnx.helper.set_model_props(model, {"model_name": "credit", "model_author": "Dana", "model_license": "MIT"})
    model.model_version = 3
    found = preview(model.SerializeToString(), "model.onnx")
    assert found.format == "onnx_metadata"
    assert found.document is not None
    assert found.document | {"features": None} == {
        "schema_version": "1.0", "name": "credit", "version": "3", "license": "MIT", "owners": [{"name": "Dana"}],
        "algorithm": {"artifact_format": "onnx"}, "features": None,
    }  # fmt: skip


def test_xgboost_writes_its_numbers_as_strings() -> None:
    document, _ = look("xgboost_model")
    assert document["training"]["hyperparameters"]["num_trees"] == 2
    assert document["features"][0] == {"name": "income", "type": "number"}
    assert "version" not in document


def test_an_mlmodel_keeps_its_inputs_as_json_in_a_string() -> None:
    document, found = look("mlflow_mlmodel")
    assert [feature["name"] for feature in document["features"]] == ["income", "age", "debt", "tenure", "balance"]
    assert found.provenance["/features/0/name"] == "/signature/inputs"
    assert document["algorithm"] == {"framework": "scikit-learn", "framework_version": "1.9.1"}


@pytest.mark.parametrize(("name", "split"), [("mlflow_run", ("roc_auc", "validation")), ("mlflow_run_rest", ("accuracy", "test"))])
def test_mlflow_runs_give_metrics_with_their_split_and_parameters(name: str, split: tuple[str, str]) -> None:
    document, _ = look(name)
    assert split in figures(document)
    assert document["training"]["hyperparameters"]
    assert document["training"]["finished_at"].endswith("+00:00")


def test_catboost_gives_features_with_types_and_its_seed() -> None:
    document, _ = look("catboost_model")
    assert document["features"][-1] == {"name": "region", "type": "category"}
    assert (document["training"]["seed"], document["task"]["classes"]) == (7, ["0", "1"])


def test_sagemaker_writes_nan_as_a_string_and_deviation_beside() -> None:
    document, found = look("sagemaker_quality_binary")
    recall = next(metric for metric in document["metrics"] if metric["name"] == "recall")
    assert recall == {"name": "recall", "value": 0.8, "std": 0.04}
    assert "/binary_classification_metrics/precision/standard_deviation" in found.unmapped
    assert {chart["kind"] for chart in document["charts"]} == {"confusion_matrix", "roc", "pr"}


def test_a_sagemaker_card_keeps_its_own_version() -> None:
    document, _ = look("sagemaker_model_card")
    assert (document["name"], document["version"]) == ("credit-default", "3")
    assert figures(document)[("roc_auc", None)] == 0.7712
    assert figures(document)[("roc_auc", "train")] == 0.83


def test_a_bill_of_materials_has_a_version_of_its_own() -> None:
    document, found = look("cyclonedx_mlbom")
    assert (document["version"], document["license"]) == ("2.1.0", "Apache-2.0")
    assert {"/version", "/specVersion"} <= set(found.unmapped)


def test_the_sample_bill_is_one_by_the_specifications_strict_schema() -> None:
    strict = JsonStrictValidator(SchemaVersion.V1_6)
    written = FILES["cyclonedx_mlbom"].read_text()
    assert strict.validate_str(written) is None
    assert strict.validate_str(written.replace('"modelCard"', '"modelcard"')) is not None


def test_a_bill_of_two_models_is_asked_about() -> None:
    bill = json.loads(FILES["cyclonedx_mlbom"].read_bytes())
    other = json.loads(json.dumps(bill["components"][0]).replace("fraud-detector", "churn").replace("0.947", "0.7"))
    bill["components"].append(other)
    asked = preview(json.dumps(bill).encode())
    assert asked.several_models == ["fraud-detector", "churn"]
    assert asked.document is not None
    assert "metrics" not in asked.document
    picked = preview(json.dumps(bill).encode(), pick="churn")
    assert picked.document is not None
    assert (picked.document["name"], figures(picked.document)[("roc_auc", None)]) == ("churn", 0.7)
    assert all("/components/0" not in source for source in picked.provenance.values())


@pytest.mark.parametrize(
    ("name", "pick", "figure", "value"),
    [
        ("autogluon_leaderboard", "LightGBM", ("roc_auc", "validation"), 0.9561111111),
        ("pycaret_table", "Logistic Regression", ("roc_auc", "cross_validation"), 0.9752),
    ],
)
def test_leaderboards_are_asked_about_and_one_row_is_taken(name: str, pick: str, figure: tuple[str, str], value: float) -> None:
    _, asked = look(name)
    assert len(asked.several_models or []) == 3
    document, _ = look(name, pick)
    assert (document["name"], figures(document)[figure]) == (pick, value)


def test_autogluon_turns_losses_around_and_a_loss_below_zero_is_not_taken() -> None:
    rows = [{"model": name, "score_val": -1.5, "score_test": -1.7, "eval_metric": "root_mean_squared_error", "fit_time": 1.0} for name in ("LightGBM", "KNN")]
    picked = preview(json.dumps(rows).encode(), pick="KNN")
    assert picked.document is not None
    assert "metrics" not in picked.document
    assert "/1/score_val" in picked.unmapped


def test_a_model_card_gives_slices_and_intervals() -> None:
    document, _ = look("model_card_toolkit")
    assert document["metrics"][0]["ci"] == {"low": 0.87, "high": 0.89}
    assert [metric.get("slice") for metric in document["metrics"]] == [None, "sex, Female", "sex, Male"]


@pytest.mark.parametrize("name", ["huggingface_model_index", "huggingface_hub_model"])
def test_a_model_index_gives_figures_by_dataset(name: str) -> None:
    document, _ = look(name)
    assert document["algorithm"]["framework"] == "sklearn"
    assert {metric["slice"] for metric in document["metrics"]} == {"Credit"}


def test_vertex_points_become_curves_and_its_matrix_has_names() -> None:
    document, _ = look("vertex_evaluation")
    kinds = {chart["kind"]: chart for chart in document["charts"]}
    assert (len(kinds["roc"]["tpr"]), kinds["roc"]["tpr"][0], kinds["roc"]["fpr"][-1]) == (21, 1.0, 0.0)
    assert kinds["confusion_matrix"]["labels"] == ["stays", "leaves"]
    assert {one["name"]: one["importance"][0]["value"] for one in document["features"]} == {"tenure": 0.31, "charges": 0.12}


def test_azure_charts_and_h2o_metrics_are_read() -> None:
    assert look("azureml_confusion_matrix")[0]["charts"][0]["labels"] == ["0", "1"]
    residuals, _ = look("azureml_residuals")
    assert (residuals["charts"][0]["kind"], residuals.get("metrics")) == ("histogram", None)
    document, _ = look("h2o_metrics")
    assert figures(document)[("roc_auc", None)] == 0.9413994169096209
    assert "training" not in document, "the frame that was scored is not the one that was trained on"
    assert document["task"] == {"type": "binary_classification", "classes": ["0", "1"]}
