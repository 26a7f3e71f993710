"""A log in the layouts of other platforms, out and in."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.exchange import formats, transfer
from backend.exchange.formats import Layout, lines_of, read
from backend.hub import Hub
from backend.ids import new_id
from backend.outcomes import service as outcomes
from backend.serving.traffic import traffic as read_traffic
from schemas.groups import Group, GroupRef
from schemas.inference import Outcome, PredictBody, RecordOutcomes
from schemas.log import ExportLog, ImportedLog, ImportLog
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

LAYOUTS: list[Layout] = ["databricks", "kserve", "sagemaker"]
# As published: docs.databricks.com (inference tables), kserve.github.io (inference logger) with the CloudEvents 1.0 specification, and
# docs.aws.amazon.com (data capture).
DATABRICKS = {
    "client_request_id": (str, type(None)),
    "databricks_request_id": str,
    "date": str,
    "timestamp_ms": int,
    "status_code": int,
    "sampling_fraction": float,
    "execution_time_ms": int,
    "request": str,
    "response": str,
    "request_metadata": dict,
}
CLOUD_EVENT = {"specversion", "id", "source", "type"}
KSERVE = {"time", "datacontenttype", "data", "inferenceservicename", "namespace", "component", "endpoint"}
CAPTURE = {"observedContentType", "mode", "data", "encoding"}


async def filled(hub: Hub, served: Served, rows: int = 12) -> Group:
    group = await served.group(hub, challenger_share=5_000)
    for n in range(rows):
        await ask(
            hub, served.tenant, group, PredictBody(inputs=served.serving.inputs | {"limit_bal": 1000.0 * n}, entity_key=f"c-{n}", correlation_id=f"r-{n}")
        )
    await drain(hub, group)
    async with hub.work(served.tenant.admin) as work:
        await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(correlation_id="r-3", actual=1)]))
    return group


async def exported(hub: Hub, served: Served, group: Group, layout: Layout, limit: int = 5) -> list[str]:
    lines: list[str] = []
    cursor = None
    while True:
        async with hub.work(served.tenant.admin, read_only=True) as work:
            page = await transfer.export(work, ExportLog(slug=group.slug, layout=layout, cursor=cursor, limit=limit))
        lines += page.lines
        if (cursor := page.next_cursor) is None:
            return lines


async def brought(hub: Hub, served: Served, group: Group, layout: Layout, lines: list[str]) -> ImportedLog:
    return await transfer.import_lines(hub, served.tenant.admin, ImportLog(slug=group.slug, layout=layout, lines=lines))


async def test_every_line_has_the_fields_that_the_platforms_publish(hub: Hub, served: Served) -> None:
    group = await filled(hub, served, 3)
    for line in await exported(hub, served, group, "databricks"):
        said = json.loads(line)
        assert {name: isinstance(said[name], kind) for name, kind in DATABRICKS.items()} == dict.fromkeys(DATABRICKS, True)  # type: ignore[arg-type]
        assert set(said) == set(DATABRICKS)
        assert datetime.fromtimestamp(said["timestamp_ms"] / 1000, UTC).date().isoformat() == said["date"]
        assert len(json.loads(said["request"])["dataframe_records"]) == len(json.loads(said["response"])["predictions"]) == 1
        assert {"endpoint_name", "model_name", "model_version"} <= set(said["request_metadata"])
        assert all(isinstance(value, str) for value in said["request_metadata"].values())
    events = [json.loads(line) for line in await exported(hub, served, group, "kserve")]
    assert [event["type"].rsplit(".", 1)[1] for event in events] == ["request", "response"] * 3
    for event in events:
        assert set(event) >= CLOUD_EVENT | KSERVE
        assert (event["specversion"], event["time"][-1]) == ("1.0", "Z")
        assert all(name.isalnum() and name == name.lower() for name in event), "CloudEvents' attribute names"
    for line in await exported(hub, served, group, "sagemaker"):
        said = json.loads(line)
        assert set(said) == {"captureData", "eventMetadata", "eventVersion"}
        assert set(said["captureData"]["endpointInput"]) == set(said["captureData"]["endpointOutput"]) == CAPTURE
        assert {"eventId", "inferenceTime"} <= set(said["eventMetadata"])


@pytest.mark.parametrize("layout", LAYOUTS)
async def test_what_is_exported_and_imported_elsewhere_is_the_same_inferences_marked_as_imported(hub: Hub, served: Served, layout: Layout) -> None:
    group, other = await filled(hub, served), await served.group(hub)
    lines = await exported(hub, served, group, layout)
    first = await brought(hub, served, other, layout, lines)
    again = await brought(hub, served, other, layout, lines)
    assert (first.rows, first.known, first.refused_total, again.rows, again.known) == (12, 0, 0, 0, 12)
    there, here = await logged(hub, served.tenant, group), await logged(hub, served.tenant, other)
    assert here.keys() == there.keys()
    same = ("inputs", "score", "version", "model_version_id", "role", "entity_key", "correlation_id", "label", "actual", "status")
    for identifier, row in here.items():
        assert {name: row[name] for name in same} == {name: there[identifier][name] for name in same}
        assert abs(row["requested_at"] - there[identifier]["requested_at"]) < timedelta(milliseconds=1)  # type: ignore[operator]
        assert (row["imported_from"], row["phase"], row["propensity"], row["bucket"]) == (layout, 0, 0.0, -1)


async def test_imported_rows_count_neither_as_traffic_nor_in_any_phase_and_wait_for_no_explanation(hub: Hub, served: Served) -> None:
    group, other = await filled(hub, served, 4), await served.group(hub)
    await brought(hub, served, other, "databricks", await exported(hub, served, group, "databricks"))
    async with hub.work(served.tenant.admin, read_only=True) as work:
        traffic = await read_traffic(work, GroupRef(slug=other.slug))
        phases = (await work.session.execute(text(f'SELECT DISTINCT phase FROM "{other.table_name}"'))).scalars().all()
    assert (traffic.total, traffic.labelled, traffic.waiting_explanation) == (0, 0, 0)
    assert list(phases) == [0]


PUBLISHED: list[tuple[Layout, dict[str, Any], dict[str, Any], float]] = [
    (
        "sagemaker",
        {
            "captureData": {
                "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": "132,25,113.2,96", "encoding": "CSV"},
                "endpointOutput": {"observedContentType": "text/csv; charset=utf-8", "mode": "OUTPUT", "data": "0.01076381653547287", "encoding": "CSV"},
            },
            "eventMetadata": {"eventId": "feca1ab1-8025-47e3-8f6a-99e3fdd7b8d9", "inferenceTime": "2019-11-20T23:33:12Z"},
            "eventVersion": "0",
        },
        {"f0": 132.0, "f1": 25.0, "f2": 113.2, "f3": 96.0},
        0.01076381653547287,
    ),
    (
        "sagemaker",
        {
            "captureData": {
                "endpointInput": {
                    "observedContentType": "application/json",
                    "mode": "INPUT",
                    "data": base64.b64encode(b'{"age": 31}').decode(),
                    "encoding": "BASE64",
                },
                "endpointOutput": {
                    "observedContentType": "application/json",
                    "mode": "OUTPUT",
                    "data": base64.b64encode(b"[0.25]").decode(),
                    "encoding": "BASE64",
                },
            },
            "eventMetadata": {"eventId": "4651a1bf-4b00-4248-a309-4a18b11e4277", "inferenceTime": "2021-09-27T03:47:25Z"},
            "eventVersion": "0",
        },
        {"age": 31},
        0.25,
    ),
    (
        "databricks",
        {
            "databricks_request_id": "7a99ca86-5ca1-4c6b-8a4b-1f6e5e5f2f60",
            "request_date": "2025-03-01",
            "request_time": "2025-03-01T10:00:00.250",
            "status_code": 200,
            "sampling_fraction": 1,
            "execution_duration_ms": 12,
            "request": '{"dataframe_split": {"columns": ["age", "income"], "data": [[31, 1000]]}}',
            "response": '{"predictions": [[0.9, 0.1]]}',
            "served_entity_id": "abc",
            "requester": "someone@example.org",
        },
        {"age": 31, "income": 1000},
        0.1,
    ),
]


@pytest.mark.parametrize(("layout", "line", "inputs", "score"), PUBLISHED)
def test_lines_as_those_platforms_write_them_are_read(layout: Layout, line: dict[str, Any], inputs: dict[str, Any], score: float) -> None:
    found, wrong = read(layout, [json.dumps(line).encode()])
    assert wrong == []
    assert [(one.inputs, one.score) for one in found] == [(inputs, score)]
    (one,) = found
    assert one.inference_id.version == 7
    assert read(layout, [json.dumps(line).encode()])[0][0].inference_id == one.inference_id, "the same each time"
    assert abs(formats.datetime.fromtimestamp((one.inference_id.int >> 80) / 1000, UTC) - one.at) < timedelta(milliseconds=1)


async def test_a_week_long_past_is_made_for_imported_rows(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    receipt = await brought(hub, served, group, "sagemaker", [json.dumps(PUBLISHED[0][1]), json.dumps(PUBLISHED[1][1])])
    assert receipt.rows == 2
    rows = await logged(hub, served.tenant, group)
    assert sorted(row["requested_at"].year for row in rows.values()) == [2019, 2021]  # type: ignore[attr-defined]
    assert {row["model_version_id"] for row in rows.values()} == {UUID(int=0)}


async def test_lines_that_cannot_be_read_are_named_and_the_others_kept(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    good = json.dumps(PUBLISHED[0][1])
    far = json.dumps(PUBLISHED[0][1]).replace("2019-11-20", "1970-01-01").replace("feca1ab1", "feca1ab2")
    nul = (
        good.replace("132,25,113.2,96", '{\\"a\\": \\"\\\\u0000\\"}')
        .replace('"CSV"', '"JSON"', 1)
        .replace("text/csv", "application/json", 1)
        .replace("feca1ab1", "feca1ab3")
    )
    receipt = await brought(hub, served, group, "sagemaker", ["{", "{}", good, far, nul, '{"eventVersion": "7"}'])
    assert receipt.rows == 1
    assert [one.line for one in receipt.refused] == [0, 1, 3, 4, 5]
    half = await brought(hub, served, group, "kserve", [lines_of("kserve", "g", _row())[0].decode(), "[]", '{"specversion": "0.3", "type": "x"}'])
    assert (half.rows, half.refused_total) == (0, 3)


def _row() -> dict[str, Any]:
    identifier = new_id()
    blank = dict.fromkeys(formats.EXTRAS)
    return blank | {
        "inference_id": identifier,
        "requested_at": datetime.now(UTC),
        "inputs": {"a": 1},
        "score": 0.5,
        "latency_us": 10,
        "status": "ok",
        "version": "v1",
    }
