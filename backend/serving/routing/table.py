"""The routing table: every group of every tenant in memory. It is replaced as a whole, never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.decisions.decision_rule import CompiledRule
from backend.groups.buckets import BUCKETS, MemberFacts, Role, bucket_of, owners
from backend.runtimes.features import FeatureSpec
from backend.runtimes.served_versions import ServedVersion, VersionFacts
from schemas.common import Shape
from schemas.exploration import RunningExploration
from schemas.group_settings import PositiveScores, Reveals, UnknownCategories, UnknownInputs


class Answering(Shape, frozen=True, kw_only=True):
    """Settings of the group that apply to each answer."""

    positive_scores: PositiveScores = "higher"
    unknown_inputs: UnknownInputs = "refuse"
    unknown_categories: UnknownCategories = "refuse"
    reveals: Reveals | None = None
    exploration: RunningExploration | None = None


class GroupFacts(Shape, frozen=True, kw_only=True):
    """The database's facts about a group. `versions` are all that ever served in it, oldest first: together they are its input schema."""

    group_id: UUID
    tenant_id: UUID
    slug: str
    salt: str
    threshold: float
    phase: int
    members: list[MemberFacts]
    versions: list[VersionFacts]
    revision: int = 0
    """Increases with every change of the group."""
    on_control_loss: Literal["refuse", "stale"] = "refuse"
    time_budget_ms: int | None = None
    routing_key: str = "entity_key"
    answering: Answering = Answering()
    keep: list[UUID] = []
    """The last three champions, newest first. They stay loaded, so that a rollback finds them warm."""

    def means_yes(self, score: float) -> bool:
        """Return whether the score's label is the positive class."""
        return score <= self.threshold if self.answering.positive_scores == "lower" else score >= self.threshold


@dataclass(frozen=True, eq=False)
class RoutedMember:
    """A member for answering. `served` is absent when its version could not be loaded: the champion answers for it."""

    version_id: UUID
    role: Role
    share: int
    served: ServedVersion | None
    rule: CompiledRule | None = None
    """Its version's decision rule."""

    @property
    def propensity(self) -> float:
        """Return the chance that a request gets this member."""
        return self.share / BUCKETS


@dataclass(frozen=True, eq=False)
class RoutedGroup:
    """A group in one phase, ready to answer."""

    facts: GroupFacts
    members: Sequence[RoutedMember]
    champion: RoutedMember
    known: Mapping[str, FeatureSpec]
    owner: bytes
    """For each bucket the index of its member."""
    shadows: Sequence[RoutedMember]
    """Members that score copies of others' answers."""
    wanted: frozenset[str]
    """Every feature that some loaded challenger requires: a request with all of them can be answered by each."""

    def bucket(self, routing_key: str) -> int:
        """Return the bucket of a routing key. A group's salt never changes, so a key keeps its bucket in every phase."""
        return bucket_of(self.facts.salt, routing_key)

    def member_of(self, bucket: int) -> RoutedMember:
        """Return the owner of a bucket."""
        return self.members[self.owner[bucket]]

    def named(self, version: str) -> RoutedMember | None:
        """Return the loaded champion or challenger with this label (`v1.3`), number (`1.3`) or id."""
        for member in self.members:
            if member.served and member.role != "shadow" and version in (member.served.label, member.served.label.removeprefix("v"), str(member.version_id)):
                return member
        return None


@dataclass(frozen=True, eq=False)
class RoutingTable:
    """All groups at one moment; `stamp` is the database's stamp of that moment."""

    stamp: str
    groups: Mapping[tuple[UUID, str], RoutedGroup]

    def find(self, tenant_id: UUID | None, slug: str) -> RoutedGroup | None:
        """Return a tenant's group."""
        return self.groups.get((tenant_id, slug)) if tenant_id else None


def routed(facts: GroupFacts, served: Mapping[UUID, ServedVersion], known: Mapping[str, FeatureSpec]) -> RoutedGroup:
    """Return a group from its facts and its loaded versions."""
    rules = {version.id: CompiledRule(version.decision_rule) for version in facts.versions if version.decision_rule}
    members = [RoutedMember(one.version_id, one.role, one.share, served.get(one.version_id), rules.get(one.version_id)) for one in facts.members]
    champion = next(member for member in members if member.role == "champion")
    shadows = [member for member in members if member.role == "shadow"]
    challengers = [member.served for member in members if member.role == "challenger" and member.served]
    wanted = frozenset(spec.name for version in challengers for spec in version.specs if spec.required)
    return RoutedGroup(facts, members, champion, known, owners(facts.members), shadows, wanted)
