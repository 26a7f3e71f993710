"""Lines of other platforms that people reported: what each becomes, and in which words one is refused."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backend.exchange.formats import Layout, read

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "fixtures/databricks_lines.json").read_text())["cases"]
PYTHON = re.compile(r"\w*(?:Error|Exception)\b|Traceback|object of type|NoneType|<class")


def told(layout: Layout, *lines: Any) -> tuple[list[tuple[str, float | None]], list[str]]:
    found, wrong = read(layout, [json.dumps(line).encode() for line in lines])
    return [("failed" if one.failed else "ok", one.score) for one in found], [why for _, why in wrong]


@pytest.mark.parametrize("case", CASES, ids=[case["what"][:40] for case in CASES])
def test_a_databricks_line_becomes_its_inferences_or_is_refused_in_words(case: dict[str, Any]) -> None:
    found, wrong = told("databricks", case["line"])
    assert found == [(case["status"], score) for score in case["scores"] or []]
    assert bool(wrong) == (case["status"] is None)
    assert not any(PYTHON.search(why) for why in wrong)
    if wrong:
        assert re.match(r"(request|response)\b.* is .*; it must be", wrong[0])


def test_columns_of_a_databricks_request_are_numbers_in_each_row() -> None:
    found, _ = read("databricks", [json.dumps(CASES[1]["line"]).encode()])
    assert [one.inputs["limit_bal"] for one in found] == [50000, 50000]


def captured(data: str, output: str = "0.5", kind: str = "text/csv", encoding: str = "CSV", **metadata: Any) -> dict[str, Any]:
    return {
        "captureData": {
            "endpointInput": {"observedContentType": kind, "mode": "INPUT", "data": data, "encoding": encoding},
            "endpointOutput": {"observedContentType": "text/csv", "mode": "OUTPUT", "data": output, "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": "feca1ab1-8025-47e3-8f6a-99e3fdd7b8d9", "inferenceTime": "2026-11-20T23:33:12Z", **metadata},
        "eventVersion": "0",
    }


SAGEMAKER: list[tuple[dict[str, Any], list[dict[str, Any]], list[float]]] = [
    (captured("age,income\n31,1000\n40,\n", "0.2\n0.4"), [{"age": 31.0, "income": 1000.0}, {"age": 40.0, "income": None}], [0.2, 0.4]),
    (captured('31,"Paris, France",2', "0.5"), [{"f0": 31.0, "f1": "Paris, France", "f2": 2.0}], [0.5]),
    (captured("1,2\n3,4", "0.1,0.2"), [{"f0": 1.0, "f1": 2.0}, {"f0": 3.0, "f1": 4.0}], [0.1, 0.2]),
    (captured('{"age": 31}\n{"age": 40}\n', "0.1\n0.2", "application/jsonlines", "JSON"), [{"age": 31}, {"age": 40}], [0.1, 0.2]),
    (captured('{"features": [1.5, 2]}', "0.7", "application/jsonlines", "JSON"), [{"f0": 1.5, "f1": 2}], [0.7]),
    (captured(base64.b64encode(b"1,2").decode(), "0.7", "text/csv", "BASE64"), [{"f0": 1.0, "f1": 2.0}], [0.7]),
    (captured('{"a": NaN}', "0.7", "application/json", "JSON"), [{"a": None}], [0.7]),
]


@pytest.mark.parametrize(("line", "inputs", "scores"), SAGEMAKER)
def test_captured_payloads_are_read_in_each_form(line: dict[str, Any], inputs: list[dict[str, Any]], scores: list[float]) -> None:
    found, wrong = read("sagemaker", [json.dumps(line).encode()])
    assert wrong == []
    assert ([one.inputs for one in found], [one.score for one in found]) == (inputs, scores)


def test_the_inference_id_of_a_captured_record_is_the_correlation_id() -> None:
    (one,), _ = read("sagemaker", [json.dumps(captured("1,2", inferenceId="order-77")).encode()])
    assert one.extras["correlation_id"] == "order-77"


def event(kind: str, component: str = "predictor", **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "e-1",
        "type": f"org.kubeflow.serving.inference.{kind}",
        "time": "2026-11-20T10:00:00Z",
        "component": component,
        **more,
    }


def test_a_transformer_and_the_predictor_behind_it_are_one_inference_with_the_models_own_inputs() -> None:
    lines = [
        event("request", "transformer", data={"instances": [{"text": "31 years"}]}),
        event("request", data={"instances": [{"age": 31}]}),
        event("response", data={"predictions": [0.25]}),
        event("response", "transformer", data={"predictions": [{"decision": "no", "score": 0.25}]}),
    ]
    found, wrong = read("kserve", [json.dumps(line).encode() for line in lines])
    assert wrong == []
    assert [(one.inputs, one.score) for one in found] == [({"age": 31}, 0.25)]


def test_data_of_an_event_may_be_in_base64_or_in_a_text() -> None:
    packed = base64.b64encode(b'{"instances": [[1, 2]]}').decode()
    assert told("kserve", event("request", data_base64=packed), event("response", data='{"predictions": [0.5]}')) == ([("ok", 0.5)], [])


def test_error_rows_of_every_layout_are_failed_inferences() -> None:
    error = json.dumps({"error": "out of memory"})
    assert told("kserve", event("request", data={"instances": [[1]]}), event("response", data=json.loads(error))) == ([("failed", None)], [])
    line = captured("1,2")
    line["captureData"]["endpointOutput"] = {"observedContentType": "application/json", "mode": "OUTPUT", "data": error, "encoding": "JSON"}
    assert told("sagemaker", line) == ([("failed", None)], [])
    del line["captureData"]["endpointOutput"]
    assert told("sagemaker", line) == ([("failed", None)], [])
    assert told("databricks", CASES[0]["line"] | {"response": error}) == ([("failed", None)], [])


def broken() -> list[tuple[Layout, Any]]:
    """Good lines with each field, in turn, of another kind or gone."""
    good: list[tuple[Layout, dict[str, Any]]] = [
        ("databricks", CASES[0]["line"]),
        ("sagemaker", captured("1,2", inferenceId="x")),
        ("kserve", event("request", data={"instances": [[1]]})),
    ]
    odd = [None, True, 7, -1e400, 10**400, "", "x", "\ud800", [], [[]], {}, {"a": {"b": []}}, ["x", None]]
    found: list[tuple[Layout, Any]] = [(layout, value) for layout, _ in good for value in odd]

    def changed(node: Any, path: tuple[str, ...], value: Any) -> Any:
        if not path:
            return value
        return {**node, path[0]: changed(node[path[0]], path[1:], value)}

    def places(node: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        return [(*path, name) for name in node] + [one for name, below in node.items() if isinstance(below, dict) for one in places(below, (*path, name))]

    return found + [(layout, changed(line, path, value)) for layout, line in good for path in places(line) for value in odd]


def tensors(**changes: Any) -> list[tuple[Layout, Any]]:
    """A tensor with one field of another kind, as a request and as an answer."""
    said = [{"name": "age", "shape": [1], "datatype": "FP64", "data": [31]} | changes]
    return [
        ("databricks", CASES[0]["line"] | {"request": json.dumps({"inputs": said})}),
        ("databricks", CASES[0]["line"] | {"response": json.dumps({"outputs": said})}),
    ]


def payloads() -> list[tuple[Layout, Any]]:
    """Payloads that a reader of each form stumbles over: a header alone, torn quotes, half lines, half base64, odd tensors."""
    csv = ["age,income", 'age,"in\ncome"\n31,"1', "a\rb\x00c", ",,,", '"a""b",1\n"c",2\n3', "\ud8001,2", "1e400,2", "٣,٤", "a,a\n1,2"]
    found: list[tuple[Layout, Any]] = [("sagemaker", captured(data, data)) for data in csv]
    found += [("sagemaker", captured(data, data, kind, "BASE64")) for data in ("MSwy=", "gICA", "é") for kind in ("text/csv", "application/jsonlines")]
    lines = ('{"a": 1}\n{"a"', "[1, 2]\n3", '{"features": {}}', '"x"\nnull')
    found += [("sagemaker", captured(data, "0.5", "application/jsonlines", "JSON")) for data in lines]
    found += [("kserve", event("request", data_base64=data)) for data in (7, "%%", "gICA", "eyJpbnN0YW5jZXMi", "e30=")]
    changes: list[dict[str, Any]] = [{"name": [1]}, {"name": None}, {"shape": "1"}, {"shape": [-1]}, {"shape": [2**70]}, {"datatype": {}}, {"data": [[[]]]}]
    return found + [one for change in changes for one in tensors(**change)]


@pytest.mark.parametrize("made", [broken, payloads])
def test_no_refusal_of_a_line_quotes_an_exception_and_each_names_a_field(made: Callable[[], list[tuple[Layout, Any]]]) -> None:
    for layout, line in made():
        found, wrong = read(layout, [json.dumps(line).encode()])
        reasons = [why for _, why in wrong]
        assert not any(PYTHON.search(why) for why in reasons), (line, reasons)
        assert not any("has another form" in why for why in reasons), (line, reasons)
        if all(one.at.year >= 2000 for one in found):
            assert all(one.inference_id for one in found)


def test_an_id_of_half_a_character_is_refused_by_its_line_and_keeps_no_other() -> None:
    lines = [CASES[0]["line"] | {"databricks_request_id": "\ud800"}, CASES[0]["line"]]
    found, wrong = read("databricks", [json.dumps(line).encode() for line in lines])
    assert [one.line for one in found] == [1]
    assert wrong == [(0, "the line holds half a character (a lone \\ud800 to \\udfff); its texts must be whole Unicode characters")]


WORDS: list[tuple[Layout, Any, str]] = [
    ("sagemaker", captured("1,2", encoding="XML"), 'captureData.endpointInput.encoding is "XML"; it must be JSON, CSV or BASE64'),
    ("sagemaker", captured("%%", encoding="BASE64"), 'captureData.endpointInput.data is "%%"; it must be text in base64'),
    ("sagemaker", captured("1,2", "0.1\n0.2"), "captureData.endpointOutput.data has 2 predictions for 1 rows of inputs; there must be one for each row"),
    ("databricks", CASES[0]["line"] | {"request": "not json"}, 'request is "not json"; it must be JSON'),
    ("databricks", CASES[0]["line"] | {"response": '{"predictions": [{"good": 0.7, "bad": 0.3}]}'}, "response.predictions[0] has the columns good, bad"),
    ("kserve", event("request", data={"instances": [[1]]}, time="yesterday") | {"specversion": "0.3"}, 'specversion is "0.3"; it must be 1.0'),
]


@pytest.mark.parametrize(("layout", "line", "words"), WORDS)
def test_a_refusal_names_the_field_and_its_form(layout: Layout, line: dict[str, Any], words: str) -> None:
    assert told(layout, line)[1][0].startswith(words)
