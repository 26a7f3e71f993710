"""A request's inputs before they are scored: routed, read, and refused with pointers where they do not fit."""

import math
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from backend.errors import Invalid
from backend.ids import new_id
from backend.inference.errors import InvalidBatch, InvalidFeatures, MissingFeatures, ModelNotLoaded, UnknownFeatures
from backend.inference.features import check_others, encode, escaped
from backend.inference.log.record import Status
from backend.inference.routing.table import RoutedGroup, RoutedMember
from backend.inference.versions import ServedVersion
from schemas.common import Issue
from schemas.inference import Explanation, Inputs, PredictBody

MOST_INPUTS = 1000


@dataclass(slots=True, eq=False)
class Case:
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

    @property
    def version(self) -> ServedVersion:
        """The version that answers."""
        assert self.member.served is not None, "only loaded versions are chosen"
        return self.member.served


def prepare(group: RoutedGroup, body: PredictBody) -> list[Case]:
    """Route and read every input. Raises everything that is wrong, each with its pointer."""
    check_texts(body)
    batch = body.inputs if isinstance(body.inputs, list) else [body.inputs]
    if not 1 <= len(batch) <= MOST_INPUTS:
        raise InvalidBatch(issues=[Issue(pointer="/inputs", message=f"{len(batch)} inputs are here")])
    problems = Problems()
    cases = []
    for at, inputs in enumerate(batch):
        pointer = f"/inputs/{at}" if isinstance(body.inputs, list) else "/inputs"
        cases.append(_case(group, inputs, body.entity_key, pointer, problems))
    problems.raise_any()
    return cases


@dataclass
class Problems:
    """What is wrong with a request's inputs."""

    unknown: list[Issue] = field(default_factory=list)
    unfit: list[Issue] = field(default_factory=list)
    missing: list[Issue] = field(default_factory=list)

    def raise_any(self) -> None:
        """Raise what comes first, with all issues."""
        issues = (self.unknown + self.unfit + self.missing)[:200]
        for found, kind in ((self.unknown, UnknownFeatures), (self.unfit, InvalidFeatures), (self.missing, MissingFeatures)):
            if found:
                raise kind(issues=issues)


def _case(group: RoutedGroup, inputs: Inputs, entity_key: str | None, pointer: str, problems: Problems) -> Case:
    """Choose the version by the bucket; one that lacks required features, or is not loaded, is not chosen: the champion is."""
    identifier = new_id()
    bucket = group.bucket(entity_key if entity_key is not None else str(identifier))
    member, status, error = _choose(group, bucket)
    version = _served(member)
    encoded = encode(version.specs, inputs, pointer)
    if encoded.missing and member is not group.champion and group.champion.served:
        member, version = group.champion, group.champion.served
        encoded = encode(version.specs, inputs, pointer)
    problems.unfit += encoded.unfit
    problems.missing += [Issue(pointer=f"{pointer}/{escaped(name)}", message=f"{name} is missing") for name in encoded.missing]
    if not version.names >= inputs.keys():
        unknown, unfit = check_others(group.known, version.names, inputs, pointer)
        problems.unknown += unknown
        problems.unfit += unfit
    return Case(identifier, inputs, bucket, member, encoded.row, status=status, error=error)


def _choose(group: RoutedGroup, bucket: int) -> tuple[RoutedMember, Status, str | None]:
    member = group.member_of(bucket)
    if member.served is None and member is not group.champion:
        return group.champion, "fallback", f"the {member.role} {member.version_id} is not loaded"
    return member, "ok", None


def _served(member: RoutedMember) -> ServedVersion:
    if member.served is None:
        raise ModelNotLoaded
    return member.served


def check_texts(body: PredictBody) -> None:
    """PostgreSQL keeps no NUL in a text; found out after the answer it would be too late. Raises Invalid."""
    texts = {"/entity_key": body.entity_key, "/correlation_id": body.correlation_id}
    texts |= {f"/segments/{escaped(name)}": name + value for name, value in body.segments.items()}
    if body.context:
        texts |= {f"/context/{name}": value for name, value in msgspec.structs.asdict(body.context).items()}
    if issues := [Issue(pointer=at[:300], message="a NUL character cannot be kept") for at, said in texts.items() if said and "\x00" in said]:
        raise Invalid("A text holds a NUL character, which cannot be put on record.", issues=issues)


def fall_back(group: RoutedGroup, case: Case) -> bool:
    """Hand a case whose challenger failed to the champion; False when the champion cannot take it."""
    champion = group.champion
    if case.member is champion or champion.served is None:
        return False
    encoded = encode(champion.served.specs, case.inputs, "")
    if encoded.unfit or encoded.missing:
        return False
    case.error = f"{case.version.label} failed: {case.error}"[:500]
    case.member, case.row, case.status = champion, encoded.row, "fallback"
    return True
