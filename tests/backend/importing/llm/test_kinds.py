"""Each kind of document in words that the hub does not know: a good mapping of a language model reaches everything, a bad one invents nothing."""

import json
from typing import Any

import pytest

from backend.importing.pointers import leaves, text
from tests.backend.importing.invariants import readings
from tests.backend.importing.llm.conftest import Propose, part, rule
from tests.support.openai_server import OpenAiServer


def figure(source: str, name: str, **more: Any) -> dict[str, Any]:
    """A rule for one figure; what is said in words of the vocabulary besides (split, class from a place) goes with it."""
    told = [part(target, None, const=word) for target, word in more.pop("told", {}).items()]
    placed = [part(target, place, **({"transform": "text"} if target == "class" else {})) for target, place in more.pop("placed", {}).items()]
    return rule("rows", source, "/metrics/*", parts=[part("name", None, const=name), part("value", **more), *told, *placed])


def rows(source: str, target: str, *parts: dict[str, Any]) -> dict[str, Any]:
    return rule("rows", source, target, parts=list(parts))


KINDS: dict[str, tuple[Any, list[dict[str, Any]], dict[str, Any]]] = {
    "a task of two, each a model": (
        {"metrics": {"churn": {"roc_auc": 0.8, "osuvuus": 0.7}, "spend": {"mae": 4.1, "osuvuus": 0.6}}},
        [figure("/metrics/churn/osuvuus", "accuracy")],
        {"/metrics": [{"name": "roc_auc", "value": 0.8}, {"name": "accuracy", "value": 0.7}]},
    ),
    "one algorithm under two tasks": (
        {"churn": {"algorithm": "XGBoost", "auc": 0.8, "kohde": "lahti"}, "upsell": {"algorithm": "XGBoost", "auc": 0.7, "kohde": "osti"}},
        [rule("scalar", "/churn/kohde", "/task/target")],
        {"/task/target": "lahti", "/algorithm/name": "XGBoost"},
    ),
    "prefixes of figures": (
        {"retail_test_auc": 0.8, "retail_test_ks": 0.4, "corp_test_auc": 0.7, "corp_test_ks": 0.3, "retail_osuvuus": 0.9},
        [figure("/retail_osuvuus", "accuracy", told={"split": "test"})],
        {"/metrics": [{"name": n, "value": v, "split": "test"} for n, v in (("roc_auc", 0.8), ("ks", 0.4), ("accuracy", 0.9))]},
    ),
    "an ensemble beside its parts": (
        {"stacking": {"base_models": {"rf": {"auc": 0.7}}}, "lopputulos": {"kokonaisosuvuus": 0.81}},
        [figure("/lopputulos/kokonaisosuvuus", "accuracy")],
        {"/metrics": [{"name": "accuracy", "value": 0.81}]},
    ),
    "part of a model": (
        {"muuttujat": {"luvut": ["ika", "tulot"], "luokat": ["alue"]}, "raja": 0.3, "algorithm": "XGBoost"},
        [
            rows("/muuttujat/luvut/*", "/features/*", part("name"), part("type", None, const="number")),
            rows("/muuttujat/luokat/*", "/features/*", part("name"), part("type", None, const="category")),
            rule("scalar", "/raja", "/task/threshold"),
        ],
        {"/features": [{"name": "ika", "type": "number"}, {"name": "tulot", "type": "number"}, {"name": "alue", "type": "category"}], "/task/threshold": 0.3},
    ),
    "results told apart by configuration": (
        {"algorithm": "BERT", "tulokset": [{"asetus": "en", "osuvuus": 0.9}, {"asetus": "fi", "osuvuus": 0.8}]},
        [rows("/tulokset/*", "/metrics/*", part("name", None, const="accuracy"), part("value", "osuvuus"), part("on/config", "asetus"))],
        {"/metrics": [{"name": "accuracy", "value": 0.9, "on": {"config": "en"}}, {"name": "accuracy", "value": 0.8, "on": {"config": "fi"}}]},
    ),
    "figures and counts in prose": (
        {"algorithm": "XGBoost", "koko": "12,500 customers", "huomio": "PR-AUC = 0.41 (strong)", "pinta": "0.84 (test)"},
        [
            rule("scalar", "/koko", "/training/dataset/rows", transform="count"),
            rows("/huomio", "/metrics/*", part("name", transform="metric_in_text"), part("value", transform="quantity")),
            rows(
                "/pinta",
                "/metrics/*",
                part("name", None, const="roc_auc"),
                part("value", transform="quantity"),
                part("split", transform="split_in_text"),
            ),
        ],
        {
            "/training/dataset/rows": 12500,
            "/metrics": [{"name": "pr_auc", "value": 0.41}, {"name": "roc_auc", "value": 0.84, "split": "test"}],
        },
    ),
    "a split told by a sibling": (
        {"algorithm": "SVM", "koe": {"menettely": "10-fold cross-validation", "osuvuus": 0.8}},
        [figure("/koe/osuvuus", "accuracy", told={"split": "cross_validation"})],
        {"/metrics": [{"name": "accuracy", "value": 0.8, "split": "cross_validation"}]},
    ),
    "means with deviations": (
        {"algorithm": "SVM", "koe": {"osuvuus_keski": 0.8, "osuvuus_hajonta": 0.02}},
        [rows("/koe", "/metrics/*", part("name", None, const="accuracy"), part("value", "osuvuus_keski"), part("std", "osuvuus_hajonta"))],
        {"/metrics": [{"name": "accuracy", "value": 0.8, "std": 0.02}]},
    ),
    "figures of classes": (
        {"algorithm": "SVM", "saanti_pois": 0.6, "saanti_jää": 0.9, "tapahtuma": "Leave", "muu": "Stay"},
        [figure("/saanti_pois", "recall", placed={"class": "/tapahtuma"}), figure("/saanti_jää", "recall", placed={"class": "/muu"})],
        {"/metrics": [{"name": "recall", "value": 0.6, "class": "Leave"}, {"name": "recall", "value": 0.9, "class": "Stay"}]},
    ),
    "an algorithm said by a name, rows by what was fitted on": (
        {"nimike": "Isolation Forest v2", "sovitettu": 8000, "auc": 0.8},
        [rule("scalar", "/nimike", "/algorithm/name"), rule("scalar", "/sovitettu", "/training/split_rows/train", transform="integer")],
        {"/algorithm/name": "Isolation Forest v2", "/training/split_rows/train": 8000},
    ),
    "limitations": (
        {"algorithm": "SVM", "auc": 0.8, "varaukset": ["Not for companies.", "Not before 2020."]},
        [rows("/varaukset/*", "/considerations/*", part(""))],
        {"/considerations": ["Not for companies.", "Not before 2020."]},
    ),
    "a calibration table": (
        {"algorithm": "SVM", "vakaus": [{"arvio": 0.1, "tosi": 0.12, "kpl": 40}, {"arvio": 0.5, "tosi": 0.45, "kpl": 20}]},
        [
            rows(
                "/vakaus",
                "/charts/*",
                part("kind", None, const="calibration"),
                part("predicted", "*/arvio"),
                part("observed", "*/tosi"),
                part("count", "*/kpl", transform="integer"),
            )
        ],
        {"/charts": [{"kind": "calibration", "predicted": [0.1, 0.5], "observed": [0.12, 0.45], "count": [40, 20]}]},
    ),
    "categories by name": (
        {"algorithm": "SVM", "tasot": {"alue": ["etelä", "pohjoinen"], "luokka": [1, 2]}},
        [rows("/tasot/*", "/features/*", part("name", None, key=1), part("categories", "*", transform="text"))],
        {"/features": [{"name": "alue", "categories": ["etelä", "pohjoinen"]}, {"name": "luokka", "categories": ["1", "2"]}]},
    ),
    "statistics by name": (
        {"algorithm": "SVM", "luvut": {"ika": {"pienin": 18, "suurin": 90, "keski": 41.5}}},
        [rows("/luvut/*", "/features/*", part("name", None, key=1), part("stats/min", "pienin"), part("stats/max", "suurin"), part("stats/mean", "keski"))],
        {"/features": [{"name": "ika", "stats": {"min": 18, "max": 90, "mean": 41.5}}]},
    ),
    "statistics told as a sentence": (
        {"algorithm": "SVM", "luvut": {"ika": "mean 35.2, sd 4.1, min 18"}},
        [
            rows(
                "/luvut/*",
                "/features/*",
                part("name", None, key=1),
                *(part(f"stats/{one}", transform=f"{one}_in_text") for one in ("mean", "std", "min")),
            )
        ],
        {"/features": [{"name": "ika", "stats": {"mean": 35.2, "std": 4.1, "min": 18}}]},
    ),
    "unusual timestamps": (
        {"algorithm": "SVM", "auc": 0.8, "alku": "20250114_081530", "loppu": "2025-10-17@09:26:07"},
        [rule("scalar", "/alku", "/training/started_at", transform="date"), rule("scalar", "/loppu", "/training/finished_at", transform="date")],
        {"/training/started_at": "2025-01-14T08:15:30", "/training/finished_at": "2025-10-17T09:26:07"},
    ),
    "a decimal comma": (
        {"algorithm": "SVM", "osuvuus": "0,875", "saanti": "61,5 %"},
        [figure("/osuvuus", "accuracy", transform="number"), figure("/saanti", "recall", transform="percent")],
        {"/metrics": [{"name": "accuracy", "value": 0.875}, {"name": "recall", "value": 0.615}]},
    ),
    "words of the file": (
        {"algorithm": "SVM", "sarakkeet": [{"otsikko": "ika", "laji": "luku"}, {"otsikko": "alue", "laji": "luokka"}]},
        [rows("/sarakkeet/*", "/features/*", part("name", "otsikko"), part("type", "laji", words="luku=number; luokka=category"))],
        {"/features": [{"name": "ika", "type": "number"}, {"name": "alue", "type": "category"}]},
    ),
}
PICKS = {"a task of two, each a model": "churn", "one algorithm under two tasks": "churn", "prefixes of figures": "retail"}


def at(document: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def without(row: Any, wanted: Any) -> Any:
    """The row's fields that are asked for, and those that were not but are there."""
    return row if not isinstance(row, dict) else {name: value for name, value in row.items() if name in wanted or value not in (None, [], {}, False)}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_good_mapping_of_each_kind_reaches_everything(provider: OpenAiServer, propose: Propose, kind: str) -> None:
    document, rules, wanted = KINDS[kind]
    provider.answers = [json.dumps({"rules": rules})]
    draft = await propose(json.dumps(document), shows="keys", pick=PICKS.get(kind))
    assert draft["llm"]["refused"] == []
    assert draft["llm"]["dropped"] == []
    for pointer, value in wanted.items():
        found = at(draft["document"], pointer)
        assert found == value if not isinstance(value, list) else [without(one, two) for one, two in zip(found, value, strict=True)] == value, found


def worse(good: dict[str, Any]) -> list[dict[str, Any]]:
    """What a model may write that guesses or obeys an order in the file: values of its own, places that are not there, figures in the place of others."""
    parts = good.get("parts") or []
    invented = [{**one, "source": None, "key": None, "const": "0.99", "transform": None} if one["target"] in ("value", "name") else one for one in parts]
    return [
        {**good, "source": "/nowhere/at/all"},
        {**good, "kind": "const", "target": "/metrics/0/value", "const": "0.99", "parts": None},
        {**good, "kind": "scalar", "target": "/lineage/source_sha256", "parts": None},
        {**good, "kind": "const", "const": "the best model of all", "target": "/name", "parts": None},
        {**good, "kind": "imagine"},
        {**good, "value": 0.99},
        *([{**good, "parts": invented}, {**good, "parts": [{**one, "source": "no/such/place", "key": None} for one in parts]}] if parts else []),
    ]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_mapping_of_each_kind_invents_nothing(provider: OpenAiServer, propose: Propose, kind: str) -> None:
    document, rules, _ = KINDS[kind]
    provider.answers = [json.dumps({"rules": [bad for good in rules for bad in worse(good)]})] * 2
    draft = await propose(json.dumps(document), shows="keys", pick=PICKS.get(kind))
    assert draft["llm"]["calls"] == 2
    if draft["document"] is None:
        return
    given = [value for _, value in leaves(document)]
    numbers = {float(one) for value in given for one in readings(str(value))} | {float(one / 100) for value in given for one in readings(str(value))}
    for path, value in leaves(draft["document"]):
        if path[0] == "schema_version":
            continue
        source = draft["provenance"][text(path)]
        assert isinstance(value, (str, bool)) or float(value) in numbers, (path, value)
        assert source["pointer"].startswith(("/", "file:")), path
    assert "0.99" not in json.dumps(draft["document"])
    assert "best model of all" not in json.dumps(draft["document"])
