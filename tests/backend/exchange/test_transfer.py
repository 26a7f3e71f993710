"""Another platform's log is kept as far as it can be: a line that cannot be is named, and keeps no other."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner

from backend.bootstrap import open_hub
from backend.exchange import formats
from backend.exchange.formats import read
from backend.hub import Hub
from backend.ids import first_id_at, new_id
from backend.outcomes import orphans
from backend.outcomes import service as outcomes
from backend.settings import Settings
from rpc.commands import import_log
from rpc.commands.shared.acting import Caller
from schemas.inference import Outcome, RecordOutcomes
from schemas.log import ListOrphans
from tests.backend.exchange.test_formats import PUBLISHED, brought
from tests.support.predictions import logged
from tests.support.served import Served


def databricks(**changes: Any) -> str:
    said = {"databricks_request_id": str(new_id()), "timestamp_ms": 1.7e12, "request": '{"a": 1}', "response": '{"predictions": [0.5]}', "status_code": 200}
    return json.dumps(said | changes)


def capture(score: str) -> str:
    said = json.loads(json.dumps(PUBLISHED[0][1]))
    said["captureData"]["endpointOutput"]["data"] = score
    return json.dumps(said)


BAD: list[tuple[str, str]] = [
    (databricks(timestamp_ms=1e27), "timestamp_ms is 1e+27; it must be a time in milliseconds since 1970"),
    (databricks(timestamp_ms="yesterday"), 'timestamp_ms is "yesterday"; it must be a whole number'),
    (databricks(response='{"predictions": [' + "7" * 400 + "]}"), "it must be a number of at most 1.8e308"),
    (databricks(request="[" * 5000 + "]" * 5000), "nested too deeply"),
    ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
    (databricks(request_metadata={"actual": "good"}), "'good' is no number"),
    (databricks(request_metadata={"actual": "nan"}), "'nan' is no number"),
    (databricks(request='{"dataframe_records": []}', response='{"predictions": []}'), "no inputs"),
    (databricks(databricks_request_id="ffffffff-ffff-7fff-bfff-ffffffffffff"), "of no time of an inference"),
    (databricks(databricks_request_id="00000000-0000-7000-8000-000000000000"), "of no time of an inference"),
    (databricks(databricks_request_id="\ud800"), "half a character"),
    (databricks(timestamp_ms=-3), "it must be between 2000 and an hour from now"),
    (databricks(execution_time_ms=10**400), "must be a whole number"),
    (databricks(databricks_request_id="2^70", request='{"a": "' + "x" * 10 + '\\u0000"}'), "NUL"),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[f"{at}-{reason}"[:40] for at, (_, reason) in enumerate(BAD)])
async def test_a_line_that_cannot_be_kept_is_refused_with_its_reason_and_keeps_no_other(hub: Hub, served: Served, line: str, reason: str) -> None:
    group = await served.group(hub)
    receipt = await brought(hub, served, group, "databricks", [databricks(), line, databricks()])
    assert (receipt.rows, [one.line for one in receipt.refused]) == (2, [1])
    assert reason in receipt.refused[0].reason


async def test_what_only_postgres_refuses_is_refused_alone(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    bad = databricks(request_metadata={"correlation_id": "x"}, client_request_id="bad")
    monkeypatch.setattr("backend.exchange.told_rows._kept", lambda said: "a\x00b" if said == "bad" else said)
    receipt = await brought(hub, served, group, "databricks", [*(databricks() for _ in range(9)), bad, *(databricks() for _ in range(9))])
    assert (receipt.rows, [one.line for one in receipt.refused]) == (18, [9])


async def test_lines_of_other_weeks_than_their_ids_and_of_any_time_zone_find_their_partition(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    old_id = str(first_id_at(datetime(2023, 3, 8, tzinfo=UTC)))
    edge = [
        databricks(databricks_request_id=f"edge {hour}", timestamp_ms=None, request_time=f"2024-01-01T{hour:02}:30:00+14:00")
        for hour in (1, 13, 15)  # Sunday and Monday in UTC
    ]
    lines = [line.replace('"timestamp_ms": null, ', "") for line in edge]
    receipt = await brought(hub, served, group, "databricks", [databricks(databricks_request_id=old_id), *lines])
    assert (receipt.rows, receipt.refused) == (4, [])
    assert UUID(old_id) in await logged(hub, served.tenant, group)


async def test_a_nul_in_a_name_is_left_out(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    line = databricks(request_metadata={"model_version": "v\x001.2", "entity_key": "a\x00b"})
    assert (await brought(hub, served, group, "databricks", [line])).rows == 1
    (row,) = (await logged(hub, served.tenant, group)).values()
    assert (row["version"], row["entity_key"]) == ("v1.2", "ab")


@pytest.mark.parametrize("score", ["nan", "inf", "-inf"])
async def test_an_answer_that_is_no_number_was_none(hub: Hub, served: Served, score: str) -> None:
    group = await served.group(hub)
    assert (await brought(hub, served, group, "sagemaker", [capture(score)])).rows == 1
    (row,) = (await logged(hub, served.tenant, group)).values()
    assert (row["score"], row["status"], row["output"]) == (None, "failed", None)


async def test_outcomes_told_before_are_applied_to_imported_rows(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    known = databricks(client_request_id="r-2", request_metadata={"actual": "0"})
    early = [Outcome(correlation_id="r-1", actual=1), Outcome(correlation_id="r-2", actual=1)]
    async with hub.work(served.tenant.admin) as work:
        assert (await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=early))).waiting == 2
    lines = [databricks(client_request_id="r-1"), known]
    assert [(await brought(hub, served, group, "databricks", lines)).rows for _ in range(2)] == [2, 0]
    rows = {row["correlation_id"]: row for row in (await logged(hub, served.tenant, group)).values()}
    assert {name: row["actual"] for name, row in rows.items()} == {"r-1": 1.0, "r-2": 1.0}
    assert [entry["actual"] for entry in rows["r-2"]["actual_history"]] == [0.0]  # type: ignore[attr-defined]
    async with hub.work(served.tenant.admin) as work:
        assert (await orphans.orphans(work, ListOrphans(slug=group.slug, older_than_days=0))).total == 0
        assert (await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[early[0]]))).duplicate == 1


def kserve(kind: str, data: dict[str, Any]) -> bytes:
    said = {"specversion": "1.0", "id": "4651a1bf", "source": "s", "type": kind, "time": "2026-01-05T10:00:00Z", "data": data}
    return json.dumps(said).encode()


def test_kserves_v2_tensors_are_read() -> None:
    asked = {"id": "1", "inputs": [{"name": "age", "shape": [2], "datatype": "INT64", "data": [31, 40]}]}
    answered = {"model_name": "m", "outputs": [{"name": "predict_proba", "shape": [2, 2], "datatype": "FP64", "data": [0.9, 0.1, 0.2, 0.8]}]}
    found, wrong = read("kserve", [kserve(formats.REQUEST, asked), kserve(formats.RESPONSE, answered)])
    assert wrong == []
    assert [(one.inputs, one.score) for one in found] == [({"age": 31}, 0.1), ({"age": 40}, 0.8)]
    short = {"outputs": [{"name": "p", "shape": [2], "datatype": "FP64", "data": [0.9]}]}
    binary = {"outputs": [{"name": "p", "shape": [2], "datatype": "FP64", "parameters": {"binary_data_size": 16}}]}
    for data, reason in ((short, "'p' has 1 values, which do not fill its shape [2]"), (binary, "binary")):
        found, wrong = read("kserve", [kserve(formats.REQUEST, asked), kserve(formats.RESPONSE, data)])
        assert (found, len(wrong)) == ([], 1)
        assert reason in wrong[0][1]


async def test_the_command_counts_lines_as_the_file_has_them(
    hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Settings
) -> None:
    group = await served.group(hub)

    async def calling(_data_dir: object, _email: object, _token: object, bring: Callable[[Caller], Awaitable[Any]]) -> Any:
        async with open_hub(settings) as opened:
            return await bring(Caller(opened, None, served.tenant.token))

    monkeypatch.setattr(import_log, "calling", calling)
    monkeypatch.setattr(import_log, "PART", 2)
    file = tmp_path / "log.jsonl"
    file.write_text("\n".join([databricks(), "", databricks(), "", "{", databricks(), databricks(timestamp_ms=1e27)]))
    done = await asyncio.to_thread(CliRunner().invoke, import_log.command, [group.slug, str(file), "--layout", "databricks"])
    assert done.exit_code == 2
    assert "3 inferences imported, 0 known already, 2 lines refused" in done.output
    assert [line.split(":")[0] for line in done.output.splitlines() if line.startswith("line ")] == ["line 5", "line 7"]
