"""Copies of answered requests, and their scoring by shadows."""

import time
from collections import Counter
from collections.abc import Container, Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from backend.ids import SHADOW_OF, shadow_id
from backend.inference_log.record import Record
from backend.runtimes.features import encode
from backend.runtimes.served_versions import ServedVersion
from backend.serving.answers import PredictionRequest, record_of
from backend.serving.deciding import decide
from backend.serving.language_models import Remote
from backend.serving.prepare import Case
from backend.serving.routing.table import RoutedMember
from backend.serving.scoring import give_up, score_version
from backend.serving.shadows.misses import DROPPED, INCOMPLETE


class Copy(NamedTuple):
    """A request with its answers."""

    request: PredictionRequest
    cases: Sequence[Case]

    @property
    def rows(self) -> int:
        """Return the number of rows for its shadows to score."""
        return len(self.cases) * len(self.request.group.shadows)


def score_copies(copies: Sequence[Copy], halted: Container[UUID] = ()) -> tuple[list[Record], Counter[str]]:
    """Return the records of all shadows in this process, and the numbers of unscored rows by reason; call it in a thread.

    `halted` shadows score nothing.
    """
    records: list[Record] = []
    missed: Counter[str] = Counter()
    for request, cases in copies:
        for shadow in (one for one in request.group.shadows if one.version_id not in halted):
            if shadow.served is None or not shadow.served.remote:
                records += _score_one(request, cases, shadow, missed)
            time.sleep(0)  # gives the interpreter to answers
    return records, missed


async def ask_copies(copies: Sequence[Copy], remote: Remote, halted: Container[UUID] = ()) -> tuple[list[Record], Counter[str]]:
    """Return the same for external shadows."""
    records: list[Record] = []
    missed: Counter[str] = Counter()
    for request, cases in copies:
        for shadow in request.group.shadows:
            if shadow.served is None or not shadow.served.remote or shadow.version_id in halted:
                continue
            started = time.perf_counter_ns()
            pairs = _pairs(cases, shadow, shadow.served, missed, strict=request.group.facts.answering.unknown_categories == "refuse")
            if pairs:
                give_up(await remote.score(request.group.facts.tenant_id, [copy for _, copy in pairs]))
            records += _records(request, pairs, started)
    return records, missed


def _score_one(request: PredictionRequest, answered: Sequence[Case], shadow: RoutedMember, missed: Counter[str]) -> list[Record]:
    """Score a request as if the shadow had been asked: read, scored at once, timed."""
    if shadow.served is None:
        missed[DROPPED] += len(answered)
        return []
    started = time.perf_counter_ns()
    pairs = _pairs(answered, shadow, shadow.served, missed, strict=request.group.facts.answering.unknown_categories == "refuse")
    if pairs:
        give_up(score_version([copy for _, copy in pairs]))
    return _records(request, pairs, started)


def _pairs(answered: Sequence[Case], shadow: RoutedMember, version: ServedVersion, missed: Counter[str], *, strict: bool) -> list[tuple[Case, Case]]:
    """Return each answered case with its copy, as the shadow reads it."""
    pairs: list[tuple[Case, Case]] = []
    for case in answered:
        encoded = encode(version.specs, case.inputs, "")
        if encoded.missing or encoded.unfit or (strict and encoded.unknown):
            missed[INCOMPLETE] += 1
        else:
            pairs.append((case, Case(shadow_id(case.id, shadow.version_id), case.inputs, case.bucket, shadow, encoded.row)))
    return pairs


def _records(request: PredictionRequest, pairs: Sequence[tuple[Case, Case]], started: int) -> list[Record]:
    decide(copy for _, copy in pairs)
    latency = (time.perf_counter_ns() - started) // 1000
    return [_record(request, case, copy, latency) for case, copy in pairs]


def _record(request: PredictionRequest, answered: Case, copy: Case, latency_us: int) -> Record:
    """Record a copy. Every request is scored, so the propensity is 1; the row names the answer it copies."""
    made = record_of(request, copy, latency_us)
    return msgspec.structs.replace(made, propensity=1.0, output={**(made.output or {}), SHADOW_OF: str(answered.id)})
