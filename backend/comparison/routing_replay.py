"""Recomputes past routing from the phases' history: the version that had to answer each logged prediction, and the one that did."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from backend.catalog import service as catalog
from backend.comparison import queries as split_queries
from backend.comparison.split_estimate import facts_of
from backend.decisions import exploration
from backend.decisions.lots import lot_of
from backend.groups import service as groups
from backend.groups.buckets import PREFERRED, SEGMENT, bucket_of, owners
from backend.ids import first_id_at
from backend.runtimes import served_versions
from backend.runtimes.features import FeatureSpec, lacking
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.exploration import Exploration, ExplorationTerms
from schemas.groups import Group, GroupRef, Member, MemberRole, Phase
from schemas.ramps import ReplayRouting, RoutingMismatch, RoutingReplay

CHUNK = 5_000
MOST_EXAMPLES = 20
BOUNDS = {"phase": "phase = ", "after": "inference_id >= ", "before": "inference_id < "}


class Past:
    """The routing of one phase."""

    def __init__(self, phase: Phase) -> None:
        self.key = phase.routing_key
        self.members: Sequence[Member] = phase.members
        self.owner = owners(facts_of(phase))
        self.champion = next(member for member in phase.members if member.role is MemberRole.CHAMPION)

    def owner_of(self, bucket: int) -> Member:
        """Return the owner of the bucket."""
        return self.members[self.owner[bucket]]

    def had(self, version_id: UUID, role: str) -> bool:
        """Return whether the version had this role."""
        return any(member.version_id == version_id and member.role == role for member in self.members)


class Replay:
    """Counts matching rows by reason, and keeps some mismatches."""

    def __init__(self, work: UnitOfWork, group: Group, salt: str, phases: Sequence[Phase], explorations: Sequence[Exploration]) -> None:
        self._work, self._group, self._salt, self._explorations = work, group, salt, explorations
        self._past = {phase.number: Past(phase) for phase in phases}
        self._specs: dict[UUID, list[FeatureSpec]] = {}
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self.examples: list[RoutingMismatch] = []

    async def take(self, rows: Sequence[Any]) -> None:
        """Add more rows."""
        self.rows += len(rows)
        reasons = await asyncio.to_thread(lambda: [self._reason(row) for row in rows])
        unsure = [row for row, reason in zip(rows, reasons, strict=True) if reason == "features?"]
        if unsure:
            inputs = await split_queries.inputs_of(self._work.session, self._group.table_name, [row["inference_id"] for row in unsure])
            sure = {row["inference_id"]: await self._lacked(row, inputs[row["inference_id"]]) for row in unsure}
            reasons = ["features" if sure.get(row["inference_id"]) else reason for row, reason in zip(rows, reasons, strict=True)]
        for row, reason in zip(rows, reasons, strict=True):
            if reason in {"features?", "mismatch"}:
                self._note(row)
            else:
                self.reasons[reason] += 1

    def _reason(self, row: Any) -> str:
        past = self._past.get(row["phase"])
        if past is None or not (row["erased"] or row["bucket"] == bucket_of(self._salt, _key(past.key, row))):
            return "mismatch"
        if row["lot"] is not None and not self._drawn(row):
            return "mismatch"
        version_id, role = row["model_version_id"], row["role"]
        if role == "shadow":
            return "shadow" if past.had(version_id, role) else "mismatch"
        if row["propensity"] == PREFERRED:
            return "preferred" if past.had(version_id, role) else "mismatch"
        owner = past.owner_of(row["bucket"])
        if version_id == owner.version_id:
            return "split"
        if version_id != past.champion.version_id:
            return "mismatch"
        return "fallback" if row["status"] in {"fallback", "failed"} else "features?"

    def _drawn(self, row: Any) -> bool:
        """Return whether one of the group's explorations drew this lot for the row's applicant, with its chance and its decision.

        An erased row has lost its applicant. A chance of 0 stands where the lot approved and the budget had no place.
        """
        key = row["entity_key"] or str(row["inference_id"])
        mine = [one.terms for one in self._explorations if row["erased"] or lot_of(one.id, self._salt, key) == row["lot"]]
        return any(_followed(row["lot"], row["lot_propensity"], row["decision"], terms) for terms in mine)

    async def _lacked(self, row: Any, inputs: dict[str, Any]) -> bool:
        """Return whether the request lacked a required feature of the bucket's owner. An erased request does not show it."""
        if row["erased"]:
            return True
        owner = self._past[row["phase"]].owner_of(row["bucket"])
        if owner.version_id not in self._specs:
            version = await catalog.get_version(self._work, VersionRef(version_id=owner.version_id))
            assert version.artifact is not None, "a version that served has its artifact"
            self._specs[owner.version_id] = served_versions.facts_of(version).specs()
        return bool(lacking(self._specs[owner.version_id], inputs))

    def _note(self, row: Any) -> None:
        if len(self.examples) < MOST_EXAMPLES:
            past = self._past.get(row["phase"])
            expected = past.owner_of(bucket_of(self._salt, _key(past.key, row))).label if past else f"no phase {row['phase']}"
            said = {name: row[name] for name in ("inference_id", "phase", "bucket")}
            self.examples.append(RoutingMismatch(**said, recorded=row["version"], expected=expected))


async def replay_routing(work: UnitOfWork, input: ReplayRouting) -> RoutingReplay:
    """Recompute bucket, version and lot of logged predictions, in constant memory. Raises GroupNotFound."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    explorations = [one for one in (await exploration.list_explorations(work, GroupRef(slug=input.slug))).explorations if one.approved_at is not None]
    replay = Replay(work, group, group.salt, await groups.list_phases(work, GroupRef(slug=input.slug)), explorations)
    given = {"phase": input.phase, "after": input.after and first_id_at(input.after), "before": input.before and first_id_at(input.before)}
    bounds = {BOUNDS[name]: value for name, value in given.items() if value is not None}
    async for rows in split_queries.replayed(work, group.table_name, bounds, CHUNK):
        await replay.take(rows)
    return RoutingReplay(
        slug=group.slug, rows=replay.rows, matched=replay.reasons.total(), reasons=dict(sorted(replay.reasons.items())), examples=replay.examples
    )


def _followed(lot: float, chance: float, decision: str | None, terms: ExplorationTerms) -> bool:
    """Return whether a decision followed its lot."""
    if chance == 0:
        return lot < terms.share and decision != terms.decision
    return chance == terms.share and (decision == terms.decision) == (lot < chance)


def _key(kind: str, row: Any) -> str:
    said = row["entity_key"] if kind == "entity_key" else row["correlation_id"] if kind == "correlation_id" else None
    if kind.startswith(SEGMENT) and row["segments"]:
        said = msgspec.json.decode(row["segments"]).get(kind.removeprefix(SEGMENT))
    return str(row["inference_id"]) if said is None else str(said)
