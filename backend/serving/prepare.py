"""Prepares a request's inputs for scoring: routes and reads them, and refuses unfit ones with pointers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import msgspec

from backend.errors import Invalid
from backend.groups.buckets import BUCKETS, PREFERRED, SEGMENT
from backend.ids import new_id
from backend.inference_log.record import Status
from backend.runtimes.features import check_others, encode, escaped, lacking
from backend.runtimes.served_versions import ServedVersion
from backend.serving.errors import InvalidBatch, InvalidFeatures, MissingFeatures, ModelNotLoaded, UnknownFeatures, VersionNotPreferred
from backend.serving.routing.lease import HaltFacts, halt_of
from backend.serving.routing.table import RoutedGroup, RoutedMember
from schemas.common import Issue
from schemas.inference import Explanation, Inputs, PredictBody

MOST_INPUTS = 1000


NOT_CHOSEN = " was not chosen, as the request lacks "
"""Between a challenger's label and the names of what it needs, in a row's `error`."""
NO_HALTS: Mapping[UUID, HaltFacts] = {}


class Choice(NamedTuple):
    """The version that answers a request, its propensity, and the reason when it is not the bucket's owner."""

    member: RoutedMember
    propensity: float
    status: Status = "ok"
    words: str | None = None


class Case(msgspec.Struct, eq=False):
    """One of a request's inputs on its way to an answer."""

    id: UUID
    inputs: Inputs
    bucket: int
    member: RoutedMember
    row: list[float]
    score: float = math.nan
    margin: float | None = None
    explanation: Explanation | None = None
    status: Status = "ok"
    error: str | None = None
    propensity: float = PREFERRED
    decision: str | None = None
    lot: float | None = None
    lot_propensity: float | None = None

    @property
    def explored(self) -> bool:
        """Return whether the lot of an exploration approved it."""
        return self.lot is not None and self.lot_propensity is not None and self.lot < self.lot_propensity

    @property
    def version(self) -> ServedVersion:
        """Return the version that answers."""
        assert self.member.served is not None, "only loaded versions are chosen"
        return self.member.served


def prepare(group: RoutedGroup, body: PredictBody, halted: Mapping[UUID, HaltFacts] = NO_HALTS) -> list[Case]:
    """Route and read every input. Raises all errors, each with its pointer; VersionNotPreferred; GroupHalted when nobody else may answer."""
    check_texts(body)
    batch = body.inputs if isinstance(body.inputs, list) else [body.inputs]
    if not 1 <= len(batch) <= MOST_INPUTS:
        raise InvalidBatch(issues=[Issue(pointer="/inputs", message=f"{len(batch)} inputs are here")])
    preferred = _preferred(group, body.prefer) if body.prefer else None
    key = routing_key(group.facts.routing_key, body)
    problems = Problems()
    cases = []
    for at, inputs in enumerate(batch):
        pointer = f"/inputs/{at}" if isinstance(body.inputs, list) else "/inputs"
        identifier = new_id()
        bucket = group.bucket(key if key is not None else str(identifier))
        choice = Choice(preferred, PREFERRED) if preferred else choose(group, bucket, inputs, halted)
        if halted and choice.member.version_id in halted:
            raise halt_of(group.facts.slug, halted[choice.member.version_id])
        cases.append(_case(group, identifier, bucket, choice, inputs, pointer, problems))
    problems.raise_any()
    return cases


def routing_key(kind: str, body: PredictBody) -> str | None:
    """Return the routing key of a request; None without one, so that the inference id is the key.

    >>> routing_key("segments.branch", PredictBody(inputs={}, segments={"branch": "north"})), routing_key("entity_key", PredictBody(inputs={}))
    ('north', None)
    """
    if kind.startswith(SEGMENT):
        return body.segments.get(kind.removeprefix(SEGMENT))
    return {"entity_key": body.entity_key, "correlation_id": body.correlation_id}.get(kind)


@dataclass
class Problems:
    """The problems of a request's inputs."""

    unknown: list[Issue] = field(default_factory=list)
    unfit: list[Issue] = field(default_factory=list)
    missing: list[Issue] = field(default_factory=list)

    def raise_any(self) -> None:
        """Raise the first kind of problem, with all its issues."""
        if not (self.unknown or self.unfit or self.missing):
            return
        issues = (self.unknown + self.unfit + self.missing)[:200]
        for found, kind in ((self.unknown, UnknownFeatures), (self.unfit, InvalidFeatures), (self.missing, MissingFeatures)):
            if found:
                raise kind(issues=issues)


def choose(group: RoutedGroup, bucket: int, inputs: Inputs, halted: Mapping[UUID, HaltFacts]) -> "Choice":
    """Choose the answering version. The champion replaces a challenger that is halted, not loaded, or lacks required features."""
    owner = group.member_of(bucket)
    whole = inputs.keys() >= group.wanted and None not in inputs.values()
    if owner is group.champion:
        return Choice(owner, _champions_share(group, inputs, whole, halted))
    if owner.version_id in halted:
        return Choice(group.champion, _champions_share(group, inputs, whole, halted), "fallback", f"the {owner.role} {owner.version_id} is halted")
    if owner.served is None:
        return Choice(group.champion, _champions_share(group, inputs, whole, halted), "fallback", f"the {owner.role} {owner.version_id} is not loaded")
    if not whole and (missing := lacking(owner.served.specs, inputs)):
        words = f"{owner.served.label}{NOT_CHOSEN}{', '.join(missing)}"[:500]
        return Choice(group.champion, _champions_share(group, inputs, whole, halted), "ok", words)
    return Choice(owner, owner.propensity)


def _champions_share(group: RoutedGroup, inputs: Inputs, whole: bool, halted: Mapping[UUID, HaltFacts]) -> float:
    """Return the champion's propensity for this request: its own share, and those of challengers that cannot answer it. A `whole` request lacks nothing."""
    share = group.champion.share
    for member in group.members:
        if member.role == "challenger" and (member.served is None or member.version_id in halted or (not whole and lacking(member.served.specs, inputs))):
            share += member.share
    return share / BUCKETS


def _preferred(group: RoutedGroup, version: str) -> RoutedMember:
    member = group.named(version)
    if member is None:
        raise VersionNotPreferred(f"No champion or challenger of {group.facts.slug} that is loaded is called {version[:100]!r}.")
    return member


def _case(group: RoutedGroup, identifier: UUID, bucket: int, choice: "Choice", inputs: Inputs, pointer: str, problems: Problems) -> Case:
    version = _served(choice.member)
    row = version.plain(inputs)
    if encoded_closely := row is None:
        encoded = encode(version.specs, inputs, pointer)
        row = encoded.row
        problems.unfit += encoded.unfit + ([] if group.facts.answering.unknown_categories == "missing" else encoded.unknown)
        problems.missing += [Issue(pointer=f"{pointer}/{escaped(name)}", message=f"{name} is missing") for name in encoded.missing]
    if encoded_closely or len(inputs) > len(row):
        unknown, unfit = check_others(group.known, version.names, inputs, pointer, unknown_categories=group.facts.answering.unknown_categories == "missing")
        if group.facts.answering.unknown_inputs == "refuse":
            problems.unknown += unknown
        problems.unfit += unfit
    return Case(identifier, inputs, bucket, choice.member, row, status=choice.status, error=choice.words, propensity=choice.propensity)


def _served(member: RoutedMember) -> ServedVersion:
    if member.served is None:
        raise ModelNotLoaded
    return member.served


def check_texts(body: PredictBody) -> None:
    """Refuse NUL before the answer: PostgreSQL stores no NUL in a text. Raises Invalid."""
    if not (body.entity_key or body.correlation_id or body.idempotency_key or body.segments or body.context):
        return
    texts = {"/entity_key": body.entity_key, "/correlation_id": body.correlation_id, "/idempotency_key": body.idempotency_key}
    texts |= {f"/segments/{escaped(name)}": name + value for name, value in body.segments.items()}
    if body.context:
        texts |= {f"/context/{name}": value for name, value in msgspec.structs.asdict(body.context).items()}
    if issues := [Issue(pointer=at[:300], message="a NUL character cannot be kept") for at, said in texts.items() if said and "\x00" in said]:
        raise Invalid("A text holds a NUL character, which cannot be put on record.", issues=issues)


def fall_back(group: RoutedGroup, case: Case) -> bool:
    """Hand a case whose challenger failed to the champion; False when the champion cannot take it."""
    champion = group.champion
    if case.member is champion or champion.served is None or case.propensity == PREFERRED:
        return False
    encoded = encode(champion.served.specs, case.inputs, "")
    if encoded.unfit or encoded.missing or (encoded.unknown and group.facts.answering.unknown_categories != "missing"):
        return False
    case.error = f"{case.version.label} failed: {case.error}"[:500]
    case.member, case.row, case.status = champion, encoded.row, "fallback"
    return True
