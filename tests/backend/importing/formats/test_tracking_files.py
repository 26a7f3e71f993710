"""Files of experiment trackers, platforms and exchange formats: what is the model's and what only looks like it."""

import json

import pytest

from backend.importing.errors import UnreadableFile
from backend.importing.parse import parse
from backend.importing.preview import preview
from tests.backend.importing.formats.samples import FILES, figures, look
from tests.backend.importing.invariants import hold


def features(name: str) -> list[tuple[str, str | None]]:
    document, _ = look(name)
    return [(one["name"], one.get("type")) for one in document["features"]]


@pytest.mark.parametrize("name", ["sagemaker_quality_constraints", "sagemaker_violations", "mlflow_signature.matrix"])
def test_limits_violations_and_a_matrix_without_names_describe_no_model(name: str) -> None:
    found = preview(FILES[name].read_bytes(), FILES[name].name)
    assert found.document is None, "a limit of the recall is no recall"
    assert "no figures or features of a model" in found.questions[0]
    assert found.provenance == {}


def test_bias_after_training_is_told_of_its_group_and_bias_of_the_data_is_no_figure() -> None:
    for name in ("sagemaker_clarify", "sagemaker_clarify_bias"):
        document, found = look(name)
        assert [(one["name"], one["value"], one["label"], one["slice"], one["on"]) for one in document["metrics"]] == [
            ("AD", -0.021, "Accuracy Difference (AD)", "sex", {"group": "2"}),
            ("DI", 0.91, "Disparate Impact (DI)", "sex", {"group": "2"}),
            ("RD", 0.015, "Recall Difference (RD)", "sex", {"group": "2"}),
        ]
        assert document["task"] == {"target": "default", "positive_class": "1"}
        assert not any(source.startswith("/pre_training") for source in found.provenance.values())


def test_shap_of_one_label_is_the_models_importance_and_of_several_it_is_not() -> None:
    document, _ = look("sagemaker_clarify")
    assert {one["name"]: one["importance"] for one in document["features"]} == {
        "income": [{"method": "shap", "value": 0.21}], "age": [{"method": "shap", "value": 0.04}], "tenure": [{"method": "shap", "value": 0.013}],
    }  # fmt: skip
    several, _ = look("sagemaker_clarify_classes")
    assert several["features"] == [{"name": "income"}, {"name": "age"}]


def test_statistics_and_constraints_of_sagemaker_give_columns() -> None:
    document, found = look("sagemaker_statistics")
    assert document["features"][0] == {"name": "income", "type": "number", "stats": {"mean": 2350.2, "std": 1010.9, "min": 10.0, "max": 9800.5}}
    assert "training" not in document, "the rows that were counted need not be the training's"
    assert "/dataset/item_count" in found.unmapped
    constraints, _ = look("sagemaker_constraints")
    assert constraints["features"][-1] == {"name": "region", "type": "category", "categories": ["north", "south", "east"]}


def test_a_figure_of_comet_and_clearml_is_that_of_its_last_step() -> None:
    for name in ("comet_messages", "clearml_metrics"):
        document, _ = look(name)
        assert figures(document) == {("roc_auc", "validation"): 0.72, ("roc_auc", "test"): 0.81}
    document, found = look("comet_messages")
    assert document["training"]["hyperparameters"] == {"learning_rate": 0.05, "num_leaves": 31, "seed": 7}, "not the counters that Comet logs by itself"
    assert document["name"] == "lgbm-credit"
    messages = json.loads(FILES["comet_messages"].read_bytes())
    (last,) = (f"/{at}/payload/metric/metricValue" for at, one in enumerate(messages) if one["payload"].get("metric", {}).get("metricValue") == 0.72)
    assert found.provenance["/metrics/0/value"] == last


def test_a_last_step_without_a_value_does_not_hide_the_one_before() -> None:
    messages = json.loads(FILES["comet_messages"].read_bytes())
    for one in messages:
        if one["payload"].get("metric", {}).get("metricValue") == 0.72:
            one["payload"]["metric"]["metricValue"] = None
    document = preview(json.dumps(messages).encode()).document
    assert document is not None
    assert figures(document)[("roc_auc", "validation")] == 0.74


def test_dvc_gives_new_parameters_and_figures_and_never_the_old() -> None:
    document, found = look("dvc_params_diff")
    assert document["training"]["hyperparameters"]["train.num_leaves"] == 63
    assert document["training"]["hyperparameters"]["trees.max_depth"] == 4
    assert not any(source.endswith(("/old", "/diff")) for source in found.provenance.values())
    assert figures(look("dvc_metrics_diff")[0]) == {("roc_auc", "test"): 0.85, ("roc_auc", "train"): 0.9}
    experiments, found = look("dvc_exp_show")
    assert experiments["training"]["hyperparameters"] == {
        "defaults": {"seed": 7, "learning_rate": 0.05}, "train": {"seed": 7, "learning_rate": 0.05, "num_leaves": 63}, "trees": {"max_depth": 4},
    }  # fmt: skip
    assert figures(experiments) == {("roc_auc", "test"): 0.85, ("roc_auc", "train"): 0.9}
    assert all(source.startswith("/0/data/") for source in found.provenance.values() if not source.startswith("file:")), "earlier commits stay apart"


def test_dvc_figures_in_sections_have_the_sections_split() -> None:
    shown = {"": {"data": {"m.json": {"data": {"test": {"auc": 0.8, "rows": [1]}, "train": {"auc": 0.9}, "note": "x"}}}}}
    found = preview(json.dumps(shown).encode())
    assert found.format == "dvc_metrics_show"
    assert found.document is not None
    assert figures(found.document) == {("roc_auc", "test"): 0.8, ("roc_auc", "train"): 0.9}


def test_a_signature_gives_columns_and_tensors_of_one_number_a_row() -> None:
    assert features("mlflow_signature") == [("income", "number"), ("age", "integer"), ("region", "category"), ("late", "boolean"), ("since", None)]
    assert features("mlflow_signature.tensors") == [("codes", "integer")], "a tensor of five numbers a row is no single feature"


def test_pmml_gives_its_head_and_the_target_is_no_feature() -> None:
    document, found = look("pmml_header")
    assert (document["name"], document["description"], document["task"], document["algorithm"]) == (
        "credit", "Credit lines", {"target": "outcome"}, {"family": "RegressionModel"},
    )  # fmt: skip
    assert features("pmml_header") == [(name, "number") for name in ("income", "age", "debt", "tenure", "balance")]
    assert "/PMML/Header/Application/name" in found.unmapped, "who wrote the file is not who trained the model"


PMML = """<?xml version="1.0"?>
<!-- a comment --><PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4">
<Header modelVersion="2.1"/><DataDictionary>
<DataField name="age" optype="continuous" dataType="integer"/>
<DataField name="region" optype="categorical" dataType="string"><Value value="n"/><Value value="?" property="missing"/></DataField>
<DataField name="id" optype="categorical" dataType="string"/><DataField name="amount" optype="continuous" dataType="double"/></DataDictionary>
<TreeModel modelName="a" functionName="regression" algorithmName="CART"><MiningSchema><MiningField name="age"/><MiningField name="region" usageType="active"/>
<MiningField name="id" usageType="supplementary"/><MiningField name="amount" usageType="predicted"/></MiningSchema>
<Node><MiningSchema><MiningField name="inner"/></MiningSchema></Node></TreeModel>MORE</PMML>"""


def test_pmml_fields_are_active_unless_they_say_otherwise() -> None:
    found = preview(PMML.replace("MORE", "").encode(), "model.pmml")
    assert found.document is not None
    assert found.document["features"] == [{"name": "age", "type": "integer"}, {"name": "region", "type": "category", "categories": ["n"]}]
    assert found.document["task"] == {"type": "regression", "target": "amount"}
    assert (found.document["version"], found.document["algorithm"]) == ("2.1", {"family": "TreeModel", "name": "CART"})
    hold(found, parse(PMML.replace("MORE", "").encode()).tree)


def test_two_models_of_a_pmml_file_are_asked_about() -> None:
    more = '<TreeModel modelName="b" functionName="regression"><MiningSchema><MiningField name="age"/></MiningSchema></TreeModel>'
    asked = preview(PMML.replace("MORE", more).encode(), "model.pmml")
    assert asked.several_models == ["a", "b"]
    picked = preview(PMML.replace("MORE", more).encode(), "model.pmml", pick="b")
    assert picked.document is not None
    assert [one["name"] for one in picked.document["features"]] == ["age"]


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ('<!DOCTYPE p [<!ENTITY a "b">]><PMML version="4.4"><Header description="&a;"/></PMML>', "DOCTYPE"),
        ('<PMML version="4.4"><Header></PMML>', "Line 1, column 31: mismatched tag"),
        ('<PMML version="4.4">' + "<a>" * 600, "deeper than 512"),
        ("<html><body>PMML</body></html>", "Of XML only PMML is read"),
    ],
)
def test_xml_that_is_torn_has_entities_or_is_no_pmml_is_refused(written: str, says: str) -> None:
    with pytest.raises(UnreadableFile, match=says):
        parse(written.encode())


def test_a_report_that_is_only_like_a_known_one_is_not_taken_for_it() -> None:
    diff = {"results.json": {"auc": {"old": 0.7, "new": 0.8}}}
    assert preview(json.dumps(diff).encode()).format is None
    assert preview(json.dumps({"config": {"a": 1}, "_runtime": 3, "_timestamp": 4, "_step": 5, "summary": {"auc": 0.8}}).encode()).format is None
