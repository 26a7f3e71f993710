from typing import Any

import pytest

from backend.importing.apply import apply
from backend.importing.collect import MAX_ROWS
from backend.importing.errors import UnsoundMapping
from backend.importing.pointers import text
from backend.importing.rules import decoded


def run(tree: Any, *rules: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    document, values = apply(decoded(list(rules)), tree).document()
    return document, {target: text(value.source) for target, value in values.items()}


def part(target: str, **more: Any) -> dict[str, Any]:
    return {"target": target, **more}


def rows(source: str, target: str, *parts: dict[str, Any], kind: str = "rows", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "source": source, "target": target, "parts": list(parts), **more}


def test_a_scalar_goes_to_its_place_and_says_where_it_stood() -> None:
    document, sources = run({"a": {"t/x": "y"}}, {"kind": "scalar", "source": "/a/t~1x", "target": "/task/target"})
    assert document == {"task": {"target": "y"}}
    assert sources == {"/task/target": "/a/t~1x"}


def test_a_container_of_settings_is_taken_as_it_stands() -> None:
    settings = {"lr": 0.1, "betas": [0.9, [1]], "none": None, "deep": {"0": {"1": []}}, "a/b": {}}
    document, sources = run({"p": settings}, {"kind": "scalar", "source": "/p", "target": "/training/hyperparameters"})
    assert document["training"]["hyperparameters"] == settings
    assert sources["/training/hyperparameters/betas/1/0"] == "/p/betas/1/0"


def test_rows_take_their_fields_from_keys_values_and_siblings() -> None:
    tree = {"m": {"auc": {"v": "0.8", "sd": 0.1}}, "set": "Test set"}
    rule = rows("/m/*", "/metrics/*", part("name", key=1, transform="metric"), part("value", source="v", transform="number"), part("std", source="sd"),
                part("split", source="/set", transform="split"))  # fmt: skip
    document, sources = run(tree, rule)
    assert document["metrics"] == [{"name": "roc_auc", "value": 0.8, "split": "test", "std": 0.1}]
    assert sources == {"/metrics/0/name": "/m/auc", "/metrics/0/value": "/m/auc/v", "/metrics/0/split": "/set", "/metrics/0/std": "/m/auc/sd"}


def test_zip_joins_arrays_of_one_length_only() -> None:
    rule = rows(
        "", "/features/*", part("name", source="names"), part("importance/0/value", source="gains"), part("importance/0/method", const="gain"), kind="zip"
    )
    document, sources = run({"names": ["a", "b"], "gains": [3, 1]}, rule)
    assert [row["importance"][0]["value"] for row in document["features"]] == [3, 1]
    assert sources["/features/1/importance/0/value"] == "/gains/1"
    assert run({"names": ["a", "b"], "gains": [3]}, rule)[0] == {}


def test_pairs_are_rows_of_key_and_value() -> None:
    rule = rows(
        "/i/*", "/features/*", part("name", source="0"), part("importance/0/value", source="1"), part("importance/0/method", const="shap"), kind="pairs"
    )
    document, _ = run({"i": [["a", 2], ["b", 1], ["broken"]]}, rule)
    assert [row["name"] for row in document["features"]] == ["a", "b"]


@pytest.mark.parametrize(
    "table",
    [{"metric": {"0": "auc"}, "v": {"0": 0.7}}, {"metric": ["auc"], "v": [0.7]}, {"columns": ["metric", "v"], "index": [0], "data": [["auc", 0.7]]}],
)
def test_a_table_by_column_is_read_in_each_orientation_of_pandas(table: dict[str, Any]) -> None:
    rule = rows("/t", "/metrics/*", part("name", source="metric", transform="metric"), part("value", source="v"), kind="columnar")
    assert run({"t": table}, rule)[0]["metrics"] == [{"name": "roc_auc", "value": 0.7}]


def test_a_confusion_matrix_comes_from_four_counts_or_from_a_map_of_maps() -> None:
    cells = rows("", "", *(part(cell, source=cell) for cell in ("tn", "fp", "fn", "tp")), part("split", const="test"), kind="confusion")
    chart = run({"tn": 5, "fp": 1, "fn": 2, "tp": 4}, cells)[0]["charts"][0]
    assert (chart["matrix"], chart["labels"], chart["split"]) == ([[5, 1], [2, 4]], ["negative", "positive"], "test")
    document, sources = run({"c": {"good": {"good": 5, "bad": 1}, "bad": {"good": 2, "bad": 4}}}, {"kind": "confusion", "source": "/c"})
    assert document["charts"][0]["labels"] == ["good", "bad"]
    assert sources["/charts/0/matrix/1/0"] == "/c/bad/good"
    assert run({"c": [[1, 2], [3]]}, {"kind": "confusion", "source": "/c"})[0] == {}


def test_select_takes_what_another_value_names() -> None:
    tree = {"best": "b", "models": {"a": {"n": "A"}, "b": {"n": "B"}}}
    by_value = rows("/models/*", "/name", part("", source="n"), kind="select", where={"key": 1, "by": "/best"})
    assert run(tree, by_value)[0] == {"name": "B"}
    by_word = rows("/m/*", "/metrics/*", part("name", source="n"), part("value", source="v"), kind="select", where={"source": "type", "words": ["number"]})
    assert run({"m": [{"n": "x", "v": 1, "type": "number"}, {"n": "y", "v": 2, "type": "matrix"}]}, by_word)[0]["metrics"] == [{"name": "x", "value": 1}]


def test_split_from_key_reads_name_split_and_part() -> None:
    document, _ = run(
        {"m": {"val_auc": 0.8, "cv_f1_std": 0.1, "cv_f1": 0.5, "accuracy_pct": 81.5, "profit": 3}}, rows("/m/*", "/metrics/*", kind="split_from_key")
    )
    assert document["metrics"] == [
        {"name": "roc_auc", "value": 0.8, "split": "validation"},
        {"name": "f1", "value": 0.5, "split": "cross_validation", "std": 0.1},
        {"name": "accuracy", "value": 0.815},
        {"name": "profit", "value": 3},
    ]


def test_json_in_a_string_is_read_and_its_values_point_to_the_string() -> None:
    inner = rows("/*", "/features/*", part("name", source="n"), part("type", source="t", transform="feature_type"))
    document, sources = run({"s": '[{"n": "age", "t": "long"}]'}, {"kind": "parse_json", "source": "/s", "rules": [inner]})
    assert document["features"] == [{"name": "age", "type": "integer"}]
    assert set(sources.values()) == {"/s"}
    assert run({"s": "[not json"}, {"kind": "parse_json", "source": "/s", "rules": [inner]})[0] == {}


def test_an_interval_needs_both_ends_and_a_metric_its_value() -> None:
    rule = rows("/m/*", "/metrics/*", part("name", key=1), part("value", source="v"), part("ci/low", source="lo"), part("ci/high", source="hi"))
    document, _ = run({"m": {"a": {"v": 1, "lo": 0, "hi": 2}, "b": {"v": 1, "lo": 0}, "c": {"lo": 0, "hi": 1}}}, rule)
    assert document["metrics"] == [{"name": "a", "value": 1, "ci": {"low": 0, "high": 2}}, {"name": "b", "value": 1}]


def test_a_value_of_the_wrong_kind_is_left_where_it_is() -> None:
    assert run({"s": "many"}, {"kind": "scalar", "source": "/s", "target": "/training/seed"})[0] == {}
    assert run({"s": "NaN"}, {"kind": "scalar", "source": "/s", "target": "/task/threshold", "transform": "number"})[0] == {}


def test_who_says_otherwise_does_not_overwrite_but_is_kept() -> None:
    found = apply(decoded([{"kind": "scalar", "source": f"/{key}", "target": "/task/threshold"} for key in "ab"]), {"a": 0.3, "b": 0.4})
    assert found.document()[0] == {"task": {"threshold": 0.3}}
    assert [(claim.pointer, claim.value) for claim in found.contradictions[0].claims] == [("/a", 0.3), ("/b", 0.4)]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"kind": "eval", "source": "/a", "target": "/name"}, "Invalid enum value"),
        ({"kind": "scalar", "source": "/a", "target": "/nowhere"}, "no /nowhere"),
        ({"kind": "const", "source": "/a", "target": "/name", "const": "Best model"}, "no word"),
        ({"kind": "const", "source": "/a", "target": "/task/threshold", "const": "0.5"}, "no word"),
        (rows("/a", "/metrics/*", part("name", const="roc_auc"), part("value", const="0.99")), "no word"),
        (rows("/a", "/task/*", part("name")), "rows go to one of"),
        ({"kind": "scalar", "source": "a", "target": "/name"}, "slash"),
        ({"kind": "scalar", "source": "/*/*/*/*/*", "target": "/name"}, "four stars"),
        ({"kind": "scalar", "source": "/a", "target": "/name", "expression": "1+1"}, "unknown field"),
        ({"kind": "select", "source": "/a/*", "target": "/metrics/*", "parts": [part("value")]}, "what it selects"),
    ],
)
def test_a_mapping_cannot_invent_or_run_anything(rule: dict[str, Any], says: str) -> None:
    with pytest.raises(UnsoundMapping, match=says):
        decoded([rule])


def test_fan_out_is_capped() -> None:
    found = apply(decoded([rows("/a/*/*", "/charts/*", part("kind", const="image"), part("name", key=1), part("uri"))]), {"a": {"x": ["u"] * (MAX_ROWS + 5)}})
    assert found.full
    assert len(found.document()[0]["charts"]) == MAX_ROWS


def test_settings_that_do_not_go_together_are_left_out_rather_than_mixed() -> None:
    rules = decoded([{"kind": "scalar", "source": "/*", "target": "/training/hyperparameters"}])
    for tree in ([[], {"depth": 3}], [{"depth": 3}, [4]], [{"depth": 3}, {"depth": {"max": 4}}], [{"depth": {"max": 4}}, {"depth": 3}], [{}, {"depth": 3}]):
        document, leaves = apply(rules, tree).document()
        settings = document["training"]["hyperparameters"]
        assert settings in ({"depth": 3}, {"depth": {"max": 4}})
        assert len(leaves) == 1


def test_what_is_no_index_is_no_place_in_a_list() -> None:
    rules = decoded([{"kind": "scalar", "source": "/classes/*", "target": "/task/classes/*"}])
    assert apply(rules, {"classes": {"library_name": "sklearn"}}).document() == ({}, {})
    assert apply(rules, {"classes": {"0": "no", "1": "yes"}}).document()[0] == {"task": {"classes": ["no", "yes"]}}


def test_lists_of_sentences_from_two_parts_follow_each_other() -> None:
    rules = decoded([{"kind": "rows", "source": f"/{part}/*", "target": "/considerations/*", "parts": [{"target": ""}]} for part in ("risks", "caveats")])
    document, _ = apply(rules, {"risks": ["one"], "caveats": ["two", "three"]}).document()
    assert document["considerations"] == ["one", "two", "three"]
