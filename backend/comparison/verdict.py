"""The leader: an always-valid comparison on the group's decision metric."""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.numerics.statistics import discrimination, proportions
from backend.numerics.statistics.counted import Counted, Levels
from backend.numerics.statistics.sequential import ALPHA, MINIMUM, Clustered, Moments, needed, paired, pooled
from backend.numerics.statistics.sequential import Sequence as Found
from backend.numerics.statistics.sketch import UNIT, Sketch
from schemas.common import Interval
from schemas.comparison import Difference, Scale
from schemas.groups import Member

NAMES = {"brier": "Brier", "log_loss": "log loss", "accuracy": "accuracy", "mae": "mean absolute error", "rmse": "mean squared error", "roc_auc": "ROC AUC"}
VALUE = "value"
NAMES[VALUE] = "value per application"
SUMS = {"brier": ("squared", "fourth"), "rmse": ("squared", "fourth"), "log_loss": ("log", "log_squared"), "mae": ("absolute", "squared")}
OF_RANK = "roc_auc"
PAIRED = {"brier": "squared", "rmse": "squared", "log_loss": "log", "accuracy": "wrong", "mae": "absolute"}


RARER = 5


@dataclass(frozen=True)
class Rule:
    """Which scores mean yes: those at or above the threshold, or with `lower` those at or below."""

    threshold: float
    lower: bool = False

    def levels(self, levels: Levels) -> Levels:
        """Return levels in which higher scores mean yes."""
        return levels.turned if self.lower else levels

    @property
    def at(self) -> float:
        """Return the threshold in these levels."""
        return -self.threshold if self.lower else self.threshold


@dataclass(frozen=True)
class Side:
    """A member with the losses of its judged predictions, one entry per phase in use."""

    member: Member
    losses: Sequence[Moments]

    @property
    def all(self) -> Moments:
        """Return the losses of all those phases."""
        whole = Moments(0, 0.0, 0.0)
        for part in self.losses:
            whole = whole.merged(part)
        return whole


@dataclass(frozen=True)
class Judgement:
    """The result of the comparison. `text` is the verdict in one line; `leader` is the member that is better beyond chance, if any.

    `early`: there is not enough data to look for a leader.
    """

    text: str
    leader: Member | None
    differences: Sequence[Difference]
    metric: str
    early: bool = False


def metric_for(metric: str, scale: Scale) -> str:
    """Return the decision metric that fits scores and outcomes.

    Squared error where outcomes are numbers, unless the group decides by the absolute one. Points are judged by how they rank, or by the labels that
    their threshold gives: their distance to 0 and 1 means nothing.

    >>> metric_for("brier", "points"), metric_for("accuracy", "points"), metric_for("brier", "number"), metric_for("rmse", "probability")
    ('roc_auc', 'accuracy', 'rmse', 'brier')
    """
    if scale == "number":
        return metric if metric in ("mae", "rmse") else "rmse"
    if scale == "points":
        return metric if metric == "accuracy" else OF_RANK
    return "brier" if metric in ("mae", "rmse") else metric


def row_metric_for(metric: str) -> str:
    """Return the metric, or wrong labels for a metric that no single row has."""
    return "accuracy" if metric == OF_RANK else metric


def losses_of(counted: Counted, metric: str, rule: Rule, spread: float = 1.0) -> Moments:
    """Return the losses whose mean is the metric, lower being better. `spread`: how much more the rows vary than independent ones."""
    if metric == OF_RANK:
        return _rank_losses(rule.levels(counted.levels), spread)
    if metric == "accuracy":
        counts = proportions.confusion(rule.levels(counted.levels), rule.at)
        wrong = counts.fp + counts.fn
        clusters = None if rule.lower else _clustered(counted.sketch, metric, counted.labelled)
        return Moments.of_sums(counts.n, wrong, wrong, 1, clusters)
    total, squares = (counted.sketch.sums.get(name, 0) for name in SUMS[metric])
    return Moments.of_sums(counted.labelled, total, squares, UNIT, _clustered(counted.sketch, metric, counted.labelled))


def _rank_losses(levels: Levels, spread: float) -> Moments:
    """Return 1 - AUC as if it were a mean of losses, with its own standard error (DeLong) times what frequent entities add.

    The area under the curve is asymptotically linear, so the sequence's bounds hold for it as for a mean. It counts as five rows for each of the rarer
    class at most: with few of them the normal limit has not set in, whatever the number of rows.
    """
    found, error = discrimination.roc_auc(levels), discrimination.auc_error(levels)
    n = min(found.n, RARER * int(min(levels.positives.sum(), levels.negatives.sum())))
    if found.value is None or error is None or n < 2:
        return Moments(0, 0.0, 0.0)
    return Moments(n, 1 - found.value, error**2 * max(spread, 1.0) * n * (n - 1))


def pair_losses(sketch: Sketch, metric: str) -> Moments:
    """Return how far a shadow's loss is below that of the answers it copies."""
    if metric == OF_RANK:
        return Moments(0, 0.0, 0.0)
    name = PAIRED[metric]
    return Moments.of_sums(sketch.rows, -sketch.sums.get(name, 0), sketch.sums.get(f"{name}_squared", 0), UNIT, _clustered(sketch, metric, sketch.rows, -1))


def _clustered(sketch: Sketch, metric: str, n: int, sign: int = 1) -> Clustered | None:
    """Return the losses by cluster, unless some of the n rows were tallied before clusters existed."""
    found = sketch.clusters and Clustered(sketch.clusters.row("labelled"), sign * sketch.clusters.row(PAIRED[metric]))
    return found if found and round(found.counts.sum()) == n else None


def judge(champion: Side, challengers: Sequence[Side], metric: str, shadows: Sequence[tuple[Member, Moments]] = (), phases: Sequence[int] = ()) -> Judgement:
    """Compare each challenger with the champion, corrected for their number. Shadows' pairs are reported, but never lead."""
    comparisons = max(len(challengers) + len(shadows), 1)
    found = [(side, pooled(zip(champion.losses, side.losses, strict=True), ALPHA, comparisons)) for side in challengers]
    told = [_difference(side.member, champion.member, metric, gap, phases, False, comparisons) for side, gap in found]
    copies = [(member, paired(gaps, ALPHA, comparisons)) for member, gaps in shadows]
    told += [_difference(member, None, metric, gap, phases, True, comparisons) for member, gap in copies]
    if not challengers:
        return Judgement("There is no challenger to compare with.", None, told, metric)
    if short := [side for side in (champion, *challengers) if side.all.n < MINIMUM]:
        counts = ", ".join(f"{side.member.label} has {side.all.n}" for side in short)
        return Judgement(f"Not enough outcomes yet: {counts} of the {MINIMUM} it takes.", None, told, metric, early=True)
    comparable = [(side, gap) for side, gap in found if gap.difference is not None]
    if not comparable:
        words = "Not enough to compare yet: the outcomes are of too few entities, or of phases in which only one side answered."
        return Judgement(words, None, told, metric, early=True)
    winners = [(side, gap) for side, gap in comparable if gap.low is not None and gap.low > 0]
    side, gap = max(winners or comparable, key=lambda one: one[1].difference or 0.0)
    if winners:
        return Judgement(_leads(side, champion, gap, metric), side.member, told, metric)
    if all(gap.high is not None and gap.high < 0 for _, gap in found):
        return Judgement(_leads(champion, side, _turned(gap), metric), champion.member, told, metric)
    figures = f"{side.member.label} {figure(side, metric):.3f}, {champion.member.label} {figure(champion, metric):.3f}"
    return Judgement(f"No leader on {NAMES[metric]} yet: {figures}, difference {_gap(gap)}; always-valid {_level()}.", None, told, metric)


def held(judged: Judgement, words: str) -> Judgement:
    """Return the judgement for selective outcomes: no leader, and no difference on outcomes."""
    return Judgement(f"No leader can be named on outcomes, as only some decisions reveal them. {words}", None, [], judged.metric)


def figure(side: Side, metric: str) -> float:
    """Return the metric's displayed value: a loss, or for accuracy and the area under the curve 1 minus the loss, and for value the loss turned."""
    if metric == VALUE:
        return -side.all.mean
    return 1 - side.all.mean if metric in ("accuracy", OF_RANK) else side.all.mean


def _difference(member: Member, against: Member | None, metric: str, gap: Found, phases: Sequence[int], pairs: bool, comparisons: int) -> Difference:
    interval = Interval(low=gap.low, high=gap.high) if gap.low is not None and gap.high is not None else None
    return Difference(
        version_id=member.version_id,
        label=member.label,
        against=against.label if against else "the answers it copied",
        metric=metric,
        value=gap.difference,
        interval=interval,
        n=gap.n,
        paired=pairs,
        phases=list(phases),
        better=None if not gap.decided or gap.low is None else gap.low > 0,
        needed=needed(gap, ALPHA, comparisons),
    )


def _turned(gap: Found) -> Found:
    difference, low, high = (None if end is None else -end for end in (gap.difference, gap.high, gap.low))
    return Found(difference, low, high, gap.n)


def _leads(leader: Side, other: Side, gap: Found, metric: str) -> str:
    figures = f"{figure(leader, metric):.3f} vs {figure(other, metric):.3f}"
    return f"{leader.member.label} leads on {NAMES[metric]}: {figures}, difference {_gap(gap)}; always-valid {_level()}."


def _gap(gap: Found) -> str:
    return f"{gap.difference:.3f} [{gap.low:.3f}, {gap.high:.3f}]"


def _level() -> str:
    return f"{1 - ALPHA:.0%}".replace("%", " %")
