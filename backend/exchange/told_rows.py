"""Turns a foreign log's lines into rows to store. Pure; the rows can cross from a child process."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec

from backend.exchange.formats import Foreign, Layout, read
from backend.ids import first_id_at

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
ROLES = ("champion", "challenger", "shadow")


class ToldRow(msgspec.Struct, frozen=True, kw_only=True):
    """An inference that can be stored. `inputs` is JSON, `line` is its line, from 0."""

    inference_id: UUID
    line: int
    at: datetime
    inputs: str
    score: float | None
    latency_us: int | None
    failed: bool
    version: str | None
    role: str
    entity_key: str | None
    correlation_id: str | None
    caller: str | None
    label: str | None
    actual: float | None


class ToldRows(msgspec.Struct, frozen=True):
    """The inferences of lines, the last one of each id; and the lines that cannot be stored, each with the reason."""

    rows: list[ToldRow]
    wrong: list[tuple[int, str]]


def told_rows(layout: Layout, lines: list[str], now: datetime) -> ToldRows:
    """Read the lines of a layout. `now` bounds the times of inferences."""
    found, wrong = read(layout, (line.encode() for line in lines))
    made: dict[UUID, ToldRow] = {}
    for one in found:
        if why := _trouble(one, now):
            wrong.append((one.line, why))
    refused = {line for line, _ in wrong}
    for one in found:
        if one.line not in refused:
            made[one.inference_id] = _row(one)
    return ToldRows(list(made.values()), wrong)


def _row(one: Foreign) -> ToldRow:
    extras = one.extras
    actual = extras.get("actual")
    return ToldRow(
        inference_id=one.inference_id,
        line=one.line,
        at=one.at,
        inputs=msgspec.json.encode(one.inputs).decode(),
        score=one.score,
        latency_us=None if one.latency_us is None else max(0, min(one.latency_us, 2**31 - 1)),
        failed=one.failed,
        version=_kept(extras.get("version")),
        role=extras["role"] if extras.get("role") in ROLES else "champion",
        entity_key=_kept(extras.get("entity_key")),
        correlation_id=_kept(extras.get("correlation_id")),
        caller=_kept(extras.get("caller")),
        label=_kept(extras.get("label")),
        actual=None if actual is None else float(actual),
    )


def _kept(said: str | None) -> str | None:
    return said.replace("\x00", "")[:200] if said else None


def _trouble(one: Foreign, now: datetime) -> str | None:
    """Return the reason why an inference cannot be stored; None if it can."""
    latest = now + timedelta(hours=1)
    if not (one.at.year >= 2000 and one.at <= latest):
        return f"the time is {one.at:%Y-%m-%d}; it must be between 2000 and an hour from now"
    if not first_id_at(EARLIEST) <= one.inference_id <= first_id_at(latest):
        return f"the id is {one.inference_id}, of no time of an inference; a UUID of version 7 must be of a time between 2000 and an hour from now"
    try:
        inputs = msgspec.json.encode(one.inputs)
    except (RecursionError, TypeError, ValueError, OverflowError):
        return "the inputs hold a value that JSON cannot write, or are nested too deeply; each must be a text, a number of at most 64 bits, true, false or null"
    return "the inputs hold a NUL character, which cannot be kept; texts must be without" if b"\\u0000" in inputs else None
